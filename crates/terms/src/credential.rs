//! What proved a login.

use crate::{AccountId, AppPasswordId, Epoch, TokenId};

/// Which secret proved a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credential {
    /// The account's own password.
    Password,
    /// The password of an administrator who acts on the account's behalf.
    OnBehalf {
        /// The administrator.
        administrator: AccountId,
        /// The administrator's own epoch when the password was read: what makes his password void makes
        /// this login void, too.
        epoch: Epoch,
    },
    /// One of the account's app passwords.
    AppPassword(AppPasswordId),
    /// A token made for the account.
    Token(TokenId),
}
