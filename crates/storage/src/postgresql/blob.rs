//! The bytes of messages: taken, held and read. They are objects, each named by its blob's number; how many entries
//! refer to a blob is counted in `mail::blob`.
//!
//! No connection to the database is kept while bytes are on their way.

use super::mail::{entry, folder};
use super::transaction::Read;
use super::{Postgresql, fence, sql};
use crate::objects::{ObjectWriter, Objects, Stored};
use crate::{BlobRange, BlobRef, Examiner, Login, StorageError, What};
use bytes::Bytes;
use futures::future::try_join;
use futures::{StreamExt, stream};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use terms::{AccountId, FolderId, Uid};
use tokio_postgres::Row;

/// Bytes of a message that most headers fit in.
const HEAD: usize = 8 * 1024;
/// Objects that one session's reads have under way at a time.
const AT_A_TIME: usize = 8;

/// What [`crate::HeldBlob`] holds: bytes stay for a while after nothing refers to them any more (`mail::compaction`).
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Whose entry it was held through.
    account: AccountId,
    stored: Stored,
}

/// See [`crate::BlobWriter`].
#[derive(Debug)]
pub(crate) struct BlobWriter {
    engine: Postgresql,
    writer: Box<ObjectWriter>,
}

impl BlobWriter {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.writer.write(bytes).await
    }

    pub(crate) fn size(&self) -> u64 {
        self.writer.size()
    }

    pub(crate) async fn bytes(&mut self) -> Result<Bytes, StorageError> {
        self.writer.bytes().await
    }

    /// The bytes are durable when this answers. Given up half-way they are swept away later.
    pub(crate) async fn finish(self) -> Result<BlobRef, StorageError> {
        let number = self.engine.next_number().await?;
        let Stored { size, checksum, .. } = self.writer.finish(number).await?;
        let blob = BlobRef { segment: 0, offset: number, size };
        self.engine.shared.fresh.put(blob, blake3::Hash::from_bytes(checksum));
        Ok(blob)
    }
}

impl Postgresql {
    /// See [`crate::Storage::blob_writer`].
    pub(crate) fn blob_writer(&self, size_hint: Option<u64>) -> BlobWriter {
        let writer = Box::new(self.shared.objects.writer(size_hint));
        BlobWriter { engine: self.clone(), writer }
    }

    /// See [`crate::Storage::read_blob`].
    pub(crate) async fn read_blob(
        &self,
        login: &Login,
        entry: (FolderId, Uid, BlobRef),
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        let held = self.hold_blob(login, entry).await?;
        read_stored(&self.shared.objects, &held.stored, offset, length).await
    }

