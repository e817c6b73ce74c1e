//! Making and deleting folders, and their counters.

use super::expunge;
use super::folder::{self, StoredFolder};
use crate::bounds;
use crate::delta::Delta;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::postgresql::tuning::Tuning;
use crate::{Folder, SpecialUse, StorageError, What, words};
use std::collections::BTreeSet;
use terms::{AccountId, FolderId, FolderName, ModSeq, Uid};

/// See [`crate::Storage::create_folder`].
pub(super) async fn create(
    write: &Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<Folder, StorageError> {
    if folder::find(&write.tx, account, name).await?.is_some() {
        return Err(StorageError::Exists(What::Folder));
    }
    Ok(create_with_parents(write, account, name).await?.folder)
}

/// The folder of that name, made if there is none.
pub(crate) async fn find_or_create(
    write: &Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<StoredFolder, StorageError> {
    match folder::find(&write.tx, account, name).await? {
        Some(found) => Ok(found),
        None => create_with_parents(write, account, name).await,
    }
}

/// Makes a folder that does not exist, and the missing ones between it and the nearest above it.
pub(super) async fn create_with_parents(
    write: &Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<StoredFolder, StorageError> {
    let missing = missing(write, account, name).await?;
    insert(write, account, &missing).await?;
    folder::by_name(&write.tx, account, name).await
}

/// A folder that does not exist, after the missing ones between it and the nearest above it.
pub(super) async fn missing(
    write: &Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<Vec<(FolderName, Option<SpecialUse>)>, StorageError> {
    let mut missing = missing_above(write, account, name).await?;
    missing.push((name.clone(), None));
    Ok(missing)
}

/// Makes the missing folders between `name` and the nearest above it.
pub(super) async fn create_parents(
    write: &Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<(), StorageError> {
    let missing = missing_above(write, account, name).await?;
    insert(write, account, &missing).await
}

/// The missing folders between `name` and the nearest above it, outermost first.
async fn missing_above(
    write: &Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<Vec<(FolderName, Option<SpecialUse>)>, StorageError> {
    let above: Vec<FolderName> = std::iter::successors(name.parent(), FolderName::parent).collect();
    if above.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = above.iter().map(FolderName::as_str).collect();
    let sql = "SELECT name FROM folder WHERE account = $1 AND name = ANY ($2)";
    let rows = sql::all(&write.tx, sql, &[&sql::int(account.0), &names]).await?;
    let there: BTreeSet<&str> =
        rows.iter().map(|row| sql::column(row, 0)).collect::<Result<_, _>>()?;
    let missing = above.iter().take_while(|name| !there.contains(name.as_str()));
    let mut missing: Vec<_> = missing.map(|name| (name.clone(), None)).collect();
    missing.reverse();
    Ok(missing)
}

/// Makes these folders, and none above them. Refused, it has written nothing. `Limit`.
pub(crate) async fn insert(
    write: &Write<'_>,
    account: AccountId,
    folders: &[(FolderName, Option<SpecialUse>)],
) -> Result<(), StorageError> {
    if folders.is_empty() {
        return Ok(());
    }
    let (id, count) = (sql::int(account.0), sql::int(folders.len() as u64));
    let counted = sql::run(
        &write.tx,
        "UPDATE usage SET folders = folders + $2 WHERE account = $1 AND folders + $2 <= $3",
        &[&id, &count, &sql::int(bounds::FOLDERS)],
    )
    .await?;
    if counted == 0 {
        return Err(StorageError::Limit("folders of an account"));
    }
    let names: Vec<&str> = folders.iter().map(|(name, _)| name.as_str()).collect();
    let uses: Vec<Option<i64>> =
        folders.iter().map(|(_, special_use)| special_use.map(words::special_use_number)).collect();
    let last = write.uid_validities(count).await?;
    sql::run(
        &write.tx,
        "INSERT INTO folder (account, name, uid_validity, special_use)
         SELECT $1::bigint, name, $2::bigint + position, special_use
         FROM unnest($3::text[], $4::bigint[]) WITH ORDINALITY AS new (name, special_use, position)
         ORDER BY position",
        &[&id, &(last - count), &names, &uses],
    )
    .await?;
    Ok(())
}

/// See [`crate::Storage::delete_folder`].
pub(super) async fn delete(
    write: &mut Write<'_>,
    tuning: &Tuning,
    account: AccountId,
    name: &FolderName,
) -> Result<(), StorageError> {
    if name.is_inbox() {
        return Err(StorageError::Refused("the inbox cannot be deleted"));
    }
    let doomed = folder::by_name(&write.tx, account, name).await?;
    let id = sql::int(doomed.folder.id.0);
    let delta = expunge::all(write, tuning, &doomed).await?;
    sql::run(&write.tx, "DELETE FROM expunged WHERE folder = $1", &[&id]).await?;
    sql::run(&write.tx, "DELETE FROM keyword WHERE folder = $1", &[&id]).await?;
    sql::run(
        &write.tx,
        "WITH gone AS (DELETE FROM folder WHERE id = $1 RETURNING id, account, name)
         INSERT INTO deleted_folder (id, account, name, at) SELECT id, account, name, $2::bigint FROM gone",
        &[&id, &(tuning.clock)().0],
    )
    .await?;
    sql::run(
        &write.tx,
        "UPDATE usage SET folders = folders - 1, messages = messages + $2, bytes = bytes + $3 WHERE account = $1",
        &[&sql::int(account.0), &delta.messages, &delta.size],
    )
    .await?;
    write.changed(doomed.folder.id);
    Ok(())
}

/// Takes over what is recent below `upto`: answers from which UID on, and no session after this gets it again.
pub(super) async fn claim_recent(
    write: &Write<'_>,
    account: AccountId,
    id: FolderId,
    upto: Uid,
) -> Result<Uid, StorageError> {
    let stored = folder::by_id(&write.tx, account, id).await?;
    if stored.recent_from < upto.value() {
        let sql = "UPDATE folder SET recent_from = $2 WHERE id = $1";
        sql::run(&write.tx, sql, &[&sql::int(id.0), &i64::from(upto.value())]).await?;
    }
    Ok(Uid::new(stored.recent_from).unwrap_or(Uid::MIN))
}

/// Writes down a change of a folder: counters, the change's mod-sequence, the next UID. Counts for the account, too.
pub(super) async fn record(
    write: &mut Write<'_>,
    folder: &StoredFolder,
    delta: Delta,
    mod_seq: ModSeq,
    new_entries: u32,
) -> Result<(), StorageError> {
    let id: FolderId = folder.folder.id;
    sql::run(
        &write.tx,
        "WITH counted AS (
             UPDATE usage SET messages = messages + $3, bytes = bytes + $6
             WHERE account = $2 AND ($3::bigint <> 0 OR $6::bigint <> 0))
         UPDATE folder SET messages = messages + $3, unseen = unseen + $4, deleted = deleted + $5, size = size + $6,
                highest_mod_seq = $7, uid_next = uid_next + $8
         WHERE id = $1",
        &[
            &sql::int(id.0),
            &sql::int(folder.account.0),
            &delta.messages,
            &delta.unseen,
            &delta.deleted,
            &delta.size,
            &sql::int(mod_seq.0),
            &i64::from(new_entries),
        ],
    )
    .await?;
    write.changed(id);
    Ok(())
}
