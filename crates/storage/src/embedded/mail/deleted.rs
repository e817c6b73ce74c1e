//! Entries that left their folders: written down, listed, brought back.

use super::arrival::{self, Arrival};
use super::expunge::Leaving;
use super::folder::{self, StoredFolder};
use super::{folder_change, quota};
use crate::embedded::committer::Write;
use crate::embedded::fault::damaged;
use crate::embedded::reader::Reader;
use crate::embedded::sql;
use crate::{DeletedEntry, StorageError, What};
use bytes::Bytes;
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;
use terms::{AccountId, Flags, FolderId, FolderName, InternalDate, Keyword, UnixTime};

/// Writes down an entry that is leaving. One row at a time: statements that write several rows cost more
/// the more was written before them in an operation.
pub(super) fn note(
    write: &Write<'_>,
    folder: &StoredFolder,
    entry: &Leaving,
) -> Result<(), StorageError> {
    let names: Vec<&str> = entry.flags.keywords.iter().map(Keyword::as_str).collect();
    sql::run(
        write.conn,
        "INSERT INTO deleted_entry
             (account, folder, uid, at, flags, keywords, date, date_offset, segment, offset, size)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            sql::int(folder.account.0),
            sql::int(folder.folder.id.0),
            entry.uid.value(),
            write.now.0,
            entry.flags.system_bits(),
            (!names.is_empty()).then(|| names.join(" ")),
            entry.date.at.0,
            entry.date.offset_minutes,
            entry.blob.segment,
            sql::int(entry.blob.offset),
            sql::int(entry.blob.size)
        ],
    )?;
    Ok(())
}

/// Writes down a folder that is going.
pub(super) fn note_folder(write: &Write<'_>, folder: &StoredFolder) -> Result<(), StorageError> {
    sql::run(
        write.conn,
        "INSERT INTO deleted_folder (id, account, name, at) VALUES (?1, ?2, ?3, ?4)",
        params![
            sql::int(folder.folder.id.0),
            sql::int(folder.account.0),
            folder.folder.name.as_str(),
            write.now.0
        ],
    )?;
    Ok(())
}

/// See [`crate::Storage::deleted_entries`].
pub(crate) fn entries(
    conn: &Connection,
    account: AccountId,
    folder: Option<&FolderName>,
    after: u64,
    limit: usize,
) -> Result<Vec<DeletedEntry>, StorageError> {
    sql::all(
        conn,
        "SELECT e.id, coalesce(f.name, d.name), e.uid, e.at, e.flags, e.keywords, e.date, e.date_offset, e.size, b.digest
         FROM deleted_entry e
         JOIN blob b ON b.segment = e.segment AND b.offset = e.offset
         LEFT JOIN folder f ON f.id = e.folder
         LEFT JOIN deleted_folder d ON d.id = e.folder
         WHERE e.account = ?1 AND e.id > ?2 AND (?3 IS NULL OR coalesce(f.name, d.name) = ?3)
         ORDER BY e.id LIMIT ?4",
        params![
            sql::int(account.0),
            sql::int(after),
            folder.map(FolderName::as_str),
            sql::int(limit as u64)
        ],
        |row| {
            let name: Option<String> = row.get(1)?;
            let name = name.ok_or_else(|| damaged("a deleted entry without folder"))?;
            Ok(DeletedEntry {
                id: sql::unsigned(row, 0)?,
                folder: folder::stored_name(&name)?,
                uid: sql::uid(row, 2)?,
                at: UnixTime(row.get(3)?),
                flags: flags(row, 4)?,
                internal_date: date(row, 6)?,
                size: sql::unsigned(row, 8)?,
                digest: Bytes::from(row.get::<_, Vec<u8>>(9)?),
            })
        },
    )
}

/// Flags, in two columns from `first` on.
fn flags(row: &Row<'_>, first: usize) -> Result<Flags, StorageError> {
    let names: Option<String> = row.get(first + 1)?;
    let names = names.as_deref().unwrap_or_default().split_ascii_whitespace();
    let keywords = names.map(|name| Keyword::parse(name).map_err(damaged));
    Ok(Flags::from_parts(row.get(first)?, keywords.collect::<Result<_, _>>()?))
}

