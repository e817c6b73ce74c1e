//! The UIDs of a folder's entries: what is known of them ([`crate::known`]), and the rest from rows.

use super::folder::StoredFolder;
use crate::known::{
    AllAndUnseen, Asked, CHANGES_BOUND, Knowledge, Known, KnownFolder, Outline, Uids,
};
use crate::postgresql::fault::damaged;
use crate::postgresql::sql;
use crate::{StorageError, UidRuns};
use deadpool_postgres::GenericClient;
use futures::future::try_join;
use terms::{FolderId, Uid};

/// The folder's UIDs, as `conn`'s transaction sees it.
pub(super) async fn uids(
    known: &Known,
    conn: &impl GenericClient,
    stored: &StoredFolder,
) -> Result<Uids, StorageError> {
    let asked = Asked {
        id: stored.folder.id,
        messages: stored.folder.messages,
        now: stored.folder.highest_mod_seq,
        floor: stored.expunged_floor,
    };
    let followed = match known.of(asked) {
        Knowledge::All(uids) => return Ok(uids),
        Knowledge::Earlier(folder) => follow(conn, asked.id, &folder.outline).await?,
        Knowledge::Nothing => None,
    };
    let (uids, unseen) = match followed {
        Some(both) => both,
        None => read(conn, asked.id).await?,
    };
    let (uids, first_unseen) = (UidRuns::of(uids), unseen.first().copied());
    if asked.is_large() {
        let outline = Outline::new(asked.now, &uids, unseen);
        known.learn(asked.id, KnownFolder { outline, unstored: 0 });
    }
    Ok((uids, first_unseen))
}

/// All UIDs, and those without `\Seen`, both ascending. As one row: many short ones cost more than they hold.
async fn read(conn: &impl GenericClient, id: FolderId) -> Result<AllAndUnseen, StorageError> {
    let sql = "SELECT coalesce(array_agg(uid), '{}'), coalesce(array_agg(uid) FILTER (WHERE flags & 1 = 0), '{}')
               FROM entry WHERE folder = $1";
    let Some(row) = sql::one(conn, sql, &[&sql::int(id.0)]).await? else {
        return Ok(AllAndUnseen::default());
    };
    let ascending = |at| {
        let numbers: Vec<i64> = sql::column(&row, at)?;
        let uids = numbers.into_iter().map(|number| u32::try_from(number).ok().and_then(Uid::new));
        let mut uids: Vec<Uid> =
            uids.collect::<Option<_>>().ok_or_else(|| damaged("a UID out of range"))?;
        uids.sort_unstable();
        Ok::<_, StorageError>(uids)
    };
    Ok((ascending(0)?, ascending(1)?))
}

/// The same, from what was known and what changed since; none: too much did.
async fn follow(
    conn: &impl GenericClient,
    id: FolderId,
    known: &Outline,
) -> Result<Option<AllAndUnseen>, StorageError> {
    let (id, since) = (sql::int(id.0), sql::int(known.as_of.0));
    let bound = sql::int(CHANGES_BOUND as u64);
    let params: sql::Params<'_> = &[&id, &since, &bound];
    let (changed, gone) = try_join(
        sql::all(
            conn,
            "SELECT uid, flags & 1 = 0 FROM entry WHERE folder = $1 AND mod_seq > $2 LIMIT $3",
            params,
        ),
        sql::all(
            conn,
            "SELECT first_uid, last_uid FROM expunged WHERE folder = $1 AND mod_seq > $2 LIMIT $3",
            params,
        ),
    )
    .await?;
    let changed = changed.iter().map(|row| Ok((sql::uid(row, 0)?, sql::column(row, 1)?)));
    let gone = gone.iter().map(|row| Ok((sql::uid(row, 0)?, sql::uid(row, 1)?)));
    let changed = changed.collect::<Result<_, StorageError>>()?;
    let followed = known.followed(changed, gone.collect::<Result<_, StorageError>>()?);
    Ok(followed.map(|(both, _)| both))
}
