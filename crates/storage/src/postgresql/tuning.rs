//! Sizes and times that tests make smaller.

use crate::{bounds, clock};
use terms::UnixTime;

/// See the module's head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuning {
    /// Runs of expunged UIDs kept per folder. When there are more, the older half goes.
    pub(crate) expunged_runs: u64,
    /// What time it is.
    pub(crate) clock: fn() -> UnixTime,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { expunged_runs: bounds::EXPUNGED_RUNS, clock: clock::now }
    }
}
