//! Making, changing and deleting accounts.

use super::{account, domain, epoch, history, name, token};
use crate::account_change::{Consequences, apply};
use crate::postgresql::fault::damaged;
use crate::postgresql::mail::standard_folders;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{
    Account, AccountChange, Domain, HistoryEntry, NewAccount, Raised, StorageError, What, words,
};
use terms::{AccountId, Address, DomainName, Epoch, Scope, UnixTime};

/// See [`crate::Storage::create_account`].
pub(super) async fn create(
    write: &Write<'_>,
    new: NewAccount,
    at: UnixTime,
    note: HistoryEntry,
) -> Result<Account, StorageError> {
    let domain_name = DomainName::parse(new.address.domain()).map_err(damaged)?;
    let domain = domain::held_by_name(write, &domain_name).await?;
    let domain = domain.ok_or(StorageError::NotFound(What::Domain))?;
    let workgroup = domain.workgroup_of_new();
    let workgroup = workgroup.ok_or_else(|| damaged("a domain without workgroup"))?;
    let made = sql::one(
        &write.tx,
        "INSERT INTO account (domain, address, kind, workgroup, created) VALUES ($1, $2, $3, $4, $5)
         RETURNING id",
        &[
            &sql::int(domain.id.0),
            &new.address.as_str(),
            &words::kind_number(new.kind),
            &workgroup,
            &at.0,
        ],
    )
    .await?;
    let made = made.ok_or_else(|| damaged("an account without number"))?;
    let id = AccountId(sql::unsigned(&made, 0)?);
    let mut account = present(write, id).await?;
    // There are no earlier logins to be made void, and no tokens.
    apply(&mut account, new.change, &domain.workgroups)?;
    name::name_new(write, id, &account.address, &account.aliases).await?;
    store(write, &account).await?;
    standard_folders::create(write, id).await?;
    history::note(write, id, note).await?;
    present(write, id).await
}

/// See [`crate::Storage::change_account`].
pub(super) async fn change(
    write: &Write<'_>,
    id: AccountId,
    change: AccountChange,
    note: HistoryEntry,
) -> Result<(Account, Option<Raised>), StorageError> {
    // Which names are lost depends on the domain's aliases.
    let domain = match change.aliases.is_some() || change.workgroup.is_some() {
        true => domain::held_of(write, id).await?,
        false => None,
    };
    let mut account = account::locked(write, id).await?;
    let former_aliases = change.aliases.is_some().then(|| account.aliases.clone());
    let workgroups = domain.as_ref().map(|domain| domain.workgroups.as_slice());
    let Consequences { revokes_tokens, mut void } =
        apply(&mut account, change, workgroups.unwrap_or_default())?;
    store(write, &account).await?;
    if revokes_tokens {
        token::revoke_all(write, &[id]).await?;
    }
    if let Some(former) = former_aliases {
        name::replace_aliases(write, &account, &former).await?;
        void.extend(lost(write, &account, former, domain.as_ref()).await?.map(Scope::Alias));
    }
    let raised = match void.is_empty() {
        true => None,
        false => Some(epoch::raise(write, id, void).await?),
    };
    history::note(write, id, note).await?;
    Ok((present(write, id).await?, raised))
}

/// Those of the former aliases, in the account's domain and its aliases, that do not mean the account any more.
async fn lost(
    write: &Write<'_>,
    account: &Account,
    former: Vec<Address>,
    domain: Option<&Domain>,
) -> Result<impl Iterator<Item = Address>, StorageError> {
    let domain_aliases = domain.map(|domain| domain.aliases.as_slice()).unwrap_or_default();
    let mut names = Vec::new();
    for alias in former {
        let elsewhere = name::elsewhere(&alias, &account.domain_name, domain_aliases)?;
        names.extend(std::iter::once(alias).chain(elsewhere).map(|name| (account.id, name)));
    }
    Ok(name::lost(write, &names).await?.into_iter().map(|(_, name)| name))
}

async fn present(write: &Write<'_>, id: AccountId) -> Result<Account, StorageError> {
    account::stored(&write.tx, id).await?.ok_or(StorageError::NotFound(What::Address))
}

/// Writes down what [`apply`] may have changed, but for the names.
async fn store(write: &Write<'_>, account: &Account) -> Result<(), StorageError> {
    let [imap4, pop3, smtpin, smtprelay, smtprelay_webmail, webmail] =
        words::service_numbers(&account.services);
    let role = account.role.as_ref();
    sql::run(
        &write.tx,
        "UPDATE account SET password = $2, quota = $3, workgroup = $4, role = $5, role_objects = $6,
                attributes = $7, service_imap4 = $8, service_pop3 = $9, service_smtpin = $10,
                service_smtprelay = $11, service_smtprelay_webmail = $12, service_webmail = $13
         WHERE id = $1",
        &[
            &sql::int(account.id.0),
            &account.password,
            &account.quota.map(sql::int),
            &account.workgroup,
            &role.map(|grant| words::role_number(grant.role)),
            &role.map(|grant| sql::json(&grant.objects)).transpose()?,
            &sql::json(&account.attributes)?,
            &imap4,
            &pop3,
            &smtpin,
            &smtprelay,
            &smtprelay_webmail,
            &webmail,
        ],
    )
    .await?;
    Ok(())
}

/// See [`crate::Storage::delete_account`].
pub(super) async fn delete(
    write: &Write<'_>,
    id: AccountId,
    at: UnixTime,
    note: HistoryEntry,
) -> Result<Raised, StorageError> {
    let account = account::locked(write, id).await?;
    let raised = epoch::raise(write, id, vec![Scope::Everything, Scope::OnBehalf]).await?;
    let aliases: Vec<&str> = account.aliases.iter().map(Address::as_str).collect();
    sql::run(
        &write.tx,
        "UPDATE account SET deleted = $2, former_aliases = $3 WHERE id = $1",
        &[&sql::int(id.0), &at.0, &sql::json(&aliases)?],
    )
    .await?;
    name::free(write, id).await?;
    token::revoke_all(write, &[id]).await?;
    history::note(write, id, note).await?;
    Ok(raised)
}

/// See [`crate::Storage::upgrade_password`].
pub(super) async fn upgrade_password(
    write: &Write<'_>,
    id: AccountId,
    epoch: Epoch,
    old: &str,
    new: &str,
) -> Result<(), StorageError> {
    write.lock(id).await?;
    sql::run(
        &write.tx,
        "UPDATE account SET password = $4
         WHERE id = $1 AND epoch = $2 AND password = $3 AND deleted IS NULL",
        &[&sql::int(id.0), &sql::int(epoch.0), &old, &new],
    )
    .await?;
    Ok(())
}
