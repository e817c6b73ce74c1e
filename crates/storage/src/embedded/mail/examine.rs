//! Messages looked at where they are read.

use super::folder;
use crate::embedded::open_blob::OpenBlob;
use crate::embedded::reader::Reader;
use crate::embedded::sql;
use crate::{Examiner, StorageError};
use rusqlite::params;
use std::ops::RangeInclusive;
use terms::{AccountId, FolderId, Uid};

/// See [`crate::Storage::examine`].
pub(crate) fn examine(
    reader: &Reader,
    account: AccountId,
    folder: FolderId,
    uids: &RangeInclusive<Uid>,
    examiner: &mut impl Examiner,
) -> Result<(), StorageError> {
    folder::by_id(&reader.conn, account, folder)?;
    let mut statement = reader.conn.prepare_cached(
        "SELECT e.uid, coalesce(b.at_segment, b.segment), coalesce(b.at_offset, b.offset), b.size, b.checksum, b.digest
         FROM entry e JOIN blob b ON b.segment = e.segment AND b.offset = e.offset
         WHERE e.folder = ?1 AND e.uid BETWEEN ?2 AND ?3 ORDER BY e.uid",
    )?;
    let mut rows =
        statement.query(params![sql::int(folder.0), uids.start().value(), uids.end().value()])?;
    let (mut buffer, mut open) = (Vec::new(), None::<OpenBlob>);
    while let Some(row) = rows.next()? {
        let digest = row.get_ref(5)?.as_blob().map_err(crate::embedded::fault::damaged)?;
        if let Some(range) = examiner.range(sql::uid(row, 0)?, digest) {
            let (blob, checksum) = (super::stored_blob(row, 1)?, row.get::<_, [u8; 32]>(4)?);
            let checksum = blake3::Hash::from_bytes(checksum);
            let length = usize::try_from(range.end.saturating_sub(range.start));
            let held = match open.take() {
                // Messages of a folder often follow each other in one file.
                Some(open) if open.blob.segment == blob.segment => {
                    Ok(OpenBlob { blob, checksum, ..open })
                }
                _ => reader.segments.hold(blob, checksum),
            };
            let read = held.and_then(|held| {
                open.insert(held).read_to(&mut buffer, range.start, length.unwrap_or(usize::MAX))
            });
            examiner.look(read.map(|()| buffer.as_slice()));
        }
    }
    Ok(())
}
