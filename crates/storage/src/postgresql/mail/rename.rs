//! Renaming folders.

use super::folder_change::{create_parents, create_with_parents};
use super::{folder, transfer};
use crate::folder::below;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::postgresql::tuning::Tuning;
use crate::{StorageError, What};
use terms::{AccountId, FolderId, FolderName};

/// See [`crate::Storage::rename_folder`].
pub(super) async fn rename(
    write: &mut Write<'_>,
    tuning: &Tuning,
    account: AccountId,
    from: &FolderName,
    to: &FolderName,
) -> Result<(), StorageError> {
    let source = folder::by_name(&write.tx, account, from).await?;
    if folder::find(&write.tx, account, to).await?.is_some() {
        return Err(StorageError::Exists(What::Folder));
    }
    if from.is_inbox() {
        // RFC 9051 §6.3.6: the inbox stays, and so do the folders below it.
        create_with_parents(write, account, to).await?;
        return transfer::move_all(write, tuning, &source, to).await;
    }
    if to.is_below(from) {
        return Err(StorageError::Refused("a folder cannot be moved below itself"));
    }
    create_parents(write, account, to).await?;
    let (first, end) = below(from);
    let rows = sql::all(
        &write.tx,
        "SELECT id, name FROM folder WHERE account = $1 AND (name = $2 OR name >= $3 AND name < $4)
         ORDER BY octet_length(name)",
        &[&sql::int(account.0), &from.as_str(), &first, &end],
    )
    .await?;
    let (mut ids, mut names) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    let mut too_long = None;
    for row in &rows {
        let rest = sql::column::<&str>(row, 1)?.strip_prefix(from.as_str());
        match FolderName::parse(&format!("{to}{}", rest.unwrap_or_default())) {
            Ok(name) => {
                ids.push(sql::column::<i64>(row, 0)?);
                names.push(name.as_str().to_owned());
            }
            Err(_) => {
                too_long = Some(StorageError::Limit("length or depth of a folder's name"));
                break;
            }
        }
    }
    // There may be folders below a name that is no folder. (A name that another of them leaves is free.)
    let taken = sql::one(
        &write.tx,
        "SELECT 1 FROM folder WHERE account = $1 AND name = ANY ($2)
         AND NOT (name = $3 OR name >= $4 AND name < $5) LIMIT 1",
        &[&sql::int(account.0), &names, &from.as_str(), &first, &end],
    )
    .await?;
    if taken.is_some() {
        return Err(StorageError::Exists(What::Folder));
    }
    if let Some(error) = too_long {
        return Err(error);
    }
    sql::run(
        &write.tx,
        "UPDATE folder SET name = new.name FROM unnest($1::bigint[], $2::text[]) AS new (id, name)
         WHERE folder.id = new.id",
        &[&ids, &names],
    )
    .await?;
    for id in ids {
        write.changed(FolderId(id.cast_unsigned()));
    }
    Ok(())
}
