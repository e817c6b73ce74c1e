//! What a change does to a folder's counters.

use terms::SystemFlag;

/// What a change does to a folder's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    /// More entries.
    pub(crate) messages: i64,
    /// More of them without `\Seen`.
    pub(crate) unseen: i64,
    /// More of them with `\Deleted`.
    pub(crate) deleted: i64,
    /// More bytes.
    pub(crate) size: i64,
}

impl Delta {
    /// An entry with these flags and this size came.
    pub(crate) fn add(&mut self, flags: u8, size: u64) {
        self.count(1, flags, size);
    }

    /// An entry with these flags and this size left.
    pub(crate) fn remove(&mut self, flags: u8, size: u64) {
        self.count(-1, flags, size);
    }

    fn count(&mut self, by: i64, flags: u8, size: u64) {
        self.messages += by;
        self.unseen += if flags & SystemFlag::Seen.bit() == 0 { by } else { 0 };
        self.deleted += if flags & SystemFlag::Deleted.bit() == 0 { 0 } else { by };
        self.size += by.saturating_mul(i64::try_from(size).unwrap_or(i64::MAX));
    }
}
