//! What happened to a folder since a mod-sequence.

use super::{entry, folder};
use crate::postgresql::transaction::Read;
use crate::postgresql::{Postgresql, sql};
use crate::{Changes, Login, StorageError, Update};
use deadpool_postgres::GenericClient;
use futures::future::try_join;
use terms::{FolderId, ModSeq, Uid};

impl Postgresql {
    /// See [`crate::Storage::changes`].
    pub(crate) async fn changes(
        &self,
        login: &Login,
        id: FolderId,
        since: ModSeq,
    ) -> Result<Changes, StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin_as(&mut client, login).await?;
        let Some(stored) = folder::find_by_id(&read.tx, login.account, id).await? else {
            return Ok(Changes { up_to: since, folder_exists: false, ..Changes::default() });
        };
        let up_to = stored.folder.highest_mod_seq;
        let recent_from = Uid::new(stored.recent_from);
        let mut changes = Changes { up_to, recent_from, folder_exists: true, ..Changes::default() };
        if since >= up_to {
            return Ok(changes);
        }
        let gone = async {
            if since < stored.expunged_floor {
                absent(&read.tx, id, stored.folder.uid_next).await
            } else {
                expunged(&read.tx, id, since).await
            }
        };
        let (changed, gone) = try_join(entry::changed_since(&read.tx, id, since), gone).await?;
        for (entry, arrived) in changed {
            if arrived > since {
                changes.arrived.push(entry);
            } else {
                let (uid, mod_seq, flags) = (entry.uid, entry.mod_seq, entry.flags);
                changes.updated.push(Update { uid, mod_seq, flags });
            }
        }
        changes.expunged = gone;
        Ok(changes)
    }
}

async fn expunged(
    conn: &impl GenericClient,
    id: FolderId,
    since: ModSeq,
) -> Result<Vec<Uid>, StorageError> {
    let sql = "SELECT first_uid, last_uid FROM expunged WHERE folder = $1 AND mod_seq > $2";
    let mut uids = Vec::new();
    for row in sql::all(conn, sql, &[&sql::int(id.0), &sql::int(since.0)]).await? {
        let (first, last) = (sql::uid(&row, 0)?, sql::uid(&row, 1)?);
        uids.extend((first.value()..=last.value()).filter_map(Uid::new));
    }
    uids.sort_unstable();
    Ok(uids)
}

/// Every UID below `uid_next` that is not there. Right for whoever asks, but long: used only when the
/// asker's knowledge is older than what `expunged` still tells of.
async fn absent(
    conn: &impl GenericClient,
    id: FolderId,
    uid_next: Uid,
) -> Result<Vec<Uid>, StorageError> {
    let sql = "SELECT uid FROM entry WHERE folder = $1 ORDER BY uid";
    let present = sql::all(conn, sql, &[&sql::int(id.0)]).await?;
    let (mut absent, mut from) = (Vec::new(), 1);
    for row in &present {
        let uid = sql::uid(row, 0)?.value();
        absent.extend((from..uid).filter_map(Uid::new));
        from = uid.saturating_add(1);
    }
    absent.extend((from..uid_next.value()).filter_map(Uid::new));
    Ok(absent)
}
