//! Checks everything that is kept: the invariants of the engine by recounting, and every blob's bytes.

use super::reader::Reader;
use super::segment::Segments;
use super::{fault::damaged, sql};
use crate::{BlobRef, StorageError, Verification};
use rusqlite::{Connection, params};
use terms::{Address, DomainName, FolderName, Keyword};

/// Blobs looked up at a time.
const BLOBS_AT_ONCE: u64 = 1000;

/// What must not be: the invariant, and a query that names each offender.
const NEVER: [(&str, &str); 21] = [
    (
        "a folder's counters differ from its entries",
        "SELECT 'folder ' || f.id FROM folder f
         LEFT JOIN (SELECT folder, count(*) AS messages, sum(flags & 1 = 0) AS unseen,
                           sum(flags & 8 <> 0) AS deleted, sum(size) AS size
                    FROM entry GROUP BY folder) e ON e.folder = f.id
         WHERE f.messages <> coalesce(e.messages, 0) OR f.unseen <> coalesce(e.unseen, 0)
            OR f.deleted <> coalesce(e.deleted, 0) OR f.size <> coalesce(e.size, 0)",
    ),
    (
        "an entry has a number that its folder has not given yet",
        "SELECT 'folder ' || e.folder || ', UID ' || e.uid FROM entry e JOIN folder f ON f.id = e.folder
         WHERE e.uid >= f.uid_next OR e.mod_seq > f.highest_mod_seq OR e.arrived > e.mod_seq OR e.uid < 1",
    ),
    (
        "a folder's record of expunged UIDs is wrong",
        "SELECT 'folder ' || f.id FROM folder f
         WHERE f.expunged_runs <> (SELECT count(*) FROM expunged x WHERE x.folder = f.id)
            OR f.expunged_floor > f.highest_mod_seq
            OR EXISTS (SELECT 1 FROM expunged x WHERE x.folder = f.id
                       AND (x.mod_seq > f.highest_mod_seq OR x.mod_seq <= f.expunged_floor
                            OR x.last_uid >= f.uid_next OR x.first_uid > x.last_uid))",
    ),
    (
        "an expunged UID is still there",
        "SELECT 'folder ' || x.folder || ', UID ' || e.uid FROM expunged x
         JOIN entry e ON e.folder = x.folder AND e.uid BETWEEN x.first_uid AND x.last_uid",
    ),
    (
        "an outline is of no folder, or of what has not been",
        "SELECT 'folder ' || o.folder FROM outline o LEFT JOIN folder f ON f.id = o.folder
         WHERE f.id IS NULL OR o.mod_seq > f.highest_mod_seq",
    ),
    (
        "an account's usage differs from its folders",
        "SELECT 'account ' || a.id FROM account a
         LEFT JOIN usage u ON u.account = a.id
         LEFT JOIN (SELECT account, count(*) AS folders, sum(messages) AS messages, sum(size) AS size
                    FROM folder GROUP BY account) f ON f.account = a.id
         WHERE u.account IS NULL OR u.folders <> coalesce(f.folders, 0)
            OR u.messages <> coalesce(f.messages, 0) OR u.bytes <> coalesce(f.size, 0)",
    ),
    (
        "an entry has no blob of its size",
        "SELECT 'folder ' || e.folder || ', UID ' || e.uid
         FROM (SELECT folder, uid, segment, offset, size FROM entry
               UNION ALL SELECT folder, uid, segment, offset, size FROM deleted_entry) e
         LEFT JOIN blob b ON b.segment = e.segment AND b.offset = e.offset
         WHERE b.size IS NULL OR b.size <> e.size",
    ),
    (
        "a blob's references differ from its entries",
        "SELECT 'segment ' || b.segment || ' at ' || b.offset FROM blob b
         LEFT JOIN (SELECT segment, offset, count(*) AS refs FROM
                        (SELECT segment, offset FROM entry UNION ALL SELECT segment, offset FROM deleted_entry)
                    GROUP BY segment, offset) e
                ON e.segment = b.segment AND e.offset = b.offset
         WHERE b.refs <> coalesce(e.refs, 0) OR b.refs < 1",
    ),
    (
        "a segment's live bytes differ from its blobs",
        "SELECT 'segment ' || coalesce(s.number, b.segment) FROM segment s
         FULL JOIN (SELECT coalesce(at_segment, segment) AS segment, count(*) AS blobs, sum(size) AS bytes
                    FROM blob GROUP BY 1) b
                ON b.segment = s.number
         WHERE coalesce(s.live_blobs, 0) <> coalesce(b.blobs, 0) OR coalesce(s.live_bytes, 0) <> coalesce(b.bytes, 0)
            OR s.number IS NULL",
    ),
    (
        "blobs overlap",
        "SELECT 'segment ' || segment || ' at ' || offset FROM
             (SELECT segment, offset, max(offset + size) OVER
                 (PARTITION BY segment ORDER BY offset ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
              FROM (SELECT coalesce(at_segment, segment) AS segment, coalesce(at_offset, offset) AS offset, size
                    FROM blob))
         WHERE offset < before + 48",
    ),
    (
        "a blob moved to where it cannot be",
        "SELECT 'segment ' || segment || ' at ' || offset FROM blob
         WHERE (at_segment IS NULL) <> (at_offset IS NULL) OR at_segment <= segment",
    ),
    (
        "a deleted entry is without its folder or account",
        "SELECT 'deleted entry ' || e.id FROM deleted_entry e
         WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = e.account)
            OR NOT EXISTS (SELECT 1 FROM folder f WHERE f.id = e.folder AND f.account = e.account
                           UNION ALL SELECT 1 FROM deleted_folder d WHERE d.id = e.folder AND d.account = e.account)",
    ),
    (
        "a folder is deleted and is not",
        "SELECT 'folder ' || d.id FROM deleted_folder d WHERE EXISTS (SELECT 1 FROM folder f WHERE f.id = d.id)",
    ),
    (
        "an account has no inbox",
        "SELECT 'account ' || a.id FROM account a
         WHERE NOT EXISTS (SELECT 1 FROM folder f WHERE f.account = a.id AND f.name = 'INBOX')",
    ),
    (
        "a UIDVALIDITY was given twice, or was not given",
        "SELECT 'UIDVALIDITY ' || uid_validity FROM folder GROUP BY uid_validity
         HAVING count(*) > 1 OR uid_validity > (SELECT value FROM counter WHERE name = 'uid_validity')",
    ),
    (
        "an account is without its name",
        "SELECT 'account ' || a.id FROM account a WHERE a.deleted IS NULL AND NOT EXISTS
             (SELECT 1 FROM address n WHERE n.account = a.id AND n.address = a.address AND n.is_alias = 0)",
    ),
    (
        "an account has two real names, or a deleted one has names or tokens",
        "SELECT 'account ' || a.id FROM account a
         WHERE (SELECT count(*) FROM address n WHERE n.account = a.id AND n.is_alias = 0) > 1
            OR (a.deleted IS NOT NULL AND (EXISTS (SELECT 1 FROM address n WHERE n.account = a.id)
                OR EXISTS (SELECT 1 FROM token t WHERE t.account = a.id)))",
    ),
    (
        "an epoch is below a floor",
        "SELECT 'account ' || id FROM account WHERE imap_floor > epoch OR pop3_floor > epoch",
    ),
    (
        "a domain is without its name",
        "SELECT 'domain ' || d.id FROM domain d WHERE NOT EXISTS
             (SELECT 1 FROM domain_name n WHERE n.domain = d.id AND n.name = d.name AND n.is_alias = 0)",
    ),
    (
        "a domain's quota differs from its attribute",
        "SELECT 'domain ' || id FROM domain WHERE json_type(attributes, '$.quota') = 'integer'
            AND quota IS NOT json_extract(attributes, '$.quota') AND json_extract(attributes, '$.quota') >= 0",
    ),
    (
        "a workgroup is missing",
        "SELECT 'account ' || a.id FROM account a WHERE a.deleted IS NULL AND NOT EXISTS
             (SELECT 1 FROM workgroup w WHERE w.domain = a.domain AND w.name = a.workgroup)",
    ),
];

