//! App passwords.

use super::{account, epoch, history};
use crate::postgresql::fault::damaged;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{AppPassword, HistoryEntry, NewAppPassword, Raised, StorageError, What};
use terms::{AccountId, AppPasswordId, Scope};

/// See [`crate::Storage::add_app_password`].
pub(super) async fn add(
    write: &Write<'_>,
    new: NewAppPassword,
    note: HistoryEntry,
) -> Result<AppPassword, StorageError> {
    let account = account::locked(write, new.account).await?;
    let tag = new.free_tag(&account.app_passwords)?;
    let made = sql::one(
        &write.tx,
        "INSERT INTO app_password (account, tag, hash, created) VALUES ($1, $2, $3, $4) RETURNING id",
        &[&sql::int(new.account.0), &tag, &new.hash, &new.created.0],
    )
    .await?;
    let made = made.ok_or_else(|| damaged("an app password without number"))?;
    let id = AppPasswordId(sql::unsigned(&made, 0)?);
    let detail = serde_json::json!({ "mode": "add", "tag": tag });
    history::note(write, new.account, HistoryEntry { detail, ..note }).await?;
    Ok(AppPassword { id, tag, hash: new.hash, created: new.created })
}

/// See [`crate::Storage::remove_app_password`].
pub(super) async fn remove(
    write: &Write<'_>,
    account: AccountId,
    tag: &str,
    note: HistoryEntry,
) -> Result<Raised, StorageError> {
    write.lock(account).await?;
    let gone = sql::one(
        &write.tx,
        "DELETE FROM app_password WHERE account = $1 AND tag = $2 RETURNING id",
        &[&sql::int(account.0), &tag],
    )
    .await?;
    let gone = gone.ok_or(StorageError::NotFound(What::AppPassword))?;
    let scope = Scope::AppPassword(AppPasswordId(sql::unsigned(&gone, 0)?));
    let raised = epoch::raise(write, account, vec![scope]).await?;
    history::note(write, account, note).await?;
    Ok(raised)
}
