//! Random operations of two accounts against a plain model: the same outcomes, the same folders, and views that
//! follow by `changes` end up with what is there.

mod op;

use self::op::{NAMES, Op, op};
use super::place::{Kind, NOW, Place, blob, entry_of, folder};
use crate::{BlobRef, Entry, EntryQuery, Folder, Login, Recipient, StorageError, What};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terms::{Flags, FolderId, ModSeq, SystemFlag, Uid};

#[derive(Clone, Debug, PartialEq)]
struct ModelEntry {
    content: u8,
    flags: Flags,
    mod_seq: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct ModelFolder {
    id: FolderId,
    uid_next: u32,
    highest: u64,
    entries: BTreeMap<u32, ModelEntry>,
}

/// What a session that follows a folder knows of it.
#[derive(Clone, Debug, Default)]
struct View {
    up_to: ModSeq,
    entries: BTreeMap<Uid, Flags>,
}

#[derive(Clone, Debug, Default)]
struct Model {
    folders: BTreeMap<String, ModelFolder>,
    views: BTreeMap<FolderId, View>,
    /// What left folders, in that order.
    gone: Vec<Gone>,
    /// The last names of deleted folders.
    former: BTreeMap<FolderId, &'static str>,
}

#[derive(Clone, Debug)]
struct Gone {
    folder: FolderId,
    uid: u32,
    entry: ModelEntry,
}

/// An outcome as far as the model tells it.
type Outcome = Result<Vec<(u32, u32)>, Refusal>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Refusal {
    NotFound,
    Exists,
    Refused,
}

fn refusal(error: StorageError) -> Refusal {
    match error {
        StorageError::NotFound(What::Folder) => Refusal::NotFound,
        StorageError::Exists(What::Folder) => Refusal::Exists,
        StorageError::Refused(_) => Refusal::Refused,
        other => panic!("{other}"),
    }
}

fn content(number: u8) -> Vec<u8> {
    vec![number; 100 * usize::from(number) + usize::from(number)]
}

impl ModelFolder {
    fn new(id: FolderId) -> Self {
        Self { id, uid_next: 1, highest: 1, entries: BTreeMap::new() }
    }

    fn add(&mut self, entries: Vec<(u8, Flags)>) -> Vec<u32> {
        if entries.is_empty() {
            return Vec::new();
        }
        self.highest += 1;
        let mut uids = Vec::new();
        for (content, flags) in entries {
            let entry = ModelEntry { content, flags, mod_seq: self.highest };
            self.entries.insert(self.uid_next, entry);
            uids.push(self.uid_next);
            self.uid_next += 1;
        }
        uids
    }

    fn some(&self, uids: &[u32]) -> BTreeSet<u32> {
        uids.iter().copied().filter(|uid| self.entries.contains_key(uid)).collect()
    }

    fn remove(&mut self, uids: &BTreeSet<u32>) -> Vec<Gone> {
        if !uids.is_empty() {
            self.highest += 1;
        }
        let folder = self.id;
        let gone = uids.iter().filter_map(|uid| Some((*uid, self.entries.remove(uid)?)));
        gone.map(|(uid, entry)| Gone { folder, uid, entry }).collect()
    }
}

impl Model {
    fn at(&mut self, name: usize) -> Result<&mut ModelFolder, Refusal> {
        self.folders.get_mut(NAMES[name]).ok_or(Refusal::NotFound)
    }

