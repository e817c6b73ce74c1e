//! A folder as a row.

use crate::postgresql::fault::damaged;
use crate::postgresql::sql;
use crate::{Folder, StorageError, What, words};
use deadpool_postgres::GenericClient;
use terms::{AccountId, FolderId, FolderName, ModSeq, Uid, UidValidity};
use tokio_postgres::Row;

/// The columns that [`stored`] reads, as a selection from `folder`.
macro_rules! select_folder {
    ($rest:literal) => {
        concat!(
            "SELECT id, account, name, uid_validity, uid_next, highest_mod_seq, messages, unseen, deleted, size, \
             special_use, recent_from, expunged_runs, expunged_floor FROM folder ",
            $rest
        )
    };
}

/// A folder with what only the engine knows of it.
#[derive(Clone, Debug)]
pub(crate) struct StoredFolder {
    /// What is known outside.
    pub(crate) folder: Folder,
    /// Whose it is.
    pub(crate) account: AccountId,
    /// The first UID that no session was told of.
    pub(crate) recent_from: u32,
    /// Rows in `expunged`.
    pub(crate) expunged_runs: u64,
    /// `expunged` may be incomplete up to here.
    pub(crate) expunged_floor: ModSeq,
}

/// See [`crate::Storage::folders`].
pub(crate) async fn all(
    conn: &impl GenericClient,
    account: AccountId,
) -> Result<Vec<Folder>, StorageError> {
    let sql = select_folder!("WHERE account = $1 ORDER BY name <> 'INBOX', name");
    let rows = sql::all(conn, sql, &[&sql::int(account.0)]).await?;
    rows.iter().map(|row| Ok(stored(row)?.folder)).collect()
}

/// The names of the account's folders, the inbox first.
pub(crate) async fn names(
    conn: &impl GenericClient,
    account: AccountId,
) -> Result<Vec<FolderName>, StorageError> {
    let sql = "SELECT name FROM folder WHERE account = $1 ORDER BY name <> 'INBOX', name";
    let rows = sql::all(conn, sql, &[&sql::int(account.0)]).await?;
    rows.iter().map(|row| stored_name(row, 0)).collect()
}

/// The folder of that name.
pub(crate) async fn by_name(
    conn: &impl GenericClient,
    account: AccountId,
    name: &FolderName,
) -> Result<StoredFolder, StorageError> {
    find(conn, account, name).await?.ok_or(StorageError::NotFound(What::Folder))
}

/// The folder of that name, if there is one.
pub(crate) async fn find(
    conn: &impl GenericClient,
    account: AccountId,
    name: &FolderName,
) -> Result<Option<StoredFolder>, StorageError> {
    let sql = select_folder!("WHERE account = $1 AND name = $2");
    let row = sql::one(conn, sql, &[&sql::int(account.0), &name.as_str()]).await?;
    row.as_ref().map(stored).transpose()
}

/// The folder of that number, if it is the account's.
pub(crate) async fn by_id(
    conn: &impl GenericClient,
    account: AccountId,
    id: FolderId,
) -> Result<StoredFolder, StorageError> {
    find_by_id(conn, account, id).await?.ok_or(StorageError::NotFound(What::Folder))
}

/// The same, where the folder may be gone.
pub(crate) async fn find_by_id(
    conn: &impl GenericClient,
    account: AccountId,
    id: FolderId,
) -> Result<Option<StoredFolder>, StorageError> {
    let sql = select_folder!("WHERE id = $1 AND account = $2");
    let row = sql::one(conn, sql, &[&sql::int(id.0), &sql::int(account.0)]).await?;
    row.as_ref().map(stored).transpose()
}

/// Those of the pairs of an account and a name that are folders, in no order.
pub(crate) async fn of_names(
    conn: &impl GenericClient,
    accounts: &[i64],
    names: &[&str],
) -> Result<Vec<StoredFolder>, StorageError> {
    let sql =
        select_folder!("WHERE (account, name) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))");
    let rows = sql::all(conn, sql, &[&accounts, &names]).await?;
    rows.iter().map(stored).collect()
}

fn stored(row: &Row) -> Result<StoredFolder, StorageError> {
    let special_use: Option<i64> = sql::column(row, 10)?;
    let uid_validity = UidValidity::new(sql::unsigned_32(row, 3)?);
    Ok(StoredFolder {
        folder: Folder {
            id: FolderId(sql::unsigned(row, 0)?),
            name: stored_name(row, 2)?,
            uid_validity: uid_validity.ok_or_else(|| damaged("UIDVALIDITY 0"))?,
            uid_next: sql::uid(row, 4)?,
            highest_mod_seq: sql::mod_seq(row, 5)?,
            messages: sql::unsigned_32(row, 6)?,
            unseen: sql::unsigned_32(row, 7)?,
            deleted: sql::unsigned_32(row, 8)?,
            size: sql::unsigned(row, 9)?,
            special_use: special_use.map(words::special_use).transpose()?,
        },
        account: AccountId(sql::unsigned(row, 1)?),
        recent_from: sql::unsigned_32(row, 11)?,
        expunged_runs: sql::unsigned(row, 12)?,
        expunged_floor: sql::mod_seq(row, 13)?,
    })
}

/// A stored name of a folder.
pub(crate) fn stored_name(row: &Row, at: usize) -> Result<FolderName, StorageError> {
    FolderName::parse(sql::column(row, at)?).map_err(damaged)
}

impl StoredFolder {
    /// The UID that the next entry gets, as long as there are any: the last one is never given, so that there
    /// always is a next one to name.
    pub(super) fn free_uids(&self) -> u64 {
        u64::from(Uid::MAX.value() - self.folder.uid_next.value())
    }

    /// The mod-sequence of the change that is being made.
    pub(super) fn next_mod_seq(&self) -> ModSeq {
        ModSeq(self.folder.highest_mod_seq.0 + 1)
    }
}
