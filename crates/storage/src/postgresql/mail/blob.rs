//! Blobs: how many entries refer to each.
//!
//! Transactions of several accounts meet here, so each locks the blobs it counts in ascending order, all at once,
//! and after everything else that others could wait for.

use crate::postgresql::fault::damaged;
use crate::postgresql::fresh::Fresh;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{BlobRef, StorageError};
use bytes::Bytes;
use std::collections::BTreeMap;
use terms::UnixTime;

/// Entries about to be made, by the blob that they refer to: how many, and what `message` made of its bytes.
#[derive(Debug, Default)]
pub(super) struct References<'a> {
    by_number: BTreeMap<i64, Reference<'a>>,
}

#[derive(Debug)]
struct Reference<'a> {
    blob: BlobRef,
    digest: &'a Bytes,
    count: i64,
}

impl<'a> References<'a> {
    /// One more. `Corrupt`: an earlier one says that the blob has another size.
    pub(super) fn add(&mut self, blob: BlobRef, digest: &'a Bytes) -> Result<(), StorageError> {
        let first = Reference { blob, digest, count: 0 };
        let reference = self.by_number.entry(sql::int(blob.offset)).or_insert(first);
        if reference.blob != blob {
            return Err(no_blob(blob));
        }
        reference.count += 1;
        Ok(())
    }

    /// Counts them. `Corrupt`: there is no such blob.
    pub(super) async fn count(self, write: &Write<'_>, fresh: &Fresh) -> Result<(), StorageError> {
        let (mut known, mut new) = (BTreeMap::new(), New::default());
        for (number, reference) in self.by_number {
            match fresh.get(reference.blob) {
                Some(checksum) => new.push(number, &reference, checksum),
                None => {
                    known.insert(number, reference);
                }
            }
        }
        if !known.is_empty() {
            // Also those that may be there already, lest they be locked out of order below.
            lock(write, known.keys().chain(&new.numbers)).await?;
            for reference in known.values() {
                if !is_known(write, reference.blob).await? {
                    return Err(no_blob(reference.blob));
                }
            }
            let counts = known.into_iter().map(|(number, reference)| (number, reference.count));
            count_again(write, counts.unzip()).await?;
        }
        new.count(write).await
    }
}

/// Whether a blob can be referred to.
pub(super) async fn is_there(
    write: &Write<'_>,
    fresh: &Fresh,
    blob: BlobRef,
) -> Result<bool, StorageError> {
    Ok(fresh.get(blob).is_some() || is_known(write, blob).await?)
}

/// Whether a blob has entries.
async fn is_known(write: &Write<'_>, blob: BlobRef) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM blob WHERE id = $1 AND size = $2";
    let found = sql::one(&write.tx, sql, &[&sql::int(blob.offset), &sql::int(blob.size)]).await?;
    Ok(found.is_some() && blob.segment == 0)
}

pub(super) fn no_blob(blob: BlobRef) -> StorageError {
    damaged(format_args!("no blob {}", blob.offset))
}

/// Columns of blobs that were stored lately, ascending by number.
#[derive(Default)]
struct New<'a> {
    numbers: Vec<i64>,
    sizes: Vec<i64>,
    counts: Vec<i64>,
    checksums: Vec<Vec<u8>>,
    digests: Vec<&'a [u8]>,
}

impl<'a> New<'a> {
    fn push(&mut self, number: i64, reference: &Reference<'a>, checksum: blake3::Hash) {
        self.numbers.push(number);
        self.sizes.push(sql::int(reference.blob.size));
        self.counts.push(reference.count);
        self.checksums.push(checksum.as_bytes().to_vec());
        self.digests.push(&reference.digest[..]);
    }

    async fn count(self, write: &Write<'_>) -> Result<(), StorageError> {
        if self.numbers.is_empty() {
            return Ok(());
        }
        sql::run(
            &write.tx,
            "INSERT INTO blob AS b (id, size, refs, checksum, digest)
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[]) AS new (id)
             ORDER BY id
             ON CONFLICT (id) DO UPDATE SET refs = b.refs + excluded.refs",
            &[&self.numbers, &self.sizes, &self.counts, &self.checksums, &self.digests],
        )
        .await?;
        // Asked when the rows are ours: nobody can let them die any more, and who did before is seen.
        let sql = "SELECT 1 FROM dead_blob WHERE id = ANY ($1) LIMIT 1";
        match sql::one(&write.tx, sql, &[&self.numbers]).await? {
            None => Ok(()),
            Some(_) => Err(StorageError::Unavailable("the blob was given up".to_owned())),
        }
    }
}

/// Locks those of these blobs that have entries.
async fn lock<'n>(
    write: &Write<'_>,
    numbers: impl Iterator<Item = &'n i64>,
) -> Result<(), StorageError> {
    let numbers: Vec<i64> = numbers.copied().collect();
    let sql = "SELECT 1 FROM blob WHERE id = ANY ($1) ORDER BY id FOR UPDATE";
    sql::all(&write.tx, sql, &[&numbers]).await?;
    Ok(())
}

/// Counts one more entry for each of these blobs, which have entries. `Corrupt`: one has not.
pub(super) async fn refer_again(
    write: &Write<'_>,
    blobs: impl Iterator<Item = BlobRef>,
) -> Result<(), StorageError> {
    let counts = counted(blobs.map(|blob| sql::int(blob.offset)));
    lock(write, counts.keys()).await?;
    count_again(write, counts.into_iter().unzip()).await
}

async fn count_again(
    write: &Write<'_>,
    (numbers, counts): (Vec<i64>, Vec<i64>),
) -> Result<(), StorageError> {
    let found = sql::run(
        &write.tx,
        "UPDATE blob SET refs = refs + more.count FROM unnest($1::bigint[], $2::bigint[]) AS more (id, count)
         WHERE blob.id = more.id",
        &[&numbers, &counts],
    )
    .await?;
    if found == numbers.len() as u64 { Ok(()) } else { Err(without_blob()) }
}

/// Counts one entry less for each of these blobs, named as often as it loses entries. Those that have none left
/// are dead from `now` on.
pub(crate) async fn release(
    write: &Write<'_>,
    numbers: impl Iterator<Item = i64>,
    now: UnixTime,
) -> Result<(), StorageError> {
    let counts = counted(numbers);
    if counts.is_empty() {
        return Ok(());
    }
    lock(write, counts.keys()).await?;
    let (numbers, counts): (Vec<i64>, Vec<i64>) = counts.into_iter().unzip();
    let found = sql::run(
        &write.tx,
        "UPDATE blob SET refs = refs - less.count FROM unnest($1::bigint[], $2::bigint[]) AS less (id, count)
         WHERE blob.id = less.id",
        &[&numbers, &counts],
    )
    .await?;
    if found != numbers.len() as u64 {
        return Err(without_blob());
    }
    sql::run(
        &write.tx,
        "WITH died AS (DELETE FROM blob WHERE id = ANY ($1) AND refs <= 0 RETURNING id, size)
         INSERT INTO dead_blob (id, size, at) SELECT id, size, $2::bigint FROM died
         ON CONFLICT (id) DO UPDATE SET at = excluded.at",
        &[&numbers, &now.0],
    )
    .await?;
    Ok(())
}

fn without_blob() -> StorageError {
    damaged("an entry without its blob")
}

fn counted(numbers: impl Iterator<Item = i64>) -> BTreeMap<i64, i64> {
    let mut counts = BTreeMap::new();
    for number in numbers {
        *counts.entry(number).or_default() += 1;
    }
    counts
}
