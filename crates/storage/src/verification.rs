//! What a check of everything that is kept found.

/// What [`crate::Storage::verify`] looked at, and what was wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Accounts, deleted ones included.
    pub accounts: u64,
    /// Folders of all accounts.
    pub folders: u64,
    /// Entries of all folders.
    pub entries: u64,
    /// Blobs whose bytes were read and checked.
    pub blobs: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// What is wrong, one sentence each; empty: all is well. Cut off after [`Verification::PROBLEMS_BOUND`].
    pub problems: Vec<String>,
}

impl Verification {
    /// More problems than these are not listed.
    pub const PROBLEMS_BOUND: usize = 1000;

    /// Notes a problem.
    pub(crate) fn note(&mut self, problem: impl std::fmt::Display) {
        if self.problems.len() < Self::PROBLEMS_BOUND {
            self.problems.push(problem.to_string());
        }
    }
}
