//! Entries that left their folders: listed, read, brought back. They are written down where they leave (`expunge`).

use super::entry;
use super::folder;
use crate::postgresql::blob;
use crate::postgresql::fault::damaged;
use crate::postgresql::{Postgresql, sql};
use crate::{DeletedEntry, StorageError, What};
use bytes::Bytes;
use terms::{AccountId, Flags, FolderName, Keyword, UnixTime};
use tokio_postgres::Row;

impl Postgresql {
    /// See [`crate::Storage::deleted_entries`].
    pub(crate) async fn deleted_entries(
        &self,
        account: AccountId,
        folder: Option<FolderName>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<DeletedEntry>, StorageError> {
        let client = self.client().await?;
        let name = folder.as_ref().map(FolderName::as_str);
        let rows = sql::all(
            &client,
            "SELECT e.id, e.uid, e.at, e.flags, e.keywords, e.date, e.date_offset, e.size,
                    coalesce(f.name, d.name), b.digest
             FROM deleted_entry e
             JOIN blob b ON b.id = e.blob
             LEFT JOIN folder f ON f.id = e.folder
             LEFT JOIN deleted_folder d ON d.id = e.folder
             WHERE e.account = $1 AND e.id > $2 AND ($3::text IS NULL OR coalesce(f.name, d.name) = $3)
             ORDER BY e.id LIMIT $4",
            &[&sql::int(account.0), &sql::int(after), &name, &sql::int(limit as u64)],
        )
        .await?;
        rows.iter().map(deleted).collect()
    }

    /// See [`crate::Storage::read_deleted`].
    pub(crate) async fn read_deleted(
        &self,
        account: AccountId,
        id: u64,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        let client = self.client().await?;
        let found = sql::one(
            &client,
            "SELECT b.id, b.size, b.checksum FROM deleted_entry e JOIN blob b ON b.id = e.blob
             WHERE e.id = $1 AND e.account = $2",
            &[&sql::int(id), &sql::int(account.0)],
        )
        .await?;
        drop(client);
        let stored = blob::stored(&found.ok_or(StorageError::NotFound(What::Entry))?)?;
        blob::read(&self.shared.objects, &stored, offset, length).await
    }
}

fn deleted(row: &Row) -> Result<DeletedEntry, StorageError> {
    if sql::column::<Option<&str>>(row, 8)?.is_none() {
        return Err(without_folder());
    }
    Ok(DeletedEntry {
        id: sql::unsigned(row, 0)?,
        folder: folder::stored_name(row, 8)?,
        uid: sql::uid(row, 1)?,
        at: UnixTime(sql::column(row, 2)?),
        flags: flags(row, 3)?,
        internal_date: entry::date(row, 5)?,
        size: sql::unsigned(row, 7)?,
        digest: Bytes::copy_from_slice(sql::column(row, 9)?),
    })
}

fn without_folder() -> StorageError {
    damaged("a deleted entry without folder")
}

/// Flags, in two columns from `first` on.
fn flags(row: &Row, first: usize) -> Result<Flags, StorageError> {
    let bits: i64 = sql::column(row, first)?;
    let bits = u8::try_from(bits).map_err(|_| damaged(format_args!("flags {bits}")))?;
    let names: Option<&str> = sql::column(row, first + 1)?;
    let names = names.unwrap_or_default().split_ascii_whitespace();
    let keywords = names.map(|name| Keyword::parse(name).map_err(damaged));
    Ok(Flags::from_parts(bits, keywords.collect::<Result<_, _>>()?))
}
