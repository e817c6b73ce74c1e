//! Changing flags.

use super::entry::Which;
use super::keyword::Keywords;
use super::{entry, folder, folder_change};
use crate::delta::Delta;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{StorageError, StoreOutcome, Update};
use terms::{AccountId, FlagChange, Flags, FolderId, ModSeq, Uid};

/// See [`crate::Storage::set_flags`].
pub(super) async fn set(
    write: &mut Write<'_>,
    account: AccountId,
    id: FolderId,
    uids: Vec<Uid>,
    (change, by): (FlagChange, &Flags),
    unchanged_since: Option<ModSeq>,
) -> Result<StoreOutcome, StorageError> {
    let folder = folder::by_id(&write.tx, account, id).await?;
    let mod_seq = folder.next_mod_seq();
    let entries = entry::some(&write.tx, id, &Which::These(uids)).await?;
    let may_have_keywords = |flags: &Flags| !flags.keywords.is_empty();
    let any = may_have_keywords(by) || entries.iter().any(|it| may_have_keywords(&it.flags));
    let mut keywords = if any { Keywords::of(&write.tx, id).await? } else { Keywords::none(id) };
    let mut outcome = StoreOutcome::default();
    let mut delta = Delta::default();
    let mut changed = Changed::default();
    for entry in entries {
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
        let column = keywords.column(write, &wanted.keywords, &changed.uids).await?;
        let bits = i64::from(wanted.system_bits());
        // As the folder spells its keywords.
        let flags = keywords.flags(bits, column.as_deref())?;
        changed.uids.push(entry.uid.value().into());
        changed.flags.push(bits);
        changed.keywords.push(column.as_deref().map(entry::array));
        delta.remove(entry.flags.system_bits(), entry.blob.size);
        delta.add(flags.system_bits(), entry.blob.size);
        outcome.updates.push(Update { uid: entry.uid, mod_seq, flags });
    }
    if !changed.uids.is_empty() {
        keywords.write(write).await?;
        changed.write(write, id, mod_seq).await?;
        folder_change::record(write, &folder, delta, mod_seq, 0).await?;
        outcome.changed_at = Some(mod_seq);
    }
    Ok(outcome)
}

/// Entries and what they are about to carry, by column.
#[derive(Default)]
struct Changed {
    uids: Vec<i64>,
    flags: Vec<i64>,
    keywords: Vec<Option<String>>,
}

impl Changed {
    async fn write(
        &self,
        write: &Write<'_>,
        folder: FolderId,
        mod_seq: ModSeq,
    ) -> Result<(), StorageError> {
        sql::run(
            &write.tx,
            "UPDATE entry SET flags = new.flags, keywords = new.keywords::bigint[], mod_seq = $2
             FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS new (uid, flags, keywords)
             WHERE entry.folder = $1 AND entry.uid = new.uid",
            &[&sql::int(folder.0), &sql::int(mod_seq.0), &self.uids, &self.flags, &self.keywords],
        )
        .await?;
        Ok(())
    }
}