    /// What `op` comes to; folders that it makes get their numbers later.
    fn apply(&mut self, op: &Op) -> Outcome {
        let twice = |uids: Vec<u32>| uids.into_iter().map(|uid| (uid, uid)).collect();
        match op {
            Op::Append { to, contents, flags } => {
                let entries = contents.iter().map(|content| (*content, flags.clone())).collect();
                Ok(twice(self.at(*to)?.add(entries)))
            }
            Op::Deliver { to, content } => {
                if !self.folders.contains_key(NAMES[*to]) {
                    self.create(NAMES[*to]);
                }
                Ok(twice(self.at(*to)?.add(vec![(*content, Flags::default())])))
            }
            Op::SetFlags { of, uids, change, flags, guarded } => {
                let since = self.at(*of)?.id;
                let since = self.views.get(&since).map(|view| view.up_to.0);
                let folder = self.at(*of)?;
                let (mut done, mut changed) = (Vec::new(), false);
                let next = folder.highest + 1;
                for uid in folder.some(uids) {
                    let Some(entry) = folder.entries.get_mut(&uid) else { continue };
                    if *guarded && since.is_some_and(|since| entry.mod_seq > since) {
                        continue;
                    }
                    let wanted = entry.flags.changed(*change, flags);
                    if wanted != entry.flags {
                        entry.flags = wanted;
                        entry.mod_seq = next;
                        changed = true;
                    }
                    done.push(uid);
                }
                folder.highest += u64::from(changed);
                Ok(twice(done))
            }
            Op::Copy { from, uids, to } | Op::Move { from, uids, to } => {
                let source = self.at(*from)?.clone();
                let target = self.at(*to)?;
                let uids = source.some(uids);
                let entries = uids
                    .iter()
                    .map(|uid| (source.entries[uid].content, source.entries[uid].flags.clone()));
                let new = target.add(entries.collect());
                if matches!(op, Op::Move { .. }) {
                    self.at(*from)?.remove(&uids);
                }
                Ok(uids.into_iter().zip(new).collect())
            }
            Op::ExpungeMarked { of, uids } => {
                let folder = self.at(*of)?;
                let marked = folder.entries.iter();
                let marked = marked.filter(|(uid, entry)| {
                    entry.flags.has(SystemFlag::Deleted)
                        && uids.as_ref().is_none_or(|uids| uids.contains(uid))
                });
                let marked: BTreeSet<u32> = marked.map(|(uid, _)| *uid).collect();
                let gone = folder.remove(&marked);
                self.gone.extend(gone);
                Ok(twice(marked.into_iter().collect()))
            }
            Op::Expunge { of, uids } => {
                let folder = self.at(*of)?;
                let some = folder.some(uids);
                let gone = folder.remove(&some);
                self.gone.extend(gone);
                Ok(twice(some.into_iter().collect()))
            }
            Op::Create { name } => {
                if self.folders.contains_key(NAMES[*name]) {
                    return Err(Refusal::Exists);
                }
                self.create(NAMES[*name]);
                Ok(Vec::new())
            }
            Op::Delete { name } => {
                if *name == 0 {
                    return Err(Refusal::Refused);
                }
                let mut folder = self.folders.remove(NAMES[*name]).ok_or(Refusal::NotFound)?;
                let all = folder.entries.keys().copied().collect();
                self.gone.extend(folder.remove(&all));
                self.former.insert(folder.id, NAMES[*name]);
                Ok(Vec::new())
            }
            Op::Rename { from, to } => self.rename(NAMES[*from], NAMES[*to]),
            Op::Restore { nth } => Ok(twice(self.restore(*nth))),
            Op::Purge => {
                self.gone.clear();
                Ok(Vec::new())
            }
            Op::Look { .. } | Op::Compact | Op::Reopen => Ok(Vec::new()),
        }
    }

    /// Answers where in `gone` those were that came back.
    fn restore(&mut self, nth: usize) -> Vec<u32> {
        let mut back: BTreeMap<FolderId, Vec<Gone>> = BTreeMap::new();
        let (mut restored, mut stay) = (Vec::new(), Vec::new());
        for (place, gone) in std::mem::take(&mut self.gone).into_iter().enumerate() {
            if place % nth == 0 {
                restored.push(place as u32);
                back.entry(gone.folder).or_default().push(gone);
            } else {
                stay.push(gone);
            }
        }
        self.gone = stay;
        for (id, entries) in back {
            let mut all = self.folders.values_mut();
            let entries = entries.into_iter().map(|gone| (gone.entry.content, gone.entry.flags));
            let entries = entries.collect();
            if let Some(folder) = all.find(|folder| folder.id == id) {
                folder.add(entries);
                continue;
            }
            let name = self.former[&id];
            if !self.folders.contains_key(name) {
                self.create(name);
            }
            self.folders.get_mut(name).unwrap().add(entries);
        }
        restored
    }

