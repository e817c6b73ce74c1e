//! Moves what lives out of segments that are mostly dead, so that their files can go.
//!
//! A blob keeps the segment and offset that entries know it by; where its bytes are is said in `at_segment`
//! and `at_offset`. Bytes are always in a segment of that or a higher number, so as long as they are there the
//! number by which they are known is not given again.

use super::blob;
use crate::embedded::committer::Write;
use crate::embedded::reader::Reader;
use crate::embedded::segment::Segments;
use crate::embedded::{Embedded, sql};
use crate::{BlobRef, Compacted, StorageError};
use rusqlite::{Connection, params};

/// Blobs moved in one operation.
const BLOBS_AT_ONCE: u64 = 500;

/// A blob that is to move.
#[derive(Clone, Copy, Debug)]
struct Moving {
    /// What entries know it by.
    known_as: BlobRef,
    /// Where its bytes are.
    from: BlobRef,
    checksum: blake3::Hash,
}

/// See [`crate::Storage::compact`].
pub(crate) async fn compact(engine: &Embedded, budget: u64) -> Result<Compacted, StorageError> {
    let (segments, some) = engine.read(move |reader| choose(reader, budget)).await?;
    if some.is_empty() {
        return Ok(Compacted::default());
    }
    let spare = std::sync::Arc::clone(&engine.blobs.spare);
    let copy = move |(): &mut ()| {
        spare.check_moving()?;
        let copies = some.into_iter().map(|moving| (moving, copy(&segments, moving)));
        Ok(copies.collect::<Vec<_>>())
    };
    let copies = engine.blobs.pool.run(copy).await?;
    engine.write(move |write| place(write, copies)).await
}

/// Some blobs of the segment of which least lives.
fn choose(
    reader: &Reader,
    budget: u64,
) -> Result<(std::sync::Arc<Segments>, Vec<Moving>), StorageError> {
    let conn = &reader.conn;
    let segments = std::sync::Arc::clone(&reader.segments);
    let known = sql::all(
        conn,
        "SELECT number, live_bytes FROM segment WHERE live_blobs > 0 ORDER BY live_bytes LIMIT 100",
        [],
        |row| Ok((row.get::<_, u32>(0)?, sql::unsigned(row, 1)?)),
    )?;
    let doomed = known.into_iter().find(|(number, live)| segments.is_mostly_dead(*number, *live));
    let mut some = match doomed {
        None => Vec::new(),
        Some((number, _)) => blobs_in(conn, number)?,
    };
    let mut bytes = 0u64;
    let enough = some.iter().position(|moving| {
        bytes = bytes.saturating_add(moving.from.size);
        bytes >= budget
    });
    some.truncate(enough.map_or(some.len(), |last| last + 1));
    Ok((segments, some))
}

fn blobs_in(conn: &Connection, number: u32) -> Result<Vec<Moving>, StorageError> {
    sql::all(
        conn,
        "SELECT segment, offset, size, coalesce(at_segment, segment), coalesce(at_offset, offset), size, checksum
         FROM blob WHERE segment = ?1 AND at_segment IS NULL
         UNION ALL
         SELECT segment, offset, size, at_segment, at_offset, size, checksum FROM blob WHERE at_segment = ?1
         LIMIT ?2",
        params![number, sql::int(BLOBS_AT_ONCE)],
        |row| {
            Ok(Moving {
                known_as: super::stored_blob(row, 0)?,
                from: super::stored_blob(row, 3)?,
                checksum: blake3::Hash::from_bytes(row.get(6)?),
            })
        },
    )
}

/// Copies the bytes, checking them.
fn copy(segments: &Segments, moving: Moving) -> Result<BlobRef, StorageError> {
    let Moving { from, checksum, .. } = moving;
    let bytes = segments.read_checked(from, checksum)?;
    let place = segments.reserve(from.size)?;
    segments.write_whole(&place, &bytes)?;
    Ok(place.blob)
}

/// Says where the copies are; their bytes are made durable before this is committed.
fn place(
    write: &mut Write<'_>,
    copies: Vec<(Moving, Result<BlobRef, StorageError>)>,
) -> Result<Compacted, StorageError> {
    let mut done = Compacted::default();
    for (Moving { known_as, from, checksum }, copy) in copies {
        let to = match copy {
            Ok(to) => to,
            Err(error @ StorageError::Corrupt(_)) => {
                // It stays where it is, and with it its segment.
                tracing::error!(%error, "a message cannot be moved");
                write.segments.keep(from.segment);
                continue;
            }
            Err(error) => return Err(error),
        };
        if write.segments.first_reference(to)? != checksum {
            return Err(crate::embedded::fault::damaged("a copy differs"));
        }
        let moved = sql::run(
            write.conn,
            "UPDATE blob SET at_segment = ?3, at_offset = ?4
             WHERE segment = ?1 AND offset = ?2 AND coalesce(at_segment, segment) = ?5 AND coalesce(at_offset, offset) = ?6",
            params![
                known_as.segment,
                sql::int(known_as.offset),
                to.segment,
                sql::int(to.offset),
                from.segment,
                sql::int(from.offset)
            ],
        )?;
        // It may be gone meanwhile; then its copy is dead space.
        if moved == 1 {
            blob::count_in(write.conn, to)?;
            blob::count_out(write, from.segment, 1, sql::int(from.size))?;
            done.blobs += 1;
            done.bytes += from.size;
        }
    }
    done.more = done.blobs > 0;
    Ok(done)
}
