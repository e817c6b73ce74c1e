//! Blobs that were stored since the program started, for the first entry that refers to one: then the database
//! learns its checksum.
//!
//! They stay known after that, until newer ones push them out: further entries may come with the same bytes.

use crate::BlobRef;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};

/// Blobs remembered: far more than can be between being stored and getting their first entry.
const BOUND: usize = 65_536;

/// See the module's head.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_number: HashMap<u64, (u64, blake3::Hash)>,
    /// The oldest first.
    order: VecDeque<u64>,
}

impl Fresh {
    /// A blob was stored. Its number (`offset`) is new.
    pub(super) fn put(&self, blob: BlobRef, checksum: blake3::Hash) {
        let mut known = self.known.lock();
        if known.order.len() >= BOUND
            && let Some(oldest) = known.order.pop_front()
        {
            known.by_number.remove(&oldest);
        }
        if known.by_number.insert(blob.offset, (blob.size, checksum)).is_none() {
            known.order.push_back(blob.offset);
        }
    }

    /// The bytes of these are going, so they are to get no entries.
    pub(super) fn forget(&self, numbers: &[u64]) {
        let mut known = self.known.lock();
        for number in numbers {
            known.by_number.remove(number);
        }
    }

    /// The checksum of a blob, if it is known and of that size.
    pub(super) fn get(&self, blob: BlobRef) -> Option<blake3::Hash> {
        let known = self.known.lock();
        let (size, checksum) = known.by_number.get(&blob.offset)?;
        (*size == blob.size).then_some(*checksum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let fresh = Fresh::default();
        let blob = |number, size| BlobRef { segment: 0, offset: number, size };
        let checksum = |number: u64| blake3::hash(&number.to_le_bytes());
        for number in 0..=BOUND as u64 {
            fresh.put(blob(number, 7), checksum(number));
        }
        assert_eq!(fresh.get(blob(0, 7)), None);
        assert_eq!(fresh.get(blob(1, 7)), Some(checksum(1)));
        assert_eq!(fresh.get(blob(1, 8)), None);
        assert_eq!(fresh.get(blob(BOUND as u64, 7)), Some(checksum(BOUND as u64)));
    }
}
