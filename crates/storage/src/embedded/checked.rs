//! Blobs whose checksum was right not long ago, so that it need not be computed anew with every read.
//!
//! A read of a whole blob that is not known here is checked, and the blob then known for a while. What is known is
//! bounded: another blob takes the place of one known before. It is forgotten after [`WHILE`], so that
//! damage done to a disk meanwhile is noticed. Checking everything (`verify`) and moving blobs do not ask here.

use crate::BlobRef;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many places there are; half a megabyte.
const SLOTS: usize = 2 << PAIRS_LOG2;
const PAIRS_LOG2: u32 = 15;
/// How long a blob is known, at most.
const WHILE: Duration = Duration::from_secs(600);

/// See the module's head.
#[derive(Debug)]
pub(super) struct Checked {
    /// In pairs: the later of two is kept first. 0: empty.
    slots: Box<[AtomicU64]>,
    began: Instant,
    /// Which stretch of [`WHILE`] since it began the slots are of.
    stretch: AtomicU64,
}

impl Default for Checked {
    fn default() -> Self {
        let slots = std::iter::repeat_with(AtomicU64::default).take(SLOTS).collect();
        Self { slots, began: Instant::now(), stretch: AtomicU64::new(0) }
    }
}

impl Checked {
    /// Whether the blob's checksum was right lately.
    pub(super) fn knows(&self, blob: BlobRef) -> bool {
        self.forget_old(self.began.elapsed());
        let Some((first, second, name)) = self.place(blob) else { return false };
        [first, second].iter().any(|slot| slot.load(Ordering::Relaxed) == name)
    }

    /// Notes that its checksum was right just now.
    pub(super) fn note(&self, blob: BlobRef) {
        if let Some((first, second, name)) = self.place(blob) {
            let before = first.swap(name, Ordering::Relaxed);
            if before != name {
                second.store(before, Ordering::Relaxed);
            }
        }
    }

    fn forget_old(&self, elapsed: Duration) {
        let now = elapsed.as_secs() / WHILE.as_secs();
        if self.stretch.load(Ordering::Relaxed) != now
            && self.stretch.swap(now, Ordering::Relaxed) != now
        {
            self.slots.iter().for_each(|slot| slot.store(0, Ordering::Relaxed));
        }
    }

    /// Where a blob may be, and what it is called there. None for one so far into a segment that its name does
    /// not fit, which is checked each time.
    fn place(&self, blob: BlobRef) -> Option<(&AtomicU64, &AtomicU64, u64)> {
        let name = u64::from(blob.segment) << 32 | u64::from(u32::try_from(blob.offset).ok()?);
        // Spread by the golden ratio; the upper bits are the good ones.
        let spread = name.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - PAIRS_LOG2);
        let pair = spread as usize * 2;
        Some((self.slots.get(pair)?, self.slots.get(pair + 1)?, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(segment: u32, offset: u64) -> BlobRef {
        BlobRef { segment, offset, size: 1 }
    }

    #[test]
    fn what_was_checked_is_known_for_a_while() {
        let checked = Checked::default();
        assert!(!checked.knows(blob(1, 48)));
        checked.note(blob(1, 48));
        checked.note(blob(1, 48));
        assert!(checked.knows(blob(1, 48)));
        assert!(!checked.knows(blob(1, 49)) && !checked.knows(blob(2, 48)));
        checked.forget_old(WHILE);
        assert!(!checked.knows(blob(1, 48)));
    }

    #[test]
    fn it_is_bounded_and_keeps_most_of_a_folder() {
        let checked = Checked::default();
        let folder = || (0..10_000).map(|number| blob(3, 48 + number * 10_288));
        folder().for_each(|blob| checked.note(blob));
        let known = folder().filter(|blob| checked.knows(*blob)).count();
        assert!(known > 9_500, "{known}");
        (0..1_000_000).for_each(|number| checked.note(blob(4, 48 + number)));
        let known = folder().filter(|blob| checked.knows(*blob)).count();
        assert!(known < 100, "{known}");
        let far = blob(5, u64::from(u32::MAX) + 1);
        checked.note(far);
        assert!(!checked.knows(far));
    }
}
