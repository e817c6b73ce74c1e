//! Entries as rows.

use super::folder;
use super::keyword::Keywords;
use crate::postgresql::transaction::Read;
use crate::postgresql::{Postgresql, sql};
use crate::{BlobRef, Entry, EntryQuery, Login, StorageError};
use bytes::Bytes;
use deadpool_postgres::GenericClient;
use futures::future::{try_join, try_join3};
use std::ops::RangeInclusive;
use terms::{FolderId, InternalDate, ModSeq, Uid, UnixTime};
use tokio_postgres::Row;

/// The columns that [`stored`] reads, as a selection from `entry e`.
macro_rules! select_entry {
    ($rest:literal) => {
        concat!(
            "SELECT e.uid, e.mod_seq, e.flags, e.keywords, e.date, e.date_offset, e.blob, e.size ",
            $rest
        )
    };
}

impl Postgresql {
    /// See [`crate::Storage::entries`].
    pub(crate) async fn entries(
        &self,
        login: &Login,
        folder: FolderId,
        uids: RangeInclusive<Uid>,
        limit: usize,
        query: EntryQuery,
    ) -> Result<Vec<Entry>, StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin_as(&mut client, login).await?;
        let sql = match query {
            EntryQuery::Plain => select_entry!(
                "FROM entry e WHERE e.folder = $1 AND e.uid BETWEEN $2 AND $3 ORDER BY e.uid LIMIT $4"
            ),
            EntryQuery::WithDigest => select_entry!(
                ", b.digest FROM entry e JOIN blob b ON b.id = e.blob
                 WHERE e.folder = $1 AND e.uid BETWEEN $2 AND $3 ORDER BY e.uid LIMIT $4"
            ),
        };
        let (first, last) = (i64::from(uids.start().value()), i64::from(uids.end().value()));
        let (id, limit) = (sql::int(folder.0), sql::int(limit as u64));
        // All at once: one round trip.
        let (_, keywords, rows) = try_join3(
            folder::by_id(&read.tx, login.account, folder),
            Keywords::of(&read.tx, folder),
            sql::all(&read.tx, sql, &[&id, &first, &last, &limit]),
        )
        .await?;
        let entry = |row: &Row| {
            let entry = stored(row, &keywords)?;
            Ok(match query {
                EntryQuery::Plain => entry,
                EntryQuery::WithDigest => {
                    let digest = Bytes::copy_from_slice(sql::column(row, 8)?);
                    Entry { digest, ..entry }
                }
            })
        };
        rows.iter().map(entry).collect()
    }
}

/// The entries of a folder that changed after `since`, ascending by UID, each with the mod-sequence with
/// which it came.
pub(super) async fn changed_since(
    conn: &impl GenericClient,
    folder: FolderId,
    since: ModSeq,
) -> Result<Vec<(Entry, ModSeq)>, StorageError> {
    let sql = select_entry!(
        ", e.arrived FROM entry e WHERE e.folder = $1 AND e.mod_seq > $2 ORDER BY e.uid"
    );
    let (id, since) = (sql::int(folder.0), sql::int(since.0));
    let (keywords, rows) =
        try_join(Keywords::of(conn, folder), sql::all(conn, sql, &[&id, &since])).await?;
    rows.iter().map(|row| Ok((stored(row, &keywords)?, sql::mod_seq(row, 8)?))).collect()
}

fn stored(row: &Row, keywords: &Keywords) -> Result<Entry, StorageError> {
    let numbers: Option<Vec<i64>> = sql::column(row, 3)?;
    Ok(Entry {
        uid: sql::uid(row, 0)?,
        mod_seq: sql::mod_seq(row, 1)?,
        flags: keywords.flags(sql::column(row, 2)?, numbers.as_deref())?,
        internal_date: date(row, 4)?,
        blob: blob(row, 6)?,
        digest: Bytes::new(),
    })
}

/// When an entry arrived, in two columns from `first` on.
pub(super) fn date(row: &Row, first: usize) -> Result<InternalDate, StorageError> {
    let offset: i64 = sql::column(row, first + 1)?;
    let offset_minutes = offset.try_into().map_err(crate::postgresql::fault::damaged)?;
    Ok(InternalDate { at: UnixTime(sql::column(row, first)?), offset_minutes })
}

/// A reference to a blob, in two columns from `first` on.
pub(in crate::postgresql) fn blob(row: &Row, first: usize) -> Result<BlobRef, StorageError> {
    let (offset, size) = (sql::unsigned(row, first)?, sql::unsigned(row, first + 1)?);
    Ok(BlobRef { segment: 0, offset, size })
}
