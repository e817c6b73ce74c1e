//! Proof that credentials were right.

use terms::{AccountId, Address, Credential, Epoch, Protocol};

/// Proof that credentials were right when the account was at `epoch`.
///
/// Made by `accounts` alone, from the account as it was read *before* the credentials were checked.
/// Every operation for a session demands one, and is refused when it has become void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Whose folders it opens.
    pub account: AccountId,
    /// The account's address at the time.
    pub address: Address,
    /// The account's epoch when its credentials were read.
    pub epoch: Epoch,
    /// For sessions of this protocol only.
    pub protocol: Protocol,
    /// What proved it.
    pub credential: Credential,
    /// The name as the client wrote it: an alias, another letter case.
    pub name: String,
    /// The alias that the name is, if it is not the account's own address. Void when it is no name of
    /// the account any more.
    pub alias: Option<Address>,
}
