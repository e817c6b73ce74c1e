//! How many sessions one account may have.

/// The limits, checked when a session registers. What is counted is the table itself, so a count is
/// right the moment a session has ended, however it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Sessions of one account, over all protocols and addresses.
    pub per_account: usize,
    /// Sessions of one account from one address. Peers in trusted networks are exempt.
    pub per_account_and_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_account: 100, per_account_and_address: 50 }
    }
}

/// Why a session gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The account has as many sessions as it may have.
    #[error("the account has {0} sessions, no more are allowed")]
    Account(usize),
    /// The account has as many sessions from this address as it may have.
    #[error("the account has {0} sessions from this address, no more are allowed")]
    Address(usize),
    /// The server is about to stop.
    #[error("the server stops")]
    Shutdown,
}
