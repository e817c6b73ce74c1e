//! Changing a domain, and what follows for its accounts.

use super::{company, domain, epoch, name, token};
use crate::account_change::merge;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{Domain, DomainChange, Raised, StorageError, What};
use terms::{AccountId, Address, DomainId, DomainName, Scope};

/// See [`crate::Storage::change_domain`].
pub(super) async fn change(
    write: &Write<'_>,
    id: DomainId,
    change: DomainChange,
) -> Result<(Domain, Vec<Raised>), StorageError> {
    let former = domain::locked(write, id).await?;
    let mut changed = former.clone();
    if let Some(to) = change.company {
        if !company::exists(&write.tx, to).await? {
            return Err(StorageError::NotFound(What::Company));
        }
        changed.company = to;
    }
    changed.disabled = change.disabled.unwrap_or(former.disabled);
    merge(&mut changed.attributes, change.attributes);
    let aliases = change.aliases.as_deref();
    let is_gone = |alias: &&DomainName| aliases.is_some_and(|kept| !kept.contains(alias));
    let gone: Vec<DomainName> = former.aliases.iter().filter(is_gone).cloned().collect();
    // Also when it was disabled before: whoever repeats the call wants its effect.
    let disables = change.disabled == Some(true);
    let moves = changed.company != former.company;
    // Accounts are locked after domains and before names.
    let accounts = match disables || moves || !gone.is_empty() {
        true => locked_accounts(write, id).await?,
        false => Vec::new(),
    };
    domain::store(write, &changed).await?;
    if let Some(aliases) = aliases {
        domain::replace_aliases(write, &former, aliases).await?;
    }
    let raises = if disables {
        token::revoke_all(write, &accounts).await?;
        let scopes = [Scope::Everything, Scope::OnBehalf];
        accounts.iter().map(|account| (*account, scopes.to_vec())).collect()
    } else {
        let scopes = match moves {
            true => vec![Scope::OnBehalf, Scope::ByAdministrators],
            false => Vec::new(),
        };
        voided(write, &accounts, &former.name, &gone, &scopes).await?
    };
    let raised = epoch::raise_all(write, &raises).await?;
    let domain = domain::by_id(&write.tx, id).await?.ok_or(StorageError::NotFound(What::Domain))?;
    Ok((domain, raised))
}

/// The accounts of a domain that are not deleted, locked. None is added while the domain is locked.
async fn locked_accounts(write: &Write<'_>, id: DomainId) -> Result<Vec<AccountId>, StorageError> {
    let rows = sql::all(
        &write.tx,
        "SELECT u.account FROM usage u JOIN account a ON a.id = u.account
         WHERE a.domain = $1 AND a.deleted IS NULL ORDER BY u.account FOR UPDATE OF u",
        &[&sql::int(id.0)],
    )
    .await?;
    rows.iter().map(|row| sql::unsigned(row, 0).map(AccountId)).collect()
}

/// Which logins are void: those by names in aliases of the domain that are gone, besides `scopes` of each account.
async fn voided(
    write: &Write<'_>,
    accounts: &[AccountId],
    domain: &DomainName,
    gone: &[DomainName],
    scopes: &[Scope],
) -> Result<Vec<(AccountId, Vec<Scope>)>, StorageError> {
    let mut named: Vec<(AccountId, Address)> = Vec::new();
    if !gone.is_empty() {
        for (account, name) in name::all(write, accounts).await? {
            let elsewhere = name::elsewhere(&name, domain, gone)?;
            named.extend(elsewhere.into_iter().map(|name| (account, name)));
        }
    }
    let mut lost = name::lost(write, &named).await?.into_iter().peekable();
    let mut voided = Vec::new();
    // Both ascend by account.
    for account in accounts {
        let mut of_account = Vec::new();
        while let Some((_, name)) = lost.next_if(|(holder, _)| holder == account) {
            of_account.push(Scope::Alias(name));
        }
        of_account.extend_from_slice(scopes);
        if !of_account.is_empty() {
            voided.push((*account, of_account));
        }
    }
    Ok(voided)
}
