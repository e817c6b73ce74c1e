//! Opening a store: is it whole, is it ours, is it of a version we know. Until that is clear nothing on
//! disk is changed.

use super::schema::{self, APPLICATION_ID, VERSION};
use super::segment::Segments;
use super::tuning::Tuning;
use crate::{OpenError, StorageError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// SQLite before this can lose committed writes when a write races a checkpoint.
const SQLITE_AT_LEAST: i32 = 3_051_003;
/// How long to wait for SQLite's own locks, which only open and close contend for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long mending waits for readers that still need the log; the next group tries again.
const MENDING_TIMEOUT: Duration = Duration::from_secs(1);

/// Bytes of the log's file that are kept when it begins anew.
const LOG_KEPT: i64 = 32 * 1024 * 1024;

/// Where the parts of a store are.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) data_dir: PathBuf,
    pub(super) database: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) segments: PathBuf,
    pub(super) spool: PathBuf,
}

impl Layout {
    pub(super) fn new(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            database: data_dir.join("posthouse.db"),
            lock: data_dir.join("posthouse.lock"),
            segments: data_dir.join("segments"),
            spool: data_dir.join("spool"),
        }
    }
}

/// What opening came to.
#[derive(Debug)]
pub(super) struct Recovered {
    /// Held by this process alone.
    pub(super) lock: File,
    /// For writing.
    pub(super) conn: Connection,
    /// The segment to go on with, and its length.
    pub(super) filling: (u32, u64),
}

/// Opens or makes the store.
pub(super) fn open(layout: &Layout, tuning: Tuning) -> Result<Recovered, OpenError> {
    if rusqlite::version_number() < SQLITE_AT_LEAST {
        let problem = format!("SQLite {} may lose committed writes", rusqlite::version());
        return Err(corrupt(&layout.database, problem));
    }
    make_dir(&layout.data_dir)?;
    let lock = lock(&layout.lock)?;
    let files = segment_files(&layout.segments)?;
    let found = match inspect(&layout.database)? {
        None => {
            no_database(layout, &files)?;
            0
        }
        Some(conn) => {
            let version = check_version(&layout.database, &conn)?;
            check_segments(layout, &conn, version, &files)?;
            version
        }
    };

    // SQLite gives its other files the database's permissions.
    private_file(&layout.database)?;
    make_dir(&layout.segments)?;
    make_dir(&layout.spool)?;
    let fault = |error| sqlite_fault(&layout.database, &error);
    let mut conn = connect(&layout.database, tuning).map_err(fault)?;
    schema::migrate(&mut conn, found).map_err(fault)?;
    seed_uid_validity(&conn).map_err(fault)?;
    let filling = continue_segments(layout, &conn, &files, tuning.segment_limit)?;
    empty_spool(&layout.spool)?;
    sync_dir(&layout.data_dir)?;
    Ok(Recovered { lock, conn, filling })
}

/// Whether there is a store; if so, it is whole, of a known version, and nobody has it open. Leaves
/// everything as it is.
pub(super) fn check(layout: &Layout) -> Result<bool, OpenError> {
    let _lock = match File::open(&layout.lock) {
        Ok(file) => Some(hold(file, &layout.lock)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(io_fault(&layout.lock, source)),
    };
    let files = segment_files(&layout.segments)?;
    let Some(conn) = inspect(&layout.database)? else {
        return no_database(layout, &files).map(|()| false);
    };
    let version = check_version(&layout.database, &conn)?;
    check_segments(layout, &conn, version, &files)?;
    Ok(true)
}

/// The same for a store of this version, which is locked as long as the answer is held; none: there is none.
pub(super) fn hold_whole(layout: &Layout) -> Result<Option<File>, OpenError> {
    if !check(layout)? {
        return Ok(None);
    }
    let lock = File::open(&layout.lock).map_err(|source| io_fault(&layout.lock, source))?;
    let lock = hold(lock, &layout.lock)?;
    let Some(conn) = inspect(&layout.database)? else { return Ok(None) };
    let found = check_version(&layout.database, &conn)?;
    if found < VERSION {
        let problem = format!(
            "made by an older version (schema {found}, this program's is {VERSION}); start the server once"
        );
        return Err(corrupt(&layout.database, problem));
    }
    Ok(Some(lock))
}

/// Complains if there is mail that a database should tell of.
fn no_database(layout: &Layout, files: &[(u32, u64)]) -> Result<(), OpenError> {
    if files.is_empty() {
        return Ok(());
    }
    let problem = "the database is missing or empty, but there are segments with mail; \
                   restore it from a backup";
    Err(corrupt(&layout.database, problem.to_owned()))
}

/// A connection that writes.
fn connect(path: &Path, tuning: Tuning) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    let mode: String =
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        // A file system without shared memory, for example.
        let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        let problem = "a write-ahead log is not possible here".to_owned();
        return Err(rusqlite::Error::SqliteFailure(error, Some(problem)));
    }
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -16_384)?;
    // A log that was long once does not stay so.
    conn.pragma_update(None, "journal_size_limit", LOG_KEPT)?;
    // `checkpointer` sees to it.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update_and_check(None, "max_page_count", tuning.pages, |_| Ok(()))?;
    conn.set_prepared_statement_cache_capacity(256);
    keep_plans(&conn)?;
    Ok(conn)
}

