//! One RCPT: which account is meant, and does it receive mail?

use crate::error::{Refusal, refusal};
use crate::wire::Path;
use storage::{Account, AccountKind, ServiceState, Storage};
use terms::{AccountId, Address};

/// A recipient that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// As the client wrote it.
    pub(crate) text: String,
    /// Whose it is. Two recipients may be one account: it gets one message.
    pub(crate) account: AccountId,
}

/// Separates an account's name from a detail that only its owner gives a meaning (RFC 5233).
const DETAIL: char = '+';

/// Finds the account.
///
/// # Errors
/// If there is none, or it does not take mail.
pub(crate) async fn resolve(storage: &Storage, path: Path) -> Result<Accepted, Refusal> {
    let mut found = find(storage, &path.local, &path.domain).await?;
    if found.is_none()
        && let Some((base, _detail)) = path.local.split_once(DETAIL)
    {
        found = find(storage, base, &path.domain).await?;
    }
    let account = found.ok_or(Refusal::UnknownRecipient)?;
    admits(&account)?;
    Ok(Accepted { text: path.text, account: account.id })
}

async fn find(
    storage: &Storage,
    local: &str,
    domain: &str,
) -> Result<Option<Box<Account>>, Refusal> {
    let Ok(address) = Address::parse(&format!("{local}@{domain}")) else { return Ok(None) };
    match storage.find(&address).await {
        Ok(found) => Ok(found.map(storage::Found::into_account)),
        Err(error) => Err(refusal(&error)),
    }
}

/// Whether the account receives mail, as far as can be told before the message is there.
fn admits(account: &Account) -> Result<(), Refusal> {
    if account.domain_disabled {
        return Err(Refusal::RecipientDisabled);
    }
    match account.services.smtpin {
        ServiceState::Enabled => {}
        ServiceState::Disabled => return Err(Refusal::RecipientDisabled),
        ServiceState::Suspended => return Err(Refusal::RecipientSuspended),
    }
    match account.kind {
        AccountKind::Local => Ok(()),
        // Nothing passes mail on from here yet. To keep it instead, where nobody looks, would lose it.
        AccountKind::Forward | AccountKind::Filter => Err(Refusal::NotStoredHere),
    }
}
