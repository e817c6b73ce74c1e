//! Changing flags.

use super::folder_change;
use super::keyword::Keywords;
use super::{entry, folder};
use crate::delta::Delta;
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::{StorageError, StoreOutcome, Update};
use rusqlite::params;
use terms::{AccountId, FlagChange, Flags, FolderId, ModSeq, Uid};

/// See [`crate::Storage::set_flags`].
pub(crate) fn set(
    write: &mut Write<'_>,
    account: AccountId,
    id: FolderId,
    uids: Vec<Uid>,
    change: FlagChange,
    by: &Flags,
    unchanged_since: Option<ModSeq>,
) -> Result<StoreOutcome, StorageError> {
    let folder = folder::by_id(write.conn, account, id)?;
    let mod_seq = folder.next_mod_seq();
    let mut keywords = Keywords::new(write.conn, id);
    let mut outcome = StoreOutcome::default();
    let mut delta = Delta::default();
    let mut changed = false;
    for entry in entry::some(write.conn, id, &keywords, uids)? {
        if unchanged_since.is_some_and(|since| entry.mod_seq > since) {
            outcome.modified.push(entry.uid);
            continue;
        }
        let wanted = entry.flags.changed(change, by);
        if wanted == entry.flags {
            let (uid, mod_seq, flags) = (entry.uid, entry.mod_seq, entry.flags);
            outcome.updates.push(Update { uid, mod_seq, flags });
            continue;
        }
        let column = keywords.column(&wanted.keywords)?;
        // As the folder spells its keywords.
        let flags = keywords.flags(wanted.system_bits(), column.as_deref())?;
        sql::run(
            write.conn,
            "UPDATE entry SET flags = ?3, keywords = ?4, mod_seq = ?5 WHERE folder = ?1 AND uid = ?2",
            params![
                sql::int(id.0),
                entry.uid.value(),
                flags.system_bits(),
                column,
                sql::int(mod_seq.0)
            ],
        )?;
        delta.remove(entry.flags.system_bits(), entry.blob.size);
        delta.add(flags.system_bits(), entry.blob.size);
        outcome.updates.push(Update { uid: entry.uid, mod_seq, flags });
        changed = true;
    }
    if changed {
        folder_change::record(write, &folder, delta, mod_seq, 0)?;
        outcome.changed_at = Some(mod_seq);
    }
    Ok(outcome)
}