/// Checks everything. Takes as long as reading all of it.
/// `progress` is told how many bytes of messages were read, and of how many.
pub(super) fn verify(
    reader: &mut Reader,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verification, StorageError> {
    let mut found = reader.picture(|reader| {
        let mut found = Verification::default();
        check_database(&reader.conn, &mut found)?;
        for (never, query) in NEVER {
            for offender in sql::all(&reader.conn, query, [], |row| Ok(row.get::<_, String>(0)?))? {
                found.note(format_args!("{offender}: {never}"));
            }
        }
        check_words(&reader.conn, &mut found)?;
        let count = |table| {
            sql::one(&reader.conn, table, [], |row| sql::unsigned(row, 0))
                .map(Option::unwrap_or_default)
        };
        found.accounts = count("SELECT count(*) FROM account")?;
        found.folders = count("SELECT count(*) FROM folder")?;
        found.entries = count("SELECT count(*) FROM entry")?;
        Ok(found)
    })?;
    check_blobs(reader, &mut found, progress)?;
    Ok(found)
}

fn check_database(conn: &Connection, found: &mut Verification) -> Result<(), StorageError> {
    for line in sql::all(conn, "PRAGMA integrity_check", [], |row| Ok(row.get::<_, String>(0)?))? {
        if line != "ok" {
            found.note(format_args!("database: {line}"));
        }
    }
    for table in sql::all(conn, "PRAGMA foreign_key_check", [], |row| Ok(row.get::<_, String>(0)?))?
    {
        found.note(format_args!("database: a row of {table} refers to nothing"));
    }
    Ok(())
}

/// What is stored as text or bytes can be understood.
fn check_words(conn: &Connection, found: &mut Verification) -> Result<(), StorageError> {
    let mut check = |query, understood: fn(&str) -> bool| {
        for text in sql::all(conn, query, [], |row| Ok(row.get::<_, String>(0)?))? {
            if !understood(&text) {
                found.note(format_args!("{text:?} is no such name"));
            }
        }
        Ok::<_, StorageError>(())
    };
    check("SELECT address FROM address UNION SELECT address FROM account", |text| {
        Address::parse(text).is_ok_and(|address| address.as_str() == text)
    })?;
    check("SELECT name FROM domain_name", |text| {
        DomainName::parse(text).is_ok_and(|name| name.as_str() == text)
    })?;
    check("SELECT name FROM folder UNION SELECT name FROM subscription", |text| {
        FolderName::parse(text).is_ok_and(|name| name.as_str() == text)
    })?;
    check("SELECT DISTINCT name FROM keyword", |text| Keyword::parse(text).is_ok())?;

    let carried = sql::all(
        conn,
        "SELECT DISTINCT folder, keywords FROM entry WHERE keywords IS NOT NULL",
        [],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)),
    )?;
    for (folder, numbers) in carried {
        for number in numbers.chunks(2) {
            let number = <[u8; 2]>::try_from(number).map(u16::from_le_bytes).map_err(damaged)?;
            let known = sql::one(
                conn,
                "SELECT 1 FROM keyword WHERE folder = ?1 AND number = ?2",
                params![folder, number],
                |_| Ok(()),
            )?;
            if known.is_none() {
                found.note(format_args!("folder {folder}: unknown keyword {number}"));
            }
        }
    }
    Ok(())
}

