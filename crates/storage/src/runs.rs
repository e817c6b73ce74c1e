//! UIDs as runs of consecutive ones, which is how they are looked up and written down.

use terms::Uid;

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
