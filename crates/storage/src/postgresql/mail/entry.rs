//! Entries as rows.

use super::folder;
use super::keyword::Keywords;
use crate::postgresql::transaction::{Read, Write};
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

/// Rows written with one statement.
const PIECE: usize = 50_000;

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

/// Entries of a folder.
#[derive(Clone, Debug)]
pub(super) enum Which {
    /// All there are.
    All,
    /// Those of these that exist.
    These(Vec<Uid>),
}

impl Which {
    /// The array of UIDs in a statement; none: all.
    pub(super) fn column(&self) -> Option<Vec<i64>> {
        match self {
            Which::All => None,
            Which::These(uids) => Some(uids.iter().map(|uid| uid.value().into()).collect()),
        }
    }
}

/// These entries, ascending. (Two statements, so that each has a plan that is good for any number of UIDs.)
pub(super) async fn some(
    conn: &impl GenericClient,
    folder: FolderId,
    which: &Which,
) -> Result<Vec<Entry>, StorageError> {
    let sql = match which {
        Which::All => select_entry!(
            "FROM entry e WHERE e.folder = $1 AND $2::bigint[] IS NULL ORDER BY e.uid"
        ),
        Which::These(_) => {
            select_entry!("FROM entry e WHERE e.folder = $1 AND e.uid = ANY ($2) ORDER BY e.uid")
        }
    };
    let rows = sql::all(conn, sql, &[&sql::int(folder.0), &which.column()]).await?;
    let keywords = keywords_of(conn, folder, &rows).await?;
    rows.iter().map(|row| stored(row, &keywords)).collect()
}

/// The keywords that the entries of these rows need to be understood.
async fn keywords_of(
    conn: &impl GenericClient,
    folder: FolderId,
    rows: &[Row],
) -> Result<Keywords, StorageError> {
    for row in rows {
        if sql::column::<Option<Vec<i64>>>(row, 3)?.is_some() {
            return Keywords::of(conn, folder).await;
        }
    }
    Ok(Keywords::none(folder))
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

/// New entries, by column.
#[derive(Debug, Default)]
pub(super) struct Columns {
    folder: Vec<i64>,
    uid: Vec<i64>,
    mod_seq: Vec<i64>,
    flags: Vec<i64>,
    keywords: Vec<Option<String>>,
    date: Vec<i64>,
    date_offset: Vec<i64>,
    blob: Vec<i64>,
    size: Vec<i64>,
}

impl Columns {
    /// One more.
    pub(super) fn push(
        &mut self,
        folder: FolderId,
        uid: Uid,
        mod_seq: ModSeq,
        (flags, keywords): (u8, Option<Vec<i64>>),
        date: InternalDate,
        blob: BlobRef,
    ) {
        self.folder.push(sql::int(folder.0));
        self.uid.push(uid.value().into());
        self.mod_seq.push(sql::int(mod_seq.0));
        self.flags.push(flags.into());
        self.keywords.push(keywords.as_deref().map(array));
        self.date.push(date.at.0);
        self.date_offset.push(date.offset_minutes.into());
        self.blob.push(sql::int(blob.offset));
        self.size.push(sql::int(blob.size));
    }

    /// Writes them.
    pub(super) async fn insert(&self, write: &Write<'_>) -> Result<(), StorageError> {
        for first in (0..self.uid.len()).step_by(PIECE) {
            let piece = first..self.uid.len().min(first + PIECE);
            sql::run(
                &write.tx,
                "INSERT INTO entry (folder, uid, mod_seq, arrived, flags, keywords, date, date_offset, blob, size)
                 SELECT folder, uid, mod_seq, mod_seq, flags, keywords::bigint[], date, date_offset, blob, size
                 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
                             $7::bigint[], $8::bigint[], $9::bigint[])
                      AS new (folder, uid, mod_seq, flags, keywords, date, date_offset, blob, size)",
                &[
                    &&self.folder[piece.clone()],
                    &&self.uid[piece.clone()],
                    &&self.mod_seq[piece.clone()],
                    &&self.flags[piece.clone()],
                    &&self.keywords[piece.clone()],
                    &&self.date[piece.clone()],
                    &&self.date_offset[piece.clone()],
                    &&self.blob[piece.clone()],
                    &&self.size[piece],
                ],
            )
            .await?;
        }
        Ok(())
    }
}

/// An array as text: arrays of arrays cannot have members of different lengths.
pub(super) fn array(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    format!("{{{}}}", numbers.join(","))
}