/// Reads every blob, in short transactions, so that writing goes on beside it.
fn check_blobs(
    reader: &mut Reader,
    found: &mut Verification,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StorageError> {
    let all = sql::one(&reader.conn, "SELECT total(live_bytes) FROM segment", [], |row| {
        Ok(row.get::<_, f64>(0)? as u64)
    })?;
    let all = all.unwrap_or_default();
    let mut after = (0u32, 0u64);
    loop {
        let some = reader.picture(|reader| blobs_after(&reader.conn, after))?;
        let Some((last, ..)) = some.last() else { return Ok(()) };
        after = (last.segment, last.offset);
        for (blob, place, checksum) in some {
            match check_blob(&reader.segments, place, checksum) {
                Ok(()) => {
                    found.blobs += 1;
                    found.bytes += blob.size;
                    progress(found.bytes, all);
                }
                // It may have gone or moved meanwhile, and its segment with it.
                Err(error) if reader.picture(|reader| is_at(&reader.conn, blob, place))? => {
                    found.note(error);
                }
                Err(_) => {}
            }
        }
    }
}

fn check_blob(
    segments: &Segments,
    blob: BlobRef,
    checksum: blake3::Hash,
) -> Result<(), StorageError> {
    segments.read_checked(blob, checksum).map(drop)
}

fn blobs_after(
    conn: &Connection,
    after: (u32, u64),
) -> Result<Vec<(BlobRef, BlobRef, blake3::Hash)>, StorageError> {
    sql::all(
        conn,
        "SELECT segment, offset, size, coalesce(at_segment, segment), coalesce(at_offset, offset), size, checksum
         FROM blob WHERE (segment, offset) > (?1, ?2)
         ORDER BY segment, offset LIMIT ?3",
        params![after.0, sql::int(after.1), sql::int(BLOBS_AT_ONCE)],
        |row| {
            let place = super::mail::stored_blob(row, 3)?;
            Ok((super::mail::stored_blob(row, 0)?, place, blake3::Hash::from_bytes(row.get(6)?)))
        },
    )
}

fn is_at(conn: &Connection, blob: BlobRef, place: BlobRef) -> Result<bool, StorageError> {
    let found = sql::one(
        conn,
        "SELECT 1 FROM blob WHERE segment = ?1 AND offset = ?2
            AND coalesce(at_segment, segment) = ?3 AND coalesce(at_offset, offset) = ?4",
        params![blob.segment, sql::int(blob.offset), place.segment, sql::int(place.offset)],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}
