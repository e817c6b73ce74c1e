//! Outlines of large folders, kept in the database: which UIDs there are and which are unseen, as of a
//! mod-sequence. A folder that nobody has opened since the start is opened by its outline and what changed since,
//! instead of by all its entries.
//!
//! An outline may be old, and may be lost: it saves reading, and nothing depends on it. Whoever opens a folder and
//! finds that much has changed since its outline asks for a new one to be written, and does not wait.

use crate::StorageError;
use crate::embedded::committer::Write;
use crate::embedded::fault::damaged;
use crate::embedded::sql;
use crate::known::{Outline, Runs};
use rusqlite::{Connection, params};
use terms::{FolderId, Uid};

/// Bytes of an outline. A folder whose outline would be larger, with a million runs or so, has none.
const BYTES_BOUND: usize = 4 * 1024 * 1024;

/// The outline of a folder, if it has one.
pub(super) fn load(conn: &Connection, id: FolderId) -> Result<Option<Outline>, StorageError> {
    sql::one(
        conn,
        "SELECT mod_seq, uids, unseen FROM outline WHERE folder = ?1",
        [sql::int(id.0)],
        |row| {
            let runs = |column| {
                let bytes = row.get_ref(column)?.as_blob().map_err(damaged)?;
                decoded(bytes).ok_or_else(|| damaged("an outline"))
            };
            Ok(Outline { as_of: sql::mod_seq(row, 0)?, uids: runs(1)?, unseen: runs(2)? })
        },
    )
}

/// Writes the outline of a folder, unless there is a later one or the folder is gone. One of the same moment may be damaged.
pub(crate) fn store(
    write: &mut Write<'_>,
    id: FolderId,
    outline: &Outline,
) -> Result<(), StorageError> {
    let (uids, unseen) = (encoded(&outline.uids), encoded(&outline.unseen));
    if uids.len() + unseen.len() > BYTES_BOUND {
        return Ok(());
    }
    sql::run(
        write.conn,
        "INSERT INTO outline (folder, mod_seq, uids, unseen)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM folder WHERE id = ?1)
         ON CONFLICT (folder) DO UPDATE SET mod_seq = excluded.mod_seq, uids = excluded.uids, unseen = excluded.unseen
         WHERE excluded.mod_seq >= outline.mod_seq",
        params![sql::int(id.0), sql::int(outline.as_of.0), uids, unseen],
    )?;
    Ok(())
}

/// For each run, in LEB128, the distance from the end of the one before and the length beyond one.
fn encoded(runs: &[(Uid, Uid)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = 0;
    for (first, last) in runs {
        number(first.value() - before, &mut bytes);
        number(last.value() - first.value(), &mut bytes);
        before = last.value();
    }
    bytes
}

/// None: these bytes are no runs.
fn decoded(mut bytes: &[u8]) -> Option<Runs> {
    let mut runs = Runs::new();
    let mut before = 0_u32;
    while !bytes.is_empty() {
        let distance = take_number(&mut bytes)?;
        // Each begins behind the one before.
        let first = before.checked_add(distance).filter(|_| distance > 0)?;
        let last = first.checked_add(take_number(&mut bytes)?)?;
        runs.push((Uid::new(first)?, Uid::new(last)?));
        before = last;
    }
    Some(runs)
}

fn number(mut value: u32, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_as_bytes() {
        let check = |runs: &[(u32, u32)], bytes: &[u8]| {
            let uid = |number| Uid::new(number).unwrap();
            let runs: Runs = runs.iter().map(|(a, b)| (uid(*a), uid(*b))).collect();
            assert_eq!(encoded(&runs), bytes);
            assert_eq!(decoded(bytes), Some(runs));
        };
        check(&[], b"");
        check(&[(1, 1)], b"\x01\x00");
        check(&[(1, 3), (7, 7), (300, 100_000)], b"\x01\x02\x04\x00\xa5\x02\xf4\x8a\x06");
        check(&[(u32::MAX, u32::MAX)], b"\xff\xff\xff\xff\x0f\x00");
    }

    #[test]
    fn what_is_no_runs() {
        for bytes in [
            &b"\x00\x00"[..],
            b"\x01",
            b"\x01\x80",
            b"\x01\x00\x00\x00",
            b"\xff\xff\xff\xff\x0f\x01",
            b"\xff\xff\xff\xff\x1f\x00",
            b"\xff\xff\xff\xff\xff\x0f\x00",
        ] {
            assert_eq!(decoded(bytes), None, "{bytes:?}");
        }
    }
}
