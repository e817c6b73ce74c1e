//! How often the same trouble is logged: while a disk is full, thousands of operations fail in a second.

use std::time::{Duration, Instant};

/// From one line to the next.
const PAUSE: Duration = Duration::from_secs(10);

/// One kind of trouble.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    last: Option<Instant>,
    kept_back: u64,
}

impl Complaints {
    /// Counts one; if it is to be logged, answers how many before it were not.
    pub(super) fn due(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now.duration_since(last) < PAUSE) {
            self.kept_back += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.kept_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_now_and_then() {
        let (mut complaints, start) = (Complaints::default(), Instant::now());
        let said: Vec<_> =
            (0..25).map(|second| complaints.due(start + Duration::from_secs(second))).collect();
        let lines: Vec<_> =
            said.iter().enumerate().filter_map(|(at, it)| Some((at, (*it)?))).collect();
        assert_eq!(lines, [(0, 0), (10, 9), (20, 9)]);
    }
}