    fn create(&mut self, name: &str) {
        self.create_parents(name);
        self.folders.insert(name.to_owned(), ModelFolder::new(FolderId(0)));
    }

    fn create_parents(&mut self, name: &str) {
        for (at, _) in name.rmatch_indices('/') {
            let above = &name[..at];
            if self.folders.contains_key(above) {
                return;
            }
            self.folders.insert(above.to_owned(), ModelFolder::new(FolderId(0)));
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> Outcome {
        let source = self.folders.get(from).ok_or(Refusal::NotFound)?.clone();
        if self.folders.contains_key(to) {
            return Err(Refusal::Exists);
        }
        if from == "INBOX" {
            self.create(to);
            let entries: Vec<_> =
                source.entries.values().map(|e| (e.content, e.flags.clone())).collect();
            self.folders.get_mut(to).unwrap().add(entries);
            let all = source.entries.keys().copied().collect();
            self.folders.get_mut(from).unwrap().remove(&all);
            return Ok(Vec::new());
        }
        let below = format!("{from}/");
        if to.starts_with(&below) {
            return Err(Refusal::Refused);
        }
        let is_moved = |name: &str| name == from || name.starts_with(&below);
        let mut renamed = self.clone();
        renamed.create_parents(to);
        renamed.folders.retain(|name, _| !is_moved(name));
        for (name, folder) in self.folders.iter().filter(|(name, _)| is_moved(name)) {
            let name = format!("{to}{}", &name[from.len()..]);
            if renamed.folders.insert(name, folder.clone()).is_some() {
                return Err(Refusal::Exists);
            }
        }
        *self = renamed;
        Ok(Vec::new())
    }
}

/// The same operation on the real store.
async fn perform(place: &Place, login: &Login, model: &Model, op: &Op) -> Outcome {
    let storage = &place.storage;
    let uids = |uids: &[u32]| uids.iter().map(|uid| Uid::new(*uid).unwrap()).collect::<Vec<_>>();
    let name = |name: usize| folder(NAMES[name]);
    let id = async |name: usize| {
        storage.folder(login, &folder(NAMES[name])).await.map(|folder| folder.id)
    };
    let twice = |uids: Vec<Uid>| uids.iter().map(|uid| (uid.value(), uid.value())).collect();
    let pairs = |uids: Vec<(Uid, Uid)>| uids.iter().map(|(a, b)| (a.value(), b.value())).collect();
    let outcome = async {
        Ok(match op {
            Op::Append { to, contents, flags } => {
                let mut entries = Vec::new();
                for number in contents {
                    let blob = blob(storage, &content(*number)).await;
                    entries.push(entry_of(blob, flags.clone()));
                }
                pairs(storage.append(login, &name(*to), entries).await?.uids)
            }
            Op::Deliver { to, content: number } => {
                let entry = entry_of(blob(storage, &content(*number)).await, Flags::default());
                let recipient = Recipient { account: login.account, folder: name(*to) };
                let mut outcomes = storage.deliver(entry, vec![recipient]).await?;
                twice(vec![outcomes.remove(0)?])
            }
            Op::SetFlags { of, uids: some, change, flags, guarded } => {
                let id = id(*of).await?;
                let since = model.views.get(&id).filter(|_| *guarded).map(|view| view.up_to);
                let outcome =
                    storage.set_flags(login, id, uids(some), *change, flags.clone(), since).await?;
                twice(outcome.updates.iter().map(|update| update.uid).collect())
            }
            Op::Copy { from, uids: some, to } => {
                pairs(storage.copy(login, id(*from).await?, uids(some), &name(*to)).await?.uids)
            }
            Op::Move { from, uids: some, to } => {
                let id = id(*from).await?;
                pairs(storage.move_entries(login, id, uids(some), &name(*to)).await?.uids)
            }
            Op::ExpungeMarked { of, uids: some } => {
                let some = some.as_ref().map(|some| uids(some));
                twice(storage.expunge_marked(login, id(*of).await?, some).await?)
            }
            Op::Expunge { of, uids: some } => {
                twice(storage.expunge(login, id(*of).await?, uids(some)).await?)
            }
            Op::Create { name: new } => {
                storage.create_folder(login, &name(*new)).await?;
                Vec::new()
            }
            Op::Delete { name: old } => {
                storage.delete_folder(login, &name(*old)).await?;
                Vec::new()
            }
            Op::Rename { from, to } => {
                storage.rename_folder(login, &name(*from), &name(*to)).await?;
                Vec::new()
            }
            Op::Restore { nth } => {
                let found = storage.deleted_entries(login.account, None, 0, 10_000).await?;
                assert_eq!(found.len(), model.gone.len());
                for (found, gone) in found.iter().zip(&model.gone) {
                    assert_eq!((found.uid.value(), &found.flags), (gone.uid, &gone.entry.flags));
                    let bytes = storage.read_deleted(login.account, found.id, 0, 10_000).await?;
                    assert_eq!(bytes, content(gone.entry.content));
                }
                let some: Vec<u64> = found.iter().step_by(*nth).map(|entry| entry.id).collect();
                let back = storage.restore_entries(login.account, some.clone()).await?;
                assert_eq!(back, some);
                let place = |id| found.iter().position(|entry| entry.id == id).unwrap() as u32;
                back.into_iter().map(|id| (place(id), place(id))).collect()
            }
            Op::Purge => {
                place.purge().await;
                Vec::new()
            }
            Op::Compact => {
                while storage.compact(300).await?.more {}
                Vec::new()
            }
            Op::Look { .. } | Op::Reopen => Vec::new(),
        })
    };
    outcome.await.map_err(refusal)
}

/// Brings a view up to date by what changed since it looked last, and compares it with the model.
async fn look(place: &Place, login: &Login, view: &mut View, folder: &ModelFolder) {
    let changes = place.storage.changes(login, folder.id, view.up_to).await.unwrap();
    assert!(changes.folder_exists && changes.up_to == ModSeq(folder.highest));
    for uid in &changes.expunged {
        view.entries.remove(uid);
    }
    for entry in changes.arrived {
        assert!(view.entries.insert(entry.uid, entry.flags).is_none(), "{} came twice", entry.uid);
    }
    for update in changes.updated {
        let known = view.entries.get_mut(&update.uid).expect("an update of a known entry");
        *known = update.flags;
    }
    view.up_to = changes.up_to;
    let seen: Vec<_> = view.entries.iter().map(|(uid, flags)| (uid.value(), flags)).collect();
    let there: Vec<_> = folder.entries.iter().map(|(uid, entry)| (*uid, &entry.flags)).collect();
    assert_eq!(seen, there);
}

/// Everything that is there, as the model has it.
async fn compare(place: &Place, login: &Login, model: &mut Model) {
    let storage = &place.storage;
    let folders = storage.folders(login).await.unwrap();
    let all = &mut model.folders;
    let names: BTreeSet<_> = folders.iter().map(|folder| folder.name.to_string()).collect();
    let standard = ["Drafts", "Sent", "Spam"].map(str::to_owned);
    let expected: BTreeSet<_> = all.keys().cloned().chain(standard).collect();
    assert_eq!(names, expected);
    let mut bytes = 0;
    for folder in &folders {
        let Some(model) = all.get_mut(folder.name.as_str()) else { continue };
        if model.id == FolderId(0) {
            model.id = folder.id;
        }
        bytes += folder.size;
        compare_folder(place, login, folder, model).await;
    }
    assert_eq!(storage.usage(login).await.unwrap().bytes, bytes);
}

async fn compare_folder(place: &Place, login: &Login, folder: &Folder, model: &ModelFolder) {
    assert_eq!(folder.id, model.id);
    assert_eq!(folder.uid_next.value(), model.uid_next);
    assert_eq!(folder.highest_mod_seq.0, model.highest);
    assert_eq!(folder.messages as usize, model.entries.len());
    let all = Uid::MIN..=Uid::MAX;
    let entries =
        place.storage.entries(login, folder.id, all, 1000, EntryQuery::WithDigest).await.unwrap();
    let there = entries.iter().map(|entry| (entry.uid.value(), &entry.flags, entry.mod_seq.0));
    let expected = model.entries.iter().map(|(uid, entry)| (*uid, &entry.flags, entry.mod_seq));
    assert_eq!(there.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let opened = place.storage.open_folder(login, &folder.name, false).await.unwrap();
    assert_eq!(opened.folder, *folder);
    assert!(opened.uids.iter().map(|uid| uid.value()).eq(model.entries.keys().copied()));
    let unseen = model.entries.iter().find(|(_, entry)| !entry.flags.has(SystemFlag::Seen));
    assert_eq!(opened.first_unseen.map(Uid::value), unseen.map(|(uid, _)| *uid));
    for Entry { uid, blob, internal_date, .. } in entries {
        assert_eq!(internal_date.at, NOW);
        let bytes = read(place, login, folder.id, uid, blob).await;
        assert_eq!(bytes, content(model.entries[&uid.value()].content));
    }
}

async fn read(place: &Place, login: &Login, id: FolderId, uid: Uid, blob: BlobRef) -> Vec<u8> {
    let length = blob.size as usize;
    place.storage.read_blob(login, id, uid, blob, 0, length).await.unwrap().to_vec()
}

async fn check(mut place: Place, ops: Vec<(bool, Op)>) {
    let logins = [place.alice.clone(), place.bob.clone()];
    let mut models = [Model::default(), Model::default()];
    for (login, model) in logins.iter().zip(&mut models) {
        for folder in place.storage.folders(login).await.unwrap() {
            if let Some(name) = NAMES.iter().find(|name| **name == folder.name.as_str()) {
                model.folders.insert((*name).to_owned(), ModelFolder::new(folder.id));
            }
        }
    }
    for (who, op) in ops {
        let (login, model) = (&logins[usize::from(who)], &mut models[usize::from(who)]);
        let real = perform(&place, login, model, &op).await;
        assert_eq!(real, model.apply(&op), "{op:?}");
        match op {
            Op::Reopen => {
                place = place.reopened().await;
            }
            Op::Look { at } => {
                if let Some(folder) = model.folders.get(NAMES[at]) {
                    look(&place, login, model.views.entry(folder.id).or_default(), folder).await;
                }
            }
            Op::Purge => {
                models.iter_mut().for_each(|model| model.gone.clear());
            }
            Op::Create { .. } | Op::Deliver { .. } | Op::Rename { .. } | Op::Restore { .. } => {
                compare(&place, login, model).await;
            }
            _ => {}
        }
    }
    place.verify().await;
    place = place.reopened().await;
    for (login, model) in logins.iter().zip(&mut models) {
        compare(&place, login, model).await;
        for folder in model.folders.values() {
            look(&place, login, model.views.entry(folder.id).or_default(), folder).await;
        }
        for (id, view) in &model.views {
            if !model.folders.values().any(|folder| folder.id == *id) {
                let changes = place.storage.changes(login, *id, view.up_to).await.unwrap();
                assert!(!changes.folder_exists);
            }
        }
    }
    place.verify().await;
}

pub(super) fn the_store_does_what_the_model_does(kind: Kind) {
    let ops = proptest::collection::vec((proptest::bool::weighted(0.25), op()), 1..120);
    super::keep_at_random(kind, ops, check);
}

/// Every write is whole, and readers see only whole ones.
pub(super) async fn readers_beside_a_writer_see_whole_changes(place: Place) {
    let place = Arc::new(place);
    let writing = Arc::clone(&place);
    let writer = tokio::spawn(async move {
        let inbox = folder("INBOX");
        for _ in 0..40 {
            let blob = blob(&writing.storage, b"x").await;
            let three = vec![entry_of(blob, Flags::default()); 3];
            writing.storage.append(&writing.alice, &inbox, three).await.unwrap();
        }
    });
    let inbox = place.storage.folder(&place.alice, &folder("INBOX")).await.unwrap().id;
    let (mut since, mut known) = (ModSeq(0), 0);
    while known < 120 {
        let changes = place.storage.changes(&place.alice, inbox, since).await.unwrap();
        assert_eq!(changes.arrived.len() % 3, 0);
        known += changes.arrived.len();
        since = changes.up_to;
    }
    writer.await.unwrap();
}
