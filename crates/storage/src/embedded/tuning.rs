//! Sizes and times that tests make smaller.

use crate::{bounds, clock};
use std::time::Duration;
use terms::UnixTime;

/// See the module's head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuning {
    /// Bytes at which a segment is left for the next.
    pub(crate) segment_limit: u64,
    /// How long after a segment was filled a blob in it can still get its first entry.
    pub(crate) grace: Duration,
    /// Runs of expunged UIDs kept per folder. When there are more, the older half goes.
    pub(crate) expunged_runs: u64,
    /// Pages (of 4 KiB) that the database may have.
    pub(crate) pages: u32,
    /// What time it is.
    pub(crate) clock: fn() -> UnixTime,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            segment_limit: 256 * 1024 * 1024,
            grace: Duration::from_secs(600),
            expunged_runs: bounds::EXPUNGED_RUNS,
            pages: u32::MAX - 1,
            clock: clock::now,
        }
    }
}