/// Plans do not depend on bound values. Otherwise SQLite compiles a statement again each time that
/// another value is bound in `column = ?`, prepared or not, which costs more than running it.
fn keep_plans(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// A connection for [`super::checkpointer`], which changes nothing.
pub(super) fn connect_checkpointer(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    Ok(conn)
}

/// A connection that only reads.
pub(super) fn connect_reader(path: &Path) -> Result<Connection, OpenError> {
    reader(path).map_err(|error| sqlite_fault(path, &error))
}

fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.set_prepared_statement_cache_capacity(128);
    keep_plans(&conn)?;
    Ok(conn)
}

/// A new connection after writing or syncing failed.
///
/// What is in the log is what was committed, but a page of it may have missed the disk although the
/// kernel now calls it clean. So all of it is copied to the database under a fresh fsync before anybody
/// relies on it.
pub(super) fn mend(path: &Path, tuning: Tuning) -> Result<Connection, StorageError> {
    let conn = connect(path, tuning)?;
    conn.busy_timeout(MENDING_TIMEOUT)?;
    let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy != 0 {
        return Err(StorageError::Unavailable("mending after a disk error".to_owned()));
    }
    conn.busy_timeout(BUSY_TIMEOUT)?;
    Ok(conn)
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|source| io_fault(path, source))?;
    hold(file, path)
}

fn hold(file: File, path: &Path) -> Result<File, OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.display().to_string() }),
        Err(TryLockError::Error(source)) => Err(io_fault(path, source)),
    }
}

/// A look at the database without changing it; none: there is none yet.
fn inspect(path: &Path) -> Result<Option<Connection>, OpenError> {
    match std::fs::metadata(path) {
        Ok(found) if found.len() == 0 => return Ok(None),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io_fault(path, source)),
    }
    let fault = |error| sqlite_fault(path, &error);
    let conn = reader(path).map_err(fault)?;
    let objects: i64 = conn
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(fault)?;
    let id: u32 = conn.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(fault)?;
    // A first start may have ended before the schema was there.
    if objects == 0 && id == 0 { Ok(None) } else { Ok(Some(conn)) }
}

fn check_version(path: &Path, conn: &Connection) -> Result<u32, OpenError> {
    let fault = |error| sqlite_fault(path, &error);
    let id: u32 = conn.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(fault)?;
    if id != APPLICATION_ID {
        let problem = format!("it belongs to another program (application id {id:#x})");
        return Err(corrupt(path, problem));
    }
    let found: u32 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fault)?;
    if found > VERSION {
        return Err(OpenError::Newer { path: path.display().to_string(), found, known: VERSION });
    }
    // The root of every table can be read.
    let tables = conn
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .and_then(|mut tables| {
            tables.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        })
        .map_err(fault)?;
    for table in tables {
        let sql = format!("SELECT 1 FROM \"{table}\" LIMIT 1");
        conn.prepare(&sql).and_then(|mut first| first.exists([])).map_err(fault)?;
    }
    Ok(found)
}

