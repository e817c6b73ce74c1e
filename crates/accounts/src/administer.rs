//! Changing what exists, on somebody's behalf. Every operation demands the [`Permit`]s for exactly
//! what it does, and takes from them to whom it does it.

use crate::authz::{Action, Permit};
use crate::epoch::{Act, Voided, voided};
use crate::history::Request;
use crate::{Accounts, Denied};
use serde_json::{Value, json};
use storage::{
    Account, AccountChange, Domain, DomainChange, HistoryEntry, NewAccount, NewDomain, Raised,
    StorageError,
};
use terms::{AccountId, Address, DomainId, DomainName, UnixTime};

/// For how long a deleted account can be restored, in seconds: 30 days.
pub const RESTORABLE: i64 = 30 * 86_400;

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdministerError {
    /// The permits are not for this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Storage refused or failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Accounts {
    /// Makes every earlier login of the account void. Its sessions are still to be ended.
    pub async fn log_out(
        &self,
        permit: &Permit,
        request: &Request,
    ) -> Result<(Raised, Voided), AdministerError> {
        let id = permit.account(Action::LogoutUser)?;
        let voided = voided(&Act::LogOut);
        let history = request.entry(id, "logout_user");
        let raised = self.inner.storage.raise_epoch(id, terms::Scope::Everything, history).await?;
        Ok((raised, voided))
    }

    /// Writes down that sessions of the account are about to be ended, none of its logins made void.
    /// `detail` says which.
    pub async fn note_sessions_ended(
        &self,
        permit: &Permit,
        request: &Request,
        detail: Value,
    ) -> Result<(), AdministerError> {
        let id = permit.account(Action::EndSessions)?;
        let history = request.entry_with(id, "end_sessions", detail);
        Ok(self.inner.storage.note_history(history).await?)
    }

    /// Deletes the account, so that it can be restored. Its sessions are still to be ended.
    pub async fn delete_account(
        &self,
        permit: &Permit,
        request: &Request,
    ) -> Result<(Raised, Voided), AdministerError> {
        let id = permit.account(Action::DeleteUser)?;
        let history = request.entry(id, "delete_user");
        let raised = self.inner.storage.delete_account(id, request.at, history).await?;
        Ok((raised, voided(&Act::Delete)))
    }

    /// Gives the account another address of its domain. Its sessions are still to be ended.
    pub async fn rename_account(
        &self,
        permit: &Permit,
        to: Address,
        request: &Request,
    ) -> Result<(Raised, Voided), AdministerError> {
        let id = permit.account(Action::RenameUser)?;
        let history = request.entry_with(id, "rename_user", json!({ "new_name": to.as_str() }));
        let raised = self.inner.storage.rename_account(id, to, history).await?;
        Ok((raised, voided(&Act::Rename)))
    }

    /// Brings a deleted account back, if it was deleted at most [`RESTORABLE`] seconds ago.
    pub async fn restore_account(
        &self,
        permit: &Permit,
        to: Address,
        request: &Request,
    ) -> Result<Account, AdministerError> {
        let id = permit.account(Action::RestoreUser)?;
        let history = request.entry_with(id, "restore_user", json!({ "new_name": to.as_str() }));
        let since = UnixTime(request.at.0.saturating_sub(RESTORABLE));
        Ok(self.inner.storage.restore_account(id, to, since, history).await?)
    }

    /// Changes the account. There must be a permit for every part of the change, all for the same
    /// account. `method` and `detail` go into the history.
    pub async fn change_account(
        &self,
        permits: &[Permit],
        change: AccountChange,
        request: &Request,
        method: &str,
        detail: Value,
    ) -> Result<(Account, Option<Raised>), AdministerError> {
        let id = permits.first().ok_or(Denied::NotInRole)?.any_account()?;
        for action in actions_of(&change) {
            if !permits.iter().any(|permit| permit.account(action) == Ok(id)) {
                return Err(Denied::NotInRole.into());
            }
        }
        let history = request.entry_with(id, method, detail);
        Ok(self.inner.storage.change_account(id, change, history).await?)
    }

    /// Makes an account.
    pub async fn create_account(
        &self,
        permit: &Permit,
        new: NewAccount,
        request: &Request,
        detail: Value,
    ) -> Result<Account, AdministerError> {
        permit.new_account(new.address.domain(), new.change.workgroup.as_deref())?;
        // The account has no number yet; storage puts the real one in.
        let history: HistoryEntry = request.entry_with(AccountId(0), "change_user", detail);
        Ok(self.inner.storage.create_account(new, request.at, history).await?)
    }

    /// Changes the domain. Sessions of what was raised are still to be ended.
    pub async fn change_domain(
        &self,
        permit: &Permit,
        id: DomainId,
        name: &DomainName,
        change: DomainChange,
    ) -> Result<(Domain, Vec<Raised>), AdministerError> {
        permit.domain(Action::ChangeDomain, name)?;
        Ok(self.inner.storage.change_domain(id, change).await?)
    }

    /// Makes a domain of a company.
    pub async fn create_domain(
        &self,
        permit: &Permit,
        new: NewDomain,
        request: &Request,
    ) -> Result<Domain, AdministerError> {
        permit.new_domain(new.company)?;
        Ok(self.inner.storage.create_domain(new, request.at).await?)
    }
}

/// What a change takes permits for.
fn actions_of(change: &AccountChange) -> Vec<Action> {
    let AccountChange {
        password,
        aliases,
        services,
        service_states,
        quota,
        workgroup,
        role,
        attributes,
        void: _,
    } = change;
    let plain = aliases.is_some()
        || services.is_some()
        || !service_states.is_empty()
        || workgroup.is_some()
        || !attributes.is_empty();
    [
        (plain, Action::ChangeUser),
        (password.is_some(), Action::ChangeUserPassword),
        (quota.is_some(), Action::ChangeUserBillable),
        (role.is_some(), Action::SetRole),
    ]
    .into_iter()
    .filter_map(|(asked, action)| asked.then_some(action))
    .collect()
}
