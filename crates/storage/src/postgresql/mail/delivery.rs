//! Delivery: many messages into many accounts in one transaction, each with its own outcome.
//!
//! Everything is decided before anything is written, in the order in which the deliveries stand; so one that fails
//! leaves nothing behind and needs no savepoint. An entry for each of those that succeed is written with a
//! handful of statements for all.

use super::blob::{self, References};
use super::entry::Columns;
use super::folder::{self, StoredFolder};
use super::keyword::Keywords;
use super::{folder_change, quota};
use crate::delta::Delta;
use crate::postgresql::fresh::Fresh;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{BlobRef, NewEntry, Recipient, StorageError, Usage, What, bounds};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use terms::{AccountId, FolderName, ModSeq, Uid};

/// One message into one account.
#[derive(Clone, Debug)]
pub(in crate::postgresql) struct Delivery {
    pub(in crate::postgresql) entry: Arc<NewEntry>,
    pub(in crate::postgresql) recipient: Recipient,
}

/// How a delivery went.
pub(in crate::postgresql) type Outcome = Result<Uid, StorageError>;

/// Carries these out, but for the commit.
pub(in crate::postgresql) async fn deliver(
    write: &mut Write<'_>,
    fresh: &Fresh,
    deliveries: &[Delivery],
) -> Result<Vec<Outcome>, StorageError> {
    let mut round = Round::begin(write, fresh, deliveries).await?;
    let mut outcomes = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        outcomes.push(match round.decide(write, delivery).await {
            Ok(uid) => Ok(uid),
            Err(Failed::This(error)) => Err(error),
            Err(Failed::All(error)) => return Err(error),
        });
    }
    round.write(write).await?;
    Ok(outcomes)
}

/// What fails with an error.
enum Failed {
    /// This delivery.
    This(StorageError),
    /// The transaction.
    All(StorageError),
}

impl From<StorageError> for Failed {
    fn from(error: StorageError) -> Self {
        Failed::All(error)
    }
}

/// What is known of the accounts and folders, deliveries that were decided included.
struct Round<'a> {
    fresh: &'a Fresh,
    rooms: HashMap<AccountId, Room>,
    targets: HashMap<(AccountId, FolderName), Target>,
    /// Whether these blobs can be referred to.
    blobs: HashMap<BlobRef, bool>,
    references: References<'a>,
    columns: Columns,
}

/// An account that takes mail.
struct Room {
    usage: Usage,
    folders: u64,
    delta: Delta,
}

/// A folder that takes mail.
struct Target {
    folder: StoredFolder,
    /// Read when the first entry with keywords comes.
    keywords: Option<Keywords>,
    delta: Delta,
}

impl<'a> Round<'a> {
    /// Locks the accounts and reads what is there.
    async fn begin(
        write: &Write<'_>,
        fresh: &'a Fresh,
        deliveries: &[Delivery],
    ) -> Result<Self, StorageError> {
        let mut named: Vec<(AccountId, &FolderName)> = deliveries
            .iter()
            .map(|delivery| (delivery.recipient.account, &delivery.recipient.folder))
            .collect();
        named.sort_unstable();
        named.dedup();
        let mut accounts: Vec<AccountId> = named.iter().map(|(account, _)| *account).collect();
        accounts.dedup();
        write.lock_all(&accounts).await?;
        let accounts: Vec<i64> = accounts.iter().map(|account| sql::int(account.0)).collect();
        let rows = sql::all(
            &write.tx,
            "SELECT u.account, u.bytes, u.messages, coalesce(a.quota, d.quota), u.folders
             FROM usage u JOIN account a ON a.id = u.account JOIN domain d ON d.id = a.domain
             WHERE u.account = ANY ($1) AND a.deleted IS NULL",
            &[&accounts],
        )
        .await?;
        let mut rooms = HashMap::with_capacity(rows.len());
        for row in &rows {
            let usage = quota::stored(row, 1)?;
            let room = Room { usage, folders: sql::unsigned(row, 4)?, delta: Delta::default() };
            rooms.insert(AccountId(sql::unsigned(row, 0)?), room);
        }
        let (accounts, names): (Vec<i64>, Vec<&str>) =
            named.iter().map(|(account, name)| (sql::int(account.0), name.as_str())).unzip();
        let folders = folder::of_names(&write.tx, &accounts, &names).await?;
        let targets = folders
            .into_iter()
            .map(|folder| ((folder.account, folder.folder.name.clone()), Target::of(folder)))
            .collect();
        let (blobs, references, columns) =
            (HashMap::new(), References::default(), Columns::default());
        Ok(Self { fresh, rooms, targets, blobs, references, columns })
    }

    /// Decides a delivery and notes what is to be written for it.
    async fn decide(&mut self, write: &Write<'_>, delivery: &'a Delivery) -> Result<Uid, Failed> {
        let Delivery { entry, recipient } = delivery;
        let account = recipient.account;
        let key = (account, recipient.folder.clone());
        if !self.rooms.contains_key(&account) {
            return Err(Failed::This(StorageError::NotFound(What::Address)));
        }
        if !self.targets.contains_key(&key)
            // Made for an earlier one, as a folder above its own.
            && let Some(found) = folder::find(&write.tx, account, &recipient.folder).await?
        {
            self.targets.insert(key.clone(), Target::of(found));
        }
        let missing = match self.targets.contains_key(&key) {
            true => 0,
            false => folder_change::missing(write, account, &recipient.folder).await?.len() as u64,
        };
        let there = self.is_there(write, entry.blob).await?;
        let Some(room) = self.rooms.get_mut(&account) else {
            return Err(Failed::This(StorageError::NotFound(What::Address)));
        };
        room.take(entry, missing).map_err(Failed::This)?;
        if !there {
            return Err(Failed::This(blob::no_blob(entry.blob)));
        }
        if missing > 0 {
            let made = folder_change::create_with_parents(write, account, &recipient.folder);
            self.targets.insert(key.clone(), Target::of(made.await?));
            room.folders += missing;
        }
        let Some(target) = self.targets.get_mut(&key) else {
            return Err(Failed::This(StorageError::NotFound(What::Folder)));
        };
        let (uid, mod_seq, column) = target.take(write, entry).await?;
        let bits = entry.flags.system_bits();
        let (date, blob) = (entry.internal_date, entry.blob);
        self.columns.push(target.folder.folder.id, uid, mod_seq, (bits, column), date, blob);
        room.count(entry);
        self.references.add(entry.blob, &entry.digest)?;
        Ok(uid)
    }