/// Every segment that holds live blobs is there, and long enough.
fn check_segments(
    layout: &Layout,
    conn: &Connection,
    version: u32,
    files: &[(u32, u64)],
) -> Result<(), OpenError> {
    let fault = |error| sqlite_fault(&layout.database, &error);
    // Before version 3 no blob had moved.
    let ends = if version < 3 {
        "SELECT s.number, (SELECT b.offset + b.size FROM blob b WHERE b.segment = s.number
                           ORDER BY b.offset DESC LIMIT 1)
         FROM segment s WHERE s.live_blobs > 0"
    } else {
        "SELECT s.number,
                max(coalesce((SELECT b.offset + b.size FROM blob b WHERE b.segment = s.number AND b.at_segment IS NULL
                              ORDER BY b.offset DESC LIMIT 1), 0),
                    coalesce((SELECT b.at_offset + b.size FROM blob b WHERE b.at_segment = s.number
                              ORDER BY b.at_offset DESC LIMIT 1), 0))
         FROM segment s WHERE s.live_blobs > 0"
    };
    let needed: Vec<(u32, u64)> = conn
        .prepare(ends)
        .and_then(|mut segments| {
            segments
                .query_map([], |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?)))?
                .map(|row| row.map(|(number, end)| (number, end.unwrap_or(0) as u64)))
                .collect()
        })
        .map_err(fault)?;
    for (number, end) in needed {
        let path = Segments::path(&layout.segments, number);
        match files.iter().find(|(n, _)| *n == number) {
            None => return Err(corrupt(&path, "the file is missing".to_owned())),
            Some((_, length)) if *length < end => {
                return Err(corrupt(&path, format!("it has {length} bytes, but mail up to {end}")));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Number and length of every segment file, ascending.
fn segment_files(dir: &Path) -> Result<Vec<(u32, u64)>, OpenError> {
    let mut files = Vec::new();
    let listing = match std::fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        Err(source) => return Err(io_fault(dir, source)),
    };
    for file in listing {
        let file = file.map_err(|source| io_fault(dir, source))?;
        let name = file.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".seg")?.parse().ok());
        if let Some(number) = number {
            let length = file.metadata().map_err(|source| io_fault(&file.path(), source))?.len();
            files.push((number, length));
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Finds the segment to go on with, and removes those that nothing refers to.
///
/// A file with a higher number than any row is kept: a crash may have left it, but so may the return of
/// an older database from a backup, and then it holds mail.
fn continue_segments(
    layout: &Layout,
    conn: &Connection,
    files: &[(u32, u64)],
    segment_limit: u64,
) -> Result<(u32, u64), OpenError> {
    let fault = |error| sqlite_fault(&layout.database, &error);
    let rows: Vec<(u32, i64)> = conn
        .prepare("SELECT number, live_blobs FROM segment ORDER BY number")
        .and_then(|mut rows| rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(fault)?;
    let known = rows.last().map_or(0, |(number, _)| *number);
    let filling = match files.last() {
        None => (known.saturating_add(1), 0),
        Some((number, _)) if *number < known => (known.saturating_add(1), 0),
        Some((number, length)) if *length >= segment_limit => (number.saturating_add(1), 0),
        Some(last) => *last,
    };
    for (number, _) in files {
        let live = rows.iter().any(|(n, live)| n == number && *live > 0);
        if !live && *number < known && *number != filling.0 {
            conn.execute("DELETE FROM segment WHERE number = ?1", [number]).map_err(fault)?;
            let path = Segments::path(&layout.segments, *number);
            std::fs::remove_file(&path).map_err(|source| io_fault(&path, source))?;
        }
    }
    Ok(filling)
}

/// UIDVALIDITY never repeats, not even after the return of an older database: it starts from the clock.
fn seed_uid_validity(conn: &Connection) -> rusqlite::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    let now = now.min(u64::from(u32::MAX / 2)) as i64;
    conn.execute(
        "INSERT INTO counter (name, value) VALUES ('uid_validity', ?1)
         ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
        [now],
    )?;
    Ok(())
}

/// Removes what a crash left of unfinished messages.
fn empty_spool(dir: &Path) -> Result<(), OpenError> {
    let listing = std::fs::read_dir(dir).map_err(|source| io_fault(dir, source))?;
    for file in listing {
        let path = file.map_err(|source| io_fault(dir, source))?.path();
        if path.extension().is_some_and(|extension| extension == "part") {
            std::fs::remove_file(&path).map_err(|source| io_fault(&path, source))?;
        }
    }
    Ok(())
}

fn make_dir(path: &Path) -> Result<(), OpenError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| io_fault(path, source))
}

/// Makes a file that nobody else can read, unless it is there.
fn private_file(path: &Path) -> Result<(), OpenError> {
    File::options()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|source| io_fault(path, source))
}

fn sync_dir(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(|source| io_fault(path, source))
}

fn corrupt(path: &Path, problem: String) -> OpenError {
    OpenError::Corrupt { path: path.display().to_string(), problem }
}

fn io_fault(path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { path: path.display().to_string(), source }
}

fn sqlite_fault(path: &Path, error: &rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::DatabaseBusy
            | ErrorCode::OutOfMemory,
        ) => io_fault(path, io::Error::other(error.to_string())),
        _ => corrupt(path, error.to_string()),
    }
}
