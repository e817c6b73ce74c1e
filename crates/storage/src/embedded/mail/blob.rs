//! Blobs: how many entries refer to each, and reading them.

use super::folder;
use crate::embedded::committer::Write;
use crate::embedded::fault::damaged;
use crate::embedded::open_blob::{OpenBlob, read_ranges};
use crate::embedded::reader::Reader;
use crate::embedded::sql;
use crate::{BlobRange, BlobRef, StorageError, What};
use bytes::Bytes;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use terms::{AccountId, FolderId, Uid};

/// Counts one more entry of a blob that has entries.
pub(super) fn refer_again(conn: &Connection, blob: BlobRef) -> Result<bool, StorageError> {
    let known = sql::run(
        conn,
        "UPDATE blob SET refs = refs + 1 WHERE segment = ?1 AND offset = ?2 AND size = ?3",
        params![blob.segment, sql::int(blob.offset), sql::int(blob.size)],
    )?;
    Ok(known == 1)
}

/// Counts one more entry of a blob, perhaps its first.
pub(super) fn refer(write: &Write<'_>, blob: BlobRef, digest: &Bytes) -> Result<(), StorageError> {
    if refer_again(write.conn, blob)? {
        return Ok(());
    }
    let checksum = write.segments.first_reference(blob)?;
    sql::run(
        write.conn,
        "INSERT INTO blob (segment, offset, size, refs, checksum, digest) VALUES (?1, ?2, ?3, 1, ?4, ?5)",
        params![
            blob.segment,
            sql::int(blob.offset),
            sql::int(blob.size),
            checksum.as_bytes(),
            &digest[..]
        ],
    )?;
    count_in(write.conn, blob)
}

/// Counts a blob for the segment it is in.
pub(super) fn count_in(conn: &Connection, blob: BlobRef) -> Result<(), StorageError> {
    let counted = sql::run(
        conn,
        "UPDATE segment SET live_blobs = live_blobs + 1, live_bytes = live_bytes + ?2 WHERE number = ?1",
        params![blob.segment, sql::int(blob.size)],
    )?;
    if counted == 0 {
        sql::run(
            conn,
            "INSERT INTO segment (number, live_blobs, live_bytes) VALUES (?1, 1, ?2)",
            params![blob.segment, sql::int(blob.size)],
        )?;
    }
    Ok(())
}

/// Counts blobs for the segment they were in.
pub(super) fn count_out(
    write: &mut Write<'_>,
    segment: u32,
    blobs: i64,
    bytes: i64,
) -> Result<(), StorageError> {
    sql::run(
        write.conn,
        "UPDATE segment SET live_blobs = live_blobs - ?2, live_bytes = live_bytes - ?3 WHERE number = ?1",
        params![segment, blobs, bytes],
    )?;
    let sql = "SELECT live_blobs FROM segment WHERE number = ?1";
    if sql::one(write.conn, sql, [segment], |row| Ok(row.get::<_, i64>(0)?))? == Some(0) {
        write.freed(segment);
    }
    Ok(())
}

/// Blobs that lose entries in one operation.
#[derive(Debug, Default)]
pub(super) struct Released {
    /// Blobs and bytes that died, by segment.
    died: BTreeMap<u32, (i64, i64)>,
}

impl Released {
    /// Counts one entry less. (Not with `RETURNING`: that costs more the more was written before.)
    pub(super) fn release(&mut self, conn: &Connection, blob: BlobRef) -> Result<(), StorageError> {
        let place = params![blob.segment, sql::int(blob.offset)];
        let known = sql::one(
            conn,
            "SELECT refs, coalesce(at_segment, segment) FROM blob WHERE segment = ?1 AND offset = ?2",
            place,
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?)),
        )?;
        match known {
            Some((2.., _)) => {
                let sql = "UPDATE blob SET refs = refs - 1 WHERE segment = ?1 AND offset = ?2";
                sql::run(conn, sql, place)?;
                Ok(())
            }
            Some((_, segment)) => {
                sql::run(conn, "DELETE FROM blob WHERE segment = ?1 AND offset = ?2", place)?;
                let (blobs, bytes) = self.died.entry(segment).or_default();
                *blobs += 1;
                *bytes += sql::int(blob.size);
                Ok(())
            }
            None => Err(damaged("an entry without its blob")),
        }
    }

    /// Writes down what died.
    pub(super) fn record(self, write: &mut Write<'_>) -> Result<(), StorageError> {
        for (segment, (blobs, bytes)) in self.died {
            count_out(write, segment, blobs, bytes)?;
        }
        Ok(())
    }
}

/// What [`crate::HeldBlob`] holds.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Whose entry it was held through.
    account: AccountId,
    open: OpenBlob,
}

impl Held {
    /// See [`crate::Storage::read_held`].
    pub(crate) fn read(
        &self,
        account: AccountId,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        if account != self.account {
            return Err(StorageError::NotFound(What::Entry));
        }
        self.open.read(offset, length).map(Bytes::from)
    }
}

/// See [`crate::Storage::read_blob`].
pub(crate) fn read(
    reader: &Reader,
    account: AccountId,
    entry: (FolderId, Uid, BlobRef),
    offset: u64,
    length: usize,
) -> Result<Bytes, StorageError> {
    hold(reader, account, entry)?.read(account, offset, length)
}

/// See [`crate::Storage::hold_blob`].
pub(crate) fn hold(
    reader: &Reader,
    account: AccountId,
    entry: (FolderId, Uid, BlobRef),
) -> Result<Held, StorageError> {
    let (folder, uid, blob) = entry;
    folder::by_id(&reader.conn, account, folder)?;
    Ok(Held { account, open: open(reader, folder, uid, blob)? })
}

/// See [`crate::Storage::read_ranges`].
pub(crate) fn read_some(
    reader: &Reader,
    account: AccountId,
    folder: FolderId,
    ranges: &[BlobRange],
) -> Result<Vec<Result<Bytes, StorageError>>, StorageError> {
    folder::by_id(&reader.conn, account, folder)?;
    let mut found: Vec<_> = ranges.iter().map(|_| Ok(Bytes::new())).collect();
    let (mut indexes, mut readable) = (Vec::new(), Vec::new());
    for (index, range) in ranges.iter().enumerate() {
        match open(reader, folder, range.uid, range.blob) {
            Ok(open) => {
                indexes.push(index);
                readable.push(open.range(range.offset, range.length));
            }
            Err(error) => found[index] = Err(error),
        }
    }
    for (index, read) in indexes.into_iter().zip(read_ranges(&readable)) {
        found[index] = read;
    }
    Ok(found)
}

/// The blob of an entry in a folder.
fn open(
    reader: &Reader,
    folder: FolderId,
    uid: Uid,
    blob: BlobRef,
) -> Result<OpenBlob, StorageError> {
    let found = sql::one(
        &reader.conn,
        "SELECT coalesce(b.at_segment, b.segment), coalesce(b.at_offset, b.offset), b.size, b.checksum
         FROM entry e JOIN blob b ON b.segment = e.segment AND b.offset = e.offset
         WHERE e.folder = ?1 AND e.uid = ?2 AND e.segment = ?3 AND e.offset = ?4 AND e.size = ?5",
        params![
            sql::int(folder.0),
            uid.value(),
            blob.segment,
            sql::int(blob.offset),
            sql::int(blob.size)
        ],
        |row| Ok((super::stored_blob(row, 0)?, row.get::<_, [u8; 32]>(3)?)),
    )?;
    let (blob, checksum) = found.ok_or(StorageError::NotFound(What::Entry))?;
    reader.segments.hold(blob, blake3::Hash::from_bytes(checksum))
}
