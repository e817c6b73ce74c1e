//! A folder at one moment, for the session that opens it.

use super::folder::{self, StoredFolder};
use super::known::Opening;
use super::{keyword, known};
use crate::embedded::committer::Write;
use crate::embedded::reader::Reader;
use crate::embedded::sql;
use crate::known::Outline;
use crate::{Folder, StorageError, UidRuns};
use rusqlite::{Connection, params};
use terms::{AccountId, FolderId, FolderName, Keyword, Uid};

/// [`crate::OpenFolder`] without its subscription.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) folder: Folder,
    pub(crate) uids: UidRuns,
    pub(crate) first_unseen: Option<Uid>,
    pub(crate) recent_from: Uid,
    pub(crate) keywords: Vec<Keyword>,
    /// What should be kept of it for the next who opens it.
    pub(crate) to_store: Option<Outline>,
}

/// The number of the folder of that name.
pub(crate) fn id(
    conn: &Connection,
    account: AccountId,
    name: &FolderName,
) -> Result<FolderId, StorageError> {
    Ok(folder::by_name(conn, account, name)?.folder.id)
}

/// The folder of that name as it is now, provided it is still the one of that number.
pub(crate) fn take(
    reader: &Reader,
    account: AccountId,
    name: &FolderName,
    id: FolderId,
) -> Result<Option<Picture>, StorageError> {
    let conn = &reader.conn;
    let stored = folder::by_name(conn, account, name)?;
    if stored.folder.id != id {
        return Ok(None);
    }
    let Opening { uids, first_unseen, to_store } = known::uids(&reader.known, conn, &stored)?;
    let StoredFolder { folder, recent_from, .. } = stored;
    let recent_from = Uid::new(recent_from).unwrap_or(Uid::MIN);
    let keywords = keyword::all(conn, id)?;
    Ok(Some(Picture { folder, uids, first_unseen, recent_from, keywords, to_store }))
}

/// Takes over what is recent below `upto`: answers from which UID on, and no session after this gets it again.
pub(crate) fn claim_recent(
    write: &mut Write<'_>,
    account: AccountId,
    id: FolderId,
    upto: Uid,
) -> Result<Uid, StorageError> {
    let stored = folder::by_id(write.conn, account, id)?;
    if stored.recent_from < upto.value() {
        sql::run(
            write.conn,
            "UPDATE folder SET recent_from = ?2 WHERE id = ?1",
            params![sql::int(id.0), upto.value()],
        )?;
    }
    Ok(Uid::new(stored.recent_from).unwrap_or(Uid::MIN))
}

/// See [`crate::Storage::recent`].
pub(crate) fn recent(
    conn: &Connection,
    account: AccountId,
    id: FolderId,
) -> Result<u32, StorageError> {
    let stored = folder::by_id(conn, account, id)?;
    let count = sql::one(
        conn,
        "SELECT count(*) FROM entry WHERE folder = ?1 AND uid >= ?2",
        params![sql::int(id.0), stored.recent_from],
        |row| Ok(row.get(0)?),
    )?;
    Ok(count.unwrap_or(0))
}
