//! UIDs as runs of consecutive ones, which is how they are looked up, written down and handed over.

use terms::Uid;

/// Ascending UIDs, as runs without holes in them: few, mostly, however many UIDs there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UidRuns(pub(crate) Vec<(Uid, Uid)>);

impl UidRuns {
    /// Of UIDs in any order.
    pub fn of(uids: Vec<Uid>) -> Self {
        Self(runs(uids))
    }

    /// First and last of each run, ascending; no run begins right behind another.
    pub fn runs(&self) -> &[(Uid, Uid)] {
        &self.0
    }

    /// One by one, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Uid> + '_ {
        let numbers = self.0.iter().flat_map(|(first, last)| first.value()..=last.value());
        numbers.filter_map(Uid::new)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.iter().map(|(first, last)| (last.value() - first.value()) as usize + 1).sum()
    }
}

/// First and last of each run of consecutive UIDs, ascending; the UIDs in any order.
pub(crate) fn runs(mut uids: Vec<Uid>) -> Vec<(Uid, Uid)> {
    uids.sort_unstable();
    let mut runs: Vec<(Uid, Uid)> = Vec::new();
    for uid in uids {
        match runs.last_mut() {
            Some((_, last)) if uid.value() - last.value() <= 1 => *last = uid,
            _ => runs.push((uid, uid)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_uids() {
        #[track_caller]
        fn check(uids: &[u32], expected: &[(u32, u32)]) {
            let found = runs(uids.iter().map(|uid| Uid::new(*uid).unwrap()).collect());
            let found: Vec<_> = found.iter().map(|(a, b)| (a.value(), b.value())).collect();
            assert_eq!(found, expected);
        }
        check(&[], &[]);
        check(&[3], &[(3, 3)]);
        check(&[1, 2, 3, 7, 9, 10], &[(1, 3), (7, 7), (9, 10)]);
        check(&[10, 2, 9, 2, 1], &[(1, 2), (9, 10)]);
        check(&[u32::MAX, 1], &[(1, 1), (u32::MAX, u32::MAX)]);
    }
}
