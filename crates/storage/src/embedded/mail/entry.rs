//! Entries as rows.

use super::arrival::Arrival;
use super::folder;
use super::keyword::Keywords;

use crate::embedded::sql;
use crate::runs::runs;
use crate::{BlobRef, Entry, EntryQuery, StorageError};
use bytes::Bytes;
use rusqlite::{Connection, Row, params};
use std::ops::RangeInclusive;
use terms::{AccountId, FolderId, InternalDate, ModSeq, Uid, UnixTime};

/// The columns that [`stored`] reads, as a selection from `entry e`.
macro_rules! select_entry {
    ($rest:literal) => {
        concat!(
            "SELECT e.uid, e.mod_seq, e.flags, e.keywords, e.date, e.date_offset, e.segment, e.offset, e.size ",
            $rest
        )
    };
}

/// See [`crate::Storage::entries`].
pub(crate) fn range(
    conn: &Connection,
    account: AccountId,
    folder: FolderId,
    uids: &RangeInclusive<Uid>,
    limit: usize,
    query: EntryQuery,
) -> Result<Vec<Entry>, StorageError> {
    folder::by_id(conn, account, folder)?;
    let keywords = Keywords::new(conn, folder);
    let params = params![
        sql::int(folder.0),
        uids.start().value(),
        uids.end().value(),
        sql::int(limit as u64)
    ];
    match query {
        EntryQuery::Plain => sql::all(
            conn,
            select_entry!(
                "FROM entry e WHERE e.folder = ?1 AND e.uid BETWEEN ?2 AND ?3 ORDER BY e.uid LIMIT ?4"
            ),
            params,
            |row| stored(row, &keywords),
        ),
        EntryQuery::WithDigest => sql::all(
            conn,
            select_entry!(
                ", b.digest FROM entry e JOIN blob b ON b.segment = e.segment AND b.offset = e.offset
                 WHERE e.folder = ?1 AND e.uid BETWEEN ?2 AND ?3 ORDER BY e.uid LIMIT ?4"
            ),
            params,
            |row| {
                let digest = Bytes::from(row.get::<_, Vec<u8>>(9)?);
                Ok(Entry { digest, ..stored(row, &keywords)? })
            },
        ),
    }
}

/// The entries of a folder that changed after `since`, ascending by UID, each with the mod-sequence with
/// which it came.
pub(super) fn changed_since(
    conn: &Connection,
    folder: FolderId,
    since: ModSeq,
) -> Result<Vec<(Entry, ModSeq)>, StorageError> {
    let keywords = Keywords::new(conn, folder);
    let mut entries = sql::all(
        conn,
        select_entry!(", e.arrived FROM entry e WHERE e.folder = ?1 AND e.mod_seq > ?2"),
        params![sql::int(folder.0), sql::int(since.0)],
        |row| Ok((stored(row, &keywords)?, sql::mod_seq(row, 9)?)),
    )?;
    entries.sort_unstable_by_key(|(entry, _)| entry.uid);
    Ok(entries)
}

/// Those of these entries that exist, ascending.
pub(super) fn some(
    conn: &Connection,
    folder: FolderId,
    keywords: &Keywords<'_>,
    uids: Vec<Uid>,
) -> Result<Vec<Entry>, StorageError> {
    let mut entries = Vec::new();
    for (first, last) in runs(uids) {
        entries.extend(sql::all(
            conn,
            select_entry!(
                "FROM entry e WHERE e.folder = ?1 AND e.uid BETWEEN ?2 AND ?3 ORDER BY e.uid"
            ),
            params![sql::int(folder.0), first.value(), last.value()],
            |row| stored(row, keywords),
        )?);
    }
    Ok(entries)
}

fn stored(row: &Row<'_>, keywords: &Keywords<'_>) -> Result<Entry, StorageError> {
    let numbers: Option<Vec<u8>> = row.get(3)?;
    Ok(Entry {
        uid: sql::uid(row, 0)?,
        mod_seq: sql::mod_seq(row, 1)?,
        flags: keywords.flags(row.get(2)?, numbers.as_deref())?,
        internal_date: InternalDate { at: UnixTime(row.get(4)?), offset_minutes: row.get(5)? },
        blob: blob(row, 6)?,
        digest: Bytes::new(),
    })
}

/// A reference to a blob, in three columns from `first` on.
pub(in crate::embedded) fn blob(row: &Row<'_>, first: usize) -> Result<BlobRef, StorageError> {
    Ok(BlobRef {
        segment: row.get(first)?,
        offset: sql::unsigned(row, first + 1)?,
        size: sql::unsigned(row, first + 2)?,
    })
}

/// Writes a new entry.
pub(super) fn insert(
    conn: &Connection,
    folder: FolderId,
    keywords: &mut Keywords<'_>,
    uid: Uid,
    mod_seq: ModSeq,
    arrival: Arrival<'_>,
) -> Result<(), StorageError> {
    let Arrival { blob, flags, date } = arrival;
    sql::run(
        conn,
        "INSERT INTO entry (folder, uid, mod_seq, arrived, flags, keywords, date, date_offset, segment, offset, size)
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            sql::int(folder.0),
            uid.value(),
            sql::int(mod_seq.0),
            flags.system_bits(),
            keywords.column(&flags.keywords)?,
            date.at.0,
            date.offset_minutes,
            blob.segment,
            sql::int(blob.offset),
            sql::int(blob.size)
        ],
    )?;
    Ok(())
}
