//! What a change makes of an account: the rules that all engines keep. Rows are the engines' business.

use crate::{Account, AccountChange, StorageError, limits};
use serde_json::{Map, Value};
use terms::Scope;

/// What follows from a change, besides what the account looks like.
#[derive(Debug)]
pub(crate) struct Consequences {
    /// The account's tokens go.
    pub(crate) revokes_tokens: bool,
    /// Which earlier logins are void, but for those by an alias that is gone: who has a name, engines know.
    pub(crate) void: Vec<Scope>,
}

/// Makes the change. `workgroups` are those of the domain, needed if the change names one.
pub(crate) fn apply(
    account: &mut Account,
    change: AccountChange,
    workgroups: &[String],
) -> Result<Consequences, StorageError> {
    let mut consequences =
        Consequences { revokes_tokens: change.password.is_some(), void: change.void };
    if let Some(password) = change.password {
        account.password = Some(password);
    }
    if let Some(aliases) = change.aliases {
        if aliases.len() > limits::ALIASES {
            return Err(StorageError::Limit("aliases of an account"));
        }
        account.aliases = aliases;
    }
    if change.services.is_some() || !change.service_states.is_empty() {
        account.services = change.services.unwrap_or(account.services);
        for (service, state) in change.service_states {
            account.services.set(service, state);
        }
        if account.services.all_suspended() {
            consequences.revokes_tokens = true;
            consequences.void.push(Scope::OnBehalf);
        }
    }
    if let Some(quota) = change.quota {
        account.quota = quota;
    }
    if let Some(workgroup) = change.workgroup {
        if !workgroups.contains(&workgroup) {
            return Err(StorageError::Refused("the workgroup does not exist"));
        }
        if workgroup != account.workgroup {
            consequences.void.push(Scope::ByAdministrators);
        }
        account.workgroup = workgroup;
    }
    if let Some(role) = change.role {
        account.role = role;
    }
    merge(&mut account.attributes, change.attributes);
    Ok(consequences)
}

/// Sets attributes, and unsets those that are `null`.
pub(crate) fn merge(attributes: &mut Map<String, Value>, change: Map<String, Value>) {
    for (name, value) in change {
        if value.is_null() {
            attributes.shift_remove(&name);
        } else {
            attributes.insert(name, value);
        }
    }
}