    /// See [`crate::Storage::read_ranges`]. The objects are read side by side.
    pub(crate) async fn read_ranges(
        &self,
        login: &Login,
        folder: FolderId,
        ranges: Vec<BlobRange>,
    ) -> Result<Vec<Result<Bytes, StorageError>>, StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin_as(&mut client, login).await?;
        folder::by_id(&read.tx, login.account, folder).await?;
        let uids: Vec<i64> = ranges.iter().map(|range| i64::from(range.uid.value())).collect();
        let numbers: Vec<i64> = ranges.iter().map(|range| sql::int(range.blob.offset)).collect();
        let rows = sql::all(
            &read.tx,
            "SELECT b.id, b.size, b.checksum, e.uid FROM unnest($2::bigint[], $3::bigint[]) AS r (uid, blob)
             JOIN entry e ON e.folder = $1 AND e.uid = r.uid AND e.blob = r.blob JOIN blob b ON b.id = e.blob",
            &[&sql::int(folder.0), &uids, &numbers],
        )
        .await?;
        drop(read);
        drop(client);
        let known =
            rows.iter().map(|row| Ok(((sql::uid(row, 3)?, sql::unsigned(row, 0)?), stored(row)?)));
        let known = known.collect::<Result<HashMap<_, _>, StorageError>>()?;
        let one = |range: BlobRange| {
            let found = known.get(&(range.uid, range.blob.offset)).copied();
            let found =
                found.filter(|found| (0, found.size) == (range.blob.segment, range.blob.size));
            async move {
                let found = found.ok_or(StorageError::NotFound(What::Entry))?;
                read_stored(&self.shared.objects, &found, range.offset, range.length).await
            }
        };
        Ok(stream::iter(ranges).map(one).buffered(AT_A_TIME).collect().await)
    }

    /// See [`crate::Storage::examine`]. What is to be looked at is read first, a few messages at a time.
    pub(crate) async fn examine<E: Examiner>(
        &self,
        login: &Login,
        folder: FolderId,
        uids: RangeInclusive<Uid>,
        mut examiner: E,
    ) -> Result<E, StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin_as(&mut client, login).await?;
        folder::by_id(&read.tx, login.account, folder).await?;
        let (first, last) = (i64::from(uids.start().value()), i64::from(uids.end().value()));
        let rows = sql::all(
            &read.tx,
            "SELECT b.id, b.size, b.checksum, e.uid, b.digest FROM entry e JOIN blob b ON b.id = e.blob
             WHERE e.folder = $1 AND e.uid BETWEEN $2 AND $3 ORDER BY e.uid",
            &[&sql::int(folder.0), &first, &last],
        )
        .await?;
        drop(read);
        drop(client);
        let mut looks = false;
        for some in rows.chunks(AT_A_TIME) {
            // An examiner that looked at one message will look at the next: mostly at its header.
            let mut heads = match looks {
                true => self.heads(some).await?.into_iter(),
                false => Vec::new().into_iter(),
            };
            for row in some {
                let head = heads.next();
                let range = examiner.range(sql::uid(row, 3)?, sql::column(row, 4)?);
                looks = range.is_some();
                let Some(range) = range else { continue };
                let (blob, begin) = (stored(row)?, range.start);
                let end = range.end.min(blob.size);
                match head.as_ref().and_then(|head| head.get(begin as usize..end as usize)) {
                    Some(bytes) => examiner.look(Ok(bytes)),
                    None => {
                        let length = end.saturating_sub(begin) as usize;
                        let read = read_stored(&self.shared.objects, &blob, begin, length).await;
                        examiner.look(read.as_deref().map_err(Clone::clone));
                    }
                }
            }
        }
        Ok(examiner)
    }

    /// The beginnings of some blobs; nothing of one that cannot be read.
    async fn heads(&self, rows: &[Row]) -> Result<Vec<Bytes>, StorageError> {
        let blobs = rows.iter().map(stored).collect::<Result<Vec<_>, _>>()?;
        let head = |blob: Stored| async move {
            read_stored(&self.shared.objects, &blob, 0, HEAD).await.unwrap_or_default()
        };
        Ok(stream::iter(blobs).map(head).buffered(AT_A_TIME).collect().await)
    }

    /// See [`crate::Storage::hold_blob`].
    pub(crate) async fn hold_blob(
        &self,
        login: &Login,
        (folder, uid, blob): (FolderId, Uid, BlobRef),
    ) -> Result<Held, StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin_as(&mut client, login).await?;
        let (id, uid) = (sql::int(folder.0), i64::from(uid.value()));
        let (number, size) = (sql::int(blob.offset), sql::int(blob.size));
        let (_, found) = try_join(
            folder::by_id(&read.tx, login.account, folder),
            sql::one(
                &read.tx,
                "SELECT b.id, b.size, b.checksum FROM entry e JOIN blob b ON b.id = e.blob
                 WHERE e.folder = $1 AND e.uid = $2 AND e.blob = $3 AND e.size = $4",
                &[&id, &uid, &number, &size],
            ),
        )
        .await?;
        let row = found.filter(|_| blob.segment == 0).ok_or(StorageError::NotFound(What::Entry))?;
        Ok(Held { account: login.account, stored: stored(&row)? })
    }

    /// See [`crate::Storage::read_held`].
    pub(crate) async fn read_held(
        &self,
        login: &Login,
        held: &Held,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        let client = self.client().await?;
        fence::check(&client, login).await?;
        drop(client);
        if login.account != held.account {
            return Err(StorageError::NotFound(What::Entry));
        }
        read_stored(&self.shared.objects, &held.stored, offset, length).await
    }
}

/// Up to `length` bytes from `offset` on; checked if they are all.
pub(super) async fn read_stored(
    objects: &Objects,
    stored: &Stored,
    offset: u64,
    length: usize,
) -> Result<Bytes, StorageError> {
    let end = offset.saturating_add(length as u64).min(stored.size);
    if offset == 0 && end == stored.size {
        objects.read_whole(stored).await
    } else {
        objects.read(stored.number, offset.min(end)..end).await
    }
}

/// What must be known of a blob to read it, in columns number, size and checksum.
pub(super) fn stored(row: &Row) -> Result<Stored, StorageError> {
    let BlobRef { offset: number, size, .. } = entry::blob(row, 0)?;
    let checksum: &[u8] = sql::column(row, 2)?;
    let checksum = checksum.try_into().map_err(super::fault::damaged)?;
    Ok(Stored { number, size, checksum })
}
