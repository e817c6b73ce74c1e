//! Renaming folders.

use super::folder_change::{create_parents, create_with_parents};
use super::{folder, transfer};
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::folder::below;
use crate::{StorageError, What};
use rusqlite::params;
use terms::{AccountId, FolderId, FolderName};

/// See [`crate::Storage::rename_folder`].
pub(crate) fn rename(
    write: &mut Write<'_>,
    account: AccountId,
    from: &FolderName,
    to: &FolderName,
) -> Result<(), StorageError> {
    let source = folder::by_name(write.conn, account, from)?;
    if folder::find(write.conn, account, to)?.is_some() {
        return Err(StorageError::Exists(What::Folder));
    }
    if from.is_inbox() {
        // RFC 9051 §6.3.6: the inbox stays, and so do the folders below it.
        let target = create_with_parents(write, account, to)?;
        return transfer::move_all(write, &source, &target);
    }
    if to.is_below(from) {
        return Err(StorageError::Refused("a folder cannot be moved below itself"));
    }
    create_parents(write, account, to)?;
    let (first, end) = below(from);
    // Shortest first: on the way up, a name may be taken that another of them leaves.
    let mut subtree = vec![(source.folder.id, from.as_str().to_owned())];
    subtree.extend(sql::all(
        write.conn,
        "SELECT id, name FROM folder WHERE account = ?1 AND name >= ?2 AND name < ?3 ORDER BY length(name)",
        params![sql::int(account.0), first, end],
        |row| Ok((FolderId(sql::unsigned(row, 0)?), row.get::<_, String>(1)?)),
    )?);
    for (id, name) in subtree {
        let renamed = format!("{to}{}", &name[from.as_str().len()..]);
        let renamed = FolderName::parse(&renamed)
            .map_err(|_| StorageError::Limit("length or depth of a folder's name"))?;
        // There may be folders below a name that is no folder.
        if folder::find(write.conn, account, &renamed)?.is_some() {
            return Err(StorageError::Exists(What::Folder));
        }
        sql::run(
            write.conn,
            "UPDATE folder SET name = ?2 WHERE id = ?1",
            params![sql::int(id.0), renamed.as_str()],
        )?;
        write.changed(id);
    }
    Ok(())
}
