//! How many of a thing there may be.

/// Folders of one account.
pub(crate) const FOLDERS: u64 = 10_000;
/// Names on one account's list of subscriptions.
pub(crate) const SUBSCRIPTIONS: u64 = 20_000;
/// Keywords of one folder.
pub(crate) const KEYWORDS: usize = 500;
/// Runs of expunged UIDs kept per folder. When there are more, the older half goes.
pub(crate) const EXPUNGED_RUNS: u64 = 10_000;
