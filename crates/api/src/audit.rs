//! The `audit` of a request: its name in answers, log and history.

use parking_lot::Mutex;
use terms::{AuditId, UnixTime};

/// Words for the front of the ids, so that people can tell processes apart at a glance.
const WORDS: [&str; 16] = [
    "alder", "aspen", "beech", "birch", "cedar", "elm", "fir", "hazel", "larch", "linden", "maple",
    "oak", "pine", "rowan", "spruce", "willow",
];

/// Gives out ids of the form `<word><two digits>_<hex>`: the word and digits are the process's, the
/// first eight hex digits the time in epoch seconds, the rest counts within the second.
///
/// No id is given twice by one process, even if the clock is set back.
#[derive(Debug)]
pub(crate) struct AuditIds {
    process: String,
    last: Mutex<(u32, u32)>,
}

impl AuditIds {
    /// For this process. Without randomness every process has the same word: ids stay unique within each.
    pub(crate) fn new() -> Self {
        let mut random = [0; 2];
        let _ = getrandom::fill(&mut random);
        let [word, digits] = random.map(usize::from);
        let process = format!("{}{:02}", WORDS[word % WORDS.len()], digits % 100);
        Self { process, last: Mutex::new((0, 0)) }
    }

    /// The next one.
    pub(crate) fn next(&self, now: UnixTime) -> AuditId {
        let now = u32::try_from(now.0.max(0)).unwrap_or(u32::MAX);
        let mut last = self.last.lock();
        *last = match *last {
            (second, count) if now <= second => match count.checked_add(1) {
                Some(count) => (second, count),
                None => (second.wrapping_add(1), 0),
            },
            _ => (now, 0),
        };
        let (second, count) = *last;
        AuditId(format!("{}_{second:08x}{count:x}", self.process))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_and_uniqueness() {
        let ids = AuditIds::new();
        let mut seen = std::collections::HashSet::new();
        for now in [0x6b02_d91c, 0x6b02_d91c, 0x6b02_d91b, 0x6b02_d91d, -5, 0] {
            for _ in 0..40 {
                let id = ids.next(UnixTime(now)).0;
                let (word, hex) = id.split_once('_').unwrap();
                assert!(word[word.len() - 2..].bytes().all(|b| b.is_ascii_digit()), "{id}");
                assert!(hex.len() >= 9 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
                assert!(seen.insert(id));
            }
        }
        let ids = AuditIds::new();
        assert!(ids.next(UnixTime(0x6b02_d91c)).0.ends_with("_6b02d91c0"));
    }
}