fn date(row: &Row<'_>, first: usize) -> Result<InternalDate, StorageError> {
    Ok(InternalDate { at: UnixTime(row.get(first)?), offset_minutes: row.get(first + 1)? })
}

/// See [`crate::Storage::read_deleted`].
pub(crate) fn read(
    reader: &Reader,
    account: AccountId,
    id: u64,
    offset: u64,
    length: usize,
) -> Result<Bytes, StorageError> {
    let found = sql::one(
        &reader.conn,
        "SELECT coalesce(b.at_segment, b.segment), coalesce(b.at_offset, b.offset), b.size, b.checksum
         FROM deleted_entry e JOIN blob b ON b.segment = e.segment AND b.offset = e.offset
         WHERE e.id = ?1 AND e.account = ?2",
        params![sql::int(id), sql::int(account.0)],
        |row| Ok((super::entry::blob(row, 0)?, row.get::<_, [u8; 32]>(3)?)),
    )?;
    let (blob, checksum) = found.ok_or(StorageError::NotFound(What::Entry))?;
    let checksum = blake3::Hash::from_bytes(checksum);
    reader.segments.hold(blob, checksum)?.read(offset, length).map(Bytes::from)
}

/// An entry on its way back.
struct Returning {
    id: u64,
    folder: FolderId,
    leaving: Leaving,
}

/// See [`crate::Storage::restore_entries`].
pub(crate) fn restore(
    write: &mut Write<'_>,
    account: AccountId,
    ids: &[u64],
) -> Result<Vec<u64>, StorageError> {
    let alive = sql::one(
        write.conn,
        "SELECT 1 FROM account WHERE id = ?1 AND deleted IS NULL",
        [sql::int(account.0)],
        |_| Ok(()),
    )?;
    alive.ok_or(StorageError::NotFound(What::Address))?;
    let mut by_folder: BTreeMap<FolderId, Vec<Returning>> = BTreeMap::new();
    let mut bytes = 0u64;
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let found = sql::one(
            write.conn,
            "SELECT folder, uid, flags, keywords, date, date_offset, segment, offset, size FROM deleted_entry
             WHERE id = ?1 AND account = ?2",
            params![sql::int(id), sql::int(account.0)],
            |row| {
                let folder = FolderId(sql::unsigned(row, 0)?);
                let leaving = Leaving {
                    uid: sql::uid(row, 1)?,
                    flags: flags(row, 2)?,
                    date: date(row, 4)?,
                    blob: super::entry::blob(row, 6)?,
                };
                Ok(Returning { id, folder, leaving })
            },
        )?;
        if let Some(returning) = found {
            bytes = bytes.saturating_add(returning.leaving.blob.size);
            by_folder.entry(returning.folder).or_default().push(returning);
        }
    }
    quota::check_room(write.conn, account, bytes)?;
    let mut restored = Vec::new();
    for (id, entries) in by_folder {
        let target = target(write, account, id)?;
        let arrivals = entries.iter().map(|entry| Arrival {
            blob: entry.leaving.blob,
            flags: &entry.leaving.flags,
            date: entry.leaving.date,
        });
        arrival::add(write, &target, arrivals)?;
        for entry in entries {
            sql::run(write.conn, "DELETE FROM deleted_entry WHERE id = ?1", [sql::int(entry.id)])?;
            restored.push(entry.id);
        }
    }
    restored.sort_unstable();
    Ok(restored)
}

/// The folder to which entries of the folder of that number return: itself, or one of its last name.
fn target(
    write: &mut Write<'_>,
    account: AccountId,
    id: FolderId,
) -> Result<StoredFolder, StorageError> {
    if let Some(folder) = folder::find_by_id(write.conn, account, id)? {
        return Ok(folder);
    }
    let name = sql::one(
        write.conn,
        "SELECT name FROM deleted_folder WHERE id = ?1 AND account = ?2",
        params![sql::int(id.0), sql::int(account.0)],
        |row| folder::stored_name(&row.get::<_, String>(0)?),
    )?;
    let name = name.ok_or_else(|| damaged("a deleted entry without folder"))?;
    folder_change::find_or_create(write, account, &name)
}
