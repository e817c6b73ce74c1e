//! Every operation that a session makes, and a stage to try it on.

use super::basics::Beginnings;
use super::place::{append_all, blob, entry_of, flags, folder};
use crate::{BlobRange, BlobRef, EntryQuery, HeldBlob, Login, Storage, StorageError};
use terms::{FlagChange, Flags, FolderId, ModSeq, SystemFlag, Uid};

/// One for each operation of [`Storage`] that takes a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Folders,
    Folder,
    Subscriptions,
    Usage,
    Changes,
    Recent,
    Entries,
    ReadBlob,
    ReadRanges,
    Examine,
    HoldBlob,
    ReadHeld,
    SetSubscription,
    CreateFolder,
    DeleteFolder,
    RenameFolder,
    OpenFolder,
    ClaimRecent,
    Append,
    SetFlags,
    Copy,
    MoveEntries,
    ExpungeMarked,
    Expunge,
}

impl Act {
    pub(super) const READING: [Self; 12] = [
        Self::Folders,
        Self::Folder,
        Self::Subscriptions,
        Self::Usage,
        Self::Changes,
        Self::Recent,
        Self::Entries,
        Self::ReadBlob,
        Self::ReadRanges,
        Self::Examine,
        Self::HoldBlob,
        Self::ReadHeld,
    ];
    pub(super) const CHANGING: [Self; 12] = [
        Self::SetSubscription,
        Self::CreateFolder,
        Self::DeleteFolder,
        Self::RenameFolder,
        Self::OpenFolder,
        Self::ClaimRecent,
        Self::Append,
        Self::SetFlags,
        Self::Copy,
        Self::MoveEntries,
        Self::ExpungeMarked,
        Self::Expunge,
    ];
}

/// A folder with entries that are all marked deleted, and one without entries.
pub(super) struct Stage {
    storage: Storage,
    name: String,
    id: FolderId,
    uids: Vec<Uid>,
    blob: BlobRef,
    held: HeldBlob,
}

impl Stage {
    /// How many entries it has.
    const ENTRIES: usize = 5;

    /// Of a name that no other begins with.
    pub(super) async fn set(storage: &Storage, login: &Login, name: String) -> Self {
        let (from, to) = (folder(&name), folder(&format!("{name}-to")));
        storage.create_folder(login, &to).await.unwrap();
        let id = storage.create_folder(login, &from).await.unwrap().id;
        let new = entry_of(blob(storage, b"bytes").await, flags(&[SystemFlag::Deleted]));
        let uids = append_all(storage, login, &from, vec![new; Self::ENTRIES]).await;
        let all = uids[0]..=uids[0];
        let first = storage.entries(login, id, all, 1, EntryQuery::Plain).await.unwrap().remove(0);
        let held = storage.hold_blob(login, id, first.uid, first.blob).await.unwrap();
        Self { storage: storage.clone(), name, id, uids, blob: first.blob, held }
    }

    /// Does it for a session.
    pub(super) async fn perform(&self, act: Act, login: &Login) -> Result<(), StorageError> {
        let (storage, id) = (&self.storage, self.id);
        let (first, uids) = (self.uids[0], self.uids.clone());
        let (from, to) = (folder(&self.name), folder(&format!("{}-to", self.name)));
        let other = folder(&format!("{}-other/below", self.name));
        match act {
            Act::Folders => storage.folders(login).await.map(drop),
            Act::Folder => storage.folder(login, &from).await.map(drop),
            Act::Subscriptions => storage.subscriptions(login).await.map(drop),
            Act::Usage => storage.usage(login).await.map(drop),
            Act::Changes => storage.changes(login, id, ModSeq(0)).await.map(drop),
            Act::Recent => storage.recent(login, id).await.map(drop),
            Act::Entries => {
                let all = Uid::MIN..=Uid::MAX;
                storage.entries(login, id, all, 9, EntryQuery::WithDigest).await.map(drop)
            }
            Act::ReadBlob => storage.read_blob(login, id, first, self.blob, 0, 9).await.map(drop),
            Act::ReadRanges => {
                let range = BlobRange { uid: first, blob: self.blob, offset: 0, length: 9 };
                storage.read_ranges(login, id, vec![range]).await.map(drop)
            }
            Act::Examine => {
                let all = Uid::MIN..=Uid::MAX;
                storage.examine(login, id, all, Beginnings::default()).await.map(drop)
            }
            Act::HoldBlob => storage.hold_blob(login, id, first, self.blob).await.map(drop),
            Act::ReadHeld => storage.read_held(login, &self.held, 0, 9).await.map(drop),
            Act::SetSubscription => storage.set_subscription(login, &other, true).await,
            Act::CreateFolder => storage.create_folder(login, &other).await.map(drop),
            Act::DeleteFolder => storage.delete_folder(login, &from).await,
            Act::RenameFolder => storage.rename_folder(login, &from, &other).await,
            Act::OpenFolder => storage.open_folder(login, &from, true).await.map(drop),
            Act::ClaimRecent => storage.claim_recent(login, id, Uid::MAX).await.map(drop),
            Act::Append => {
                let mut writer = storage.blob_writer(None);
                writer.write(b"more").await?;
                let new = entry_of(writer.finish().await?, Flags::default());
                storage.append(login, &to, vec![new; Self::ENTRIES]).await.map(drop)
            }
            Act::SetFlags => {
                let (change, seen) = (FlagChange::Replace, flags(&[SystemFlag::Seen]));
                storage.set_flags(login, id, uids, change, seen, None).await.map(drop)
            }
            Act::Copy => storage.copy(login, id, uids, &to).await.map(drop),
            Act::MoveEntries => storage.move_entries(login, id, uids, &to).await.map(drop),
            Act::ExpungeMarked => storage.expunge_marked(login, id, None).await.map(drop),
            Act::Expunge => storage.expunge(login, id, uids).await.map(drop),
        }
    }

    /// What can be seen of it, without its name.
    pub(super) async fn picture(&self, login: &Login) -> Vec<String> {
        // Looking takes several operations: something may have happened between them.
        loop {
            let (one, two) = (self.look(login).await, self.look(login).await);
            if one == two {
                return one;
            }
        }
    }

    async fn look(&self, login: &Login) -> Vec<String> {
        let mut lines = Vec::new();
        for found in self.storage.folders(login).await.unwrap() {
            if let Some(name) = found.name.as_str().strip_prefix(&self.name) {
                let recent = self.storage.recent(login, found.id).await.ok();
                let counters = (found.messages, found.unseen, found.deleted, found.size);
                lines.push(format!("{name} {counters:?} {recent:?}"));
            }
        }
        for subscribed in self.storage.subscriptions(login).await.unwrap() {
            if let Some(name) = subscribed.0.as_str().strip_prefix(&self.name) {
                lines.push(format!("subscribed {name}"));
            }
        }
        lines
    }
}
