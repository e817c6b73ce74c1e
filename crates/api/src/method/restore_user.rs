//! `restore_user`: brings back an account that was deleted at most 30 days ago, with its mail and those
//! of its aliases that are free (OMA reference, 14.18).
//!
//! Several deleted accounts may have had the same address; `id`, as `search_users` tells it, says which
//! one is meant.

use super::change_user::check_limit;
use super::rename_user::new_address;
use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::reply::Reply;
use accounts::{Action, Target, authz};
use storage::Account;
use terms::{AccountId, Address, DomainName};

pub(crate) async fn run(call: &Call) -> Outcome {
    let user = call.fields.text("user")?;
    // `ids` is in one of the documentation's samples.
    let id = call.fields.identifier(&["id", "ids"])?;
    let new_name = call.fields.text("new_name")?;
    let domain = user.rsplit_once('@').and_then(|(_, domain)| DomainName::parse(domain).ok());
    let domain = domain.ok_or(ErrorNumber::Rights)?;
    let domain = call.storage().domain(&domain).await?.ok_or(ErrorNumber::Rights)?;
    if !authz::reaches_into(&call.actor, &domain) {
        return Err(ErrorNumber::Rights.into());
    }
    let Some(account) = deleted(call, user, &id).await? else {
        return Err(ErrorNumber::NotFound.into());
    };
    let permit = authz::permit(&call.actor, Action::RestoreUser, &Target::account(&account))?;
    let new_name = new_address(new_name, &domain)?;
    check_limit(call, &domain, "limit_users", 1).await?;
    call.accounts().restore_account(&permit, new_name, &call.request()).await?;
    Ok(Reply::done())
}

/// The deleted account of that id, if it had that address.
async fn deleted(call: &Call, user: &str, id: &str) -> Result<Option<Account>, Failure> {
    let (Ok(address), Ok(id)) = (Address::parse(user), id.parse()) else { return Ok(None) };
    let account = call.storage().account(AccountId(id)).await?;
    Ok(account.filter(|account| account.deleted.is_some() && account.address == address))
}