    async fn is_there(&mut self, write: &Write<'_>, blob: BlobRef) -> Result<bool, StorageError> {
        if let Some(there) = self.blobs.get(&blob) {
            return Ok(*there);
        }
        let there = blob::is_there(write, self.fresh, blob).await?;
        self.blobs.insert(blob, there);
        Ok(there)
    }

    /// Writes what was decided.
    async fn write(self, write: &mut Write<'_>) -> Result<(), StorageError> {
        let mut changed: Vec<Target> =
            self.targets.into_values().filter(|target| target.delta.messages > 0).collect();
        if changed.is_empty() {
            return Ok(());
        }
        for target in &mut changed {
            if let Some(keywords) = &mut target.keywords {
                keywords.write(write).await?;
            }
            write.changed(target.folder.folder.id);
        }
        self.references.count(write, self.fresh).await?;
        self.columns.insert(write).await?;
        let folders = |of: fn(&Target) -> i64| changed.iter().map(of).collect::<Vec<_>>();
        sql::run(
            &write.tx,
            "UPDATE folder SET messages = folder.messages + more.messages, unseen = folder.unseen + more.unseen,
                    deleted = folder.deleted + more.deleted, size = folder.size + more.size,
                    highest_mod_seq = more.mod_seq, uid_next = more.uid_next
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
                  AS more (id, messages, unseen, deleted, size, mod_seq, uid_next)
             WHERE folder.id = more.id",
            &[
                &folders(|target| sql::int(target.folder.folder.id.0)),
                &folders(|target| target.delta.messages),
                &folders(|target| target.delta.unseen),
                &folders(|target| target.delta.deleted),
                &folders(|target| target.delta.size),
                &folders(|target| sql::int(target.folder.folder.highest_mod_seq.0)),
                &folders(|target| target.folder.folder.uid_next.value().into()),
            ],
        )
        .await?;
        let rooms = self.rooms.iter().filter(|(_, room)| room.delta.messages > 0);
        let rooms: BTreeMap<i64, Delta> =
            rooms.map(|(account, room)| (sql::int(account.0), room.delta)).collect();
        let accounts = |of: fn(&Delta) -> i64| rooms.values().map(of).collect::<Vec<_>>();
        sql::run(
            &write.tx,
            "UPDATE usage SET messages = usage.messages + more.messages, bytes = usage.bytes + more.bytes
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS more (account, messages, bytes)
             WHERE usage.account = more.account",
            &[
                &rooms.keys().copied().collect::<Vec<_>>(),
                &accounts(|delta| delta.messages),
                &accounts(|delta| delta.size),
            ],
        )
        .await?;
        Ok(())
    }
}

impl Room {
    /// Whether there is room for the entry and this many new folders.
    fn take(&self, entry: &NewEntry, folders: u64) -> Result<(), StorageError> {
        if folders > 0 && self.folders + folders > bounds::FOLDERS {
            return Err(StorageError::Limit("folders of an account"));
        }
        if !quota::has_room(&self.usage, entry.blob.size) {
            return Err(StorageError::OverQuota);
        }
        if entry.flags.keywords.len() > bounds::KEYWORDS {
            return Err(StorageError::Limit("keywords of a folder"));
        }
        Ok(())
    }

    fn count(&mut self, entry: &NewEntry) {
        self.usage.bytes = self.usage.bytes.saturating_add(entry.blob.size);
        self.delta.add(entry.flags.system_bits(), entry.blob.size);
    }
}

impl Target {
    fn of(folder: StoredFolder) -> Self {
        Self { folder, keywords: None, delta: Delta::default() }
    }

    /// Gives the entry its place: UID, mod-sequence, and the column of its keywords.
    async fn take(
        &mut self,
        write: &Write<'_>,
        entry: &NewEntry,
    ) -> Result<(Uid, ModSeq, Option<Vec<i64>>), Failed> {
        let (uid, mod_seq) = (self.folder.folder.uid_next, self.folder.next_mod_seq());
        let next = Uid::new(uid.value().saturating_add(1)).filter(|_| self.folder.free_uids() > 0);
        let next = next.ok_or(Failed::This(StorageError::Limit("UIDs of a folder")))?;
        let mut column = None;
        if !entry.flags.keywords.is_empty() {
            let keywords = match &mut self.keywords {
                Some(keywords) => keywords,
                none => none.insert(Keywords::of(&write.tx, self.folder.folder.id).await?),
            };
            let found = keywords.column(write, &entry.flags.keywords, &[]).await;
            column = found.map_err(|error| match error {
                StorageError::Limit(_) => Failed::This(error),
                error => Failed::All(error),
            })?;
        }
        self.folder.folder.uid_next = next;
        self.folder.folder.highest_mod_seq = mod_seq;
        self.delta.add(entry.flags.system_bits(), entry.blob.size);
        Ok((uid, mod_seq, column))
    }
}
