//! Entries that left their folders: listed, read, brought back. They are written down where they leave (`expunge`).

use super::arrival::{self, Arrival};
use super::folder::{self, StoredFolder};
use super::{entry, folder_change, quota};
use crate::postgresql::blob;
use crate::postgresql::fault::damaged;
use crate::postgresql::transaction::Write;
use crate::postgresql::{Postgresql, carried_out, sql};
use crate::{BlobRef, DeletedEntry, StorageError, What};
use bytes::Bytes;
use std::collections::BTreeMap;
use terms::{AccountId, Flags, FolderId, FolderName, InternalDate, Keyword, UnixTime};
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
        blob::read_stored(&self.shared.objects, &stored, offset, length).await
    }

    /// See [`crate::Storage::restore_entries`].
    pub(crate) async fn restore_entries(
        &self,
        account: AccountId,
        ids: Vec<u64>,
    ) -> Result<Vec<u64>, StorageError> {
        let engine = self.clone();
        carried_out(async move {
            let mut client = engine.client().await?;
            let mut write = Write::begin(&mut client, engine.feed()).await?;
            write.lock(account).await?;
            let restored = restore(&mut write, account, &ids).await?;
            write.commit().await?;
            Ok(restored)
        })
        .await
    }
}

/// An entry on its way back.
struct Returning {
    id: u64,
    flags: Flags,
    date: InternalDate,
    blob: BlobRef,
}

async fn restore(
    write: &mut Write<'_>,
    account: AccountId,
    ids: &[u64],
) -> Result<Vec<u64>, StorageError> {
    let alive = "SELECT 1 FROM account WHERE id = $1 AND deleted IS NULL";
    let alive = sql::one(&write.tx, alive, &[&sql::int(account.0)]).await?;
    alive.ok_or(StorageError::NotFound(What::Address))?;
    let ids: Vec<i64> = ids.iter().copied().map(sql::int).collect();
    let rows = sql::all(
        &write.tx,
        "SELECT id, folder, flags, keywords, date, date_offset, blob, size FROM deleted_entry
         WHERE id = ANY ($1) AND account = $2 ORDER BY id",
        &[&ids, &sql::int(account.0)],
    )
    .await?;
    let mut by_folder: BTreeMap<FolderId, Vec<Returning>> = BTreeMap::new();
    let mut bytes = 0u64;
    for row in &rows {
        let returning = Returning {
            id: sql::unsigned(row, 0)?,
            flags: flags(row, 2)?,
            date: entry::date(row, 4)?,
            blob: entry::blob(row, 6)?,
        };
        bytes = bytes.saturating_add(returning.blob.size);
        by_folder.entry(FolderId(sql::unsigned(row, 1)?)).or_default().push(returning);
    }
    quota::check_room(&write.tx, account, bytes).await?;
    let mut restored = Vec::new();
    for (id, entries) in by_folder {
        let target = target(write, account, id).await?;
        let arrivals: Vec<Arrival<'_>> = entries
            .iter()
            .map(|entry| Arrival { blob: entry.blob, flags: &entry.flags, date: entry.date })
            .collect();
        arrival::add(write, &target, &arrivals).await?;
        restored.extend(entries.iter().map(|entry| entry.id));
    }
    restored.sort_unstable();
    // Their blobs have as many references as before.
    let gone: Vec<i64> = restored.iter().copied().map(sql::int).collect();
    sql::run(&write.tx, "DELETE FROM deleted_entry WHERE id = ANY ($1)", &[&gone]).await?;
    Ok(restored)
}

/// The folder to which entries of the folder of that number return: itself, or one of its last name.
async fn target(
    write: &Write<'_>,
    account: AccountId,
    id: FolderId,
) -> Result<StoredFolder, StorageError> {
    if let Some(folder) = folder::find_by_id(&write.tx, account, id).await? {
        return Ok(folder);
    }
    let sql = "SELECT name FROM deleted_folder WHERE id = $1 AND account = $2";
    let row = sql::one(&write.tx, sql, &[&sql::int(id.0), &sql::int(account.0)]).await?;
    let name = folder::stored_name(&row.ok_or_else(without_folder)?, 0)?;
    folder_change::find_or_create(write, account, &name).await
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
