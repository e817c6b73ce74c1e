//! What the child does, in several tasks at once. Each goes on where the store says it was, and prints its number when
//! it is answered.

use super::super::place::{
    self, address, append, blob, create, entry_of, flags, folder, history, options,
};
use super::{HERD, clock, find, message, open};
use crate::{AccountChange, AttemptResult, Login, LoginAttempt, Recipient, Storage};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use terms::{AccountId, FlagChange, Flags, Protocol, Scope, SystemFlag, Uid, UnixTime};
use tokio::task::JoinSet;

/// From one life's beginning to the next one's, by its clock.
pub(super) const LIFE_SECONDS: i64 = 1_000_000;
/// What was deleted so long ago goes: all of earlier lives, nothing of this one.
const RETENTION: i64 = LIFE_SECONDS / 2;
/// The quotas that bob gets begin here.
pub(super) const QUOTA: u64 = 1 << 40;

pub(super) async fn prepare(dir: &Path) {
    let storage = Storage::open(options(dir)).await.unwrap();
    let (alice, _) = place::populate(&storage).await;
    for name in ["append", "deliver", "flags", "here", "there", "expunge", "copy", "restore"] {
        storage.create_folder(&alice, &folder(name)).await.unwrap();
    }
    for name in ["flags", "here"] {
        let blob = blob(&storage, b"one of the herd").await;
        let herd = vec![entry_of(blob, Flags::default()); HERD as usize];
        storage.append(&alice, &folder(name), herd).await.unwrap();
    }
    append(&storage, &alice, "restore", b"leaves and comes back").await;
    storage.close().await;
}

fn say(kind: &str, number: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{kind} {number}").and_then(|()| out.flush()).unwrap();
}

/// The store, who works on it, and in which of its lives.
#[derive(Clone)]
struct Worker {
    storage: Storage,
    alice: Arc<Login>,
    bob: AccountId,
    life: u64,
}

pub(super) async fn work(dir: &Path, life: u64) {
    let storage = open(dir).await;
    let alice = Arc::new(find(&storage, "alice@example.com").await);
    let bob = find(&storage, "bob@example.com").await.account;
    let worker = Worker { storage, alice, bob, life };
    // Before somebody purges it.
    worker.bring_back().await;
    worker.remove_leftovers().await;
    let mut tasks = JoinSet::new();
    tasks.spawn(worker.clone().append());
    tasks.spawn(worker.clone().deliver());
    tasks.spawn(worker.clone().set_flags());
    tasks.spawn(worker.clone().move_herd());
    tasks.spawn(worker.clone().copy_herd());
    tasks.spawn(worker.clone().expunge());
    tasks.spawn(worker.clone().restore());
    tasks.spawn(worker.clone().purge_and_compact());
    tasks.spawn(worker.clone().change_folders());
    tasks.spawn(worker.clone().change_accounts());
    tasks.spawn(worker.raise_epochs());
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
}

impl Worker {
    /// How many entries a folder ever had.
    async fn count(&self, name: &str) -> u64 {
        let found = self.storage.folder(&self.alice, &folder(name)).await.unwrap();
        u64::from(found.uid_next.value()) - 1
    }

    async fn append(self) {
        for number in self.count("append").await / 3.. {
            let mut three = Vec::new();
            for part in 0..3 {
                let bytes = message("append", number * 3 + part);
                three.push(entry_of(blob(&self.storage, &bytes).await, Flags::default()));
            }
            self.storage.append(&self.alice, &folder("append"), three).await.unwrap();
            say("append", number + 1);
        }
    }

    async fn deliver(self) {
        for number in self.count("deliver").await.. {
            let blob = blob(&self.storage, &message("deliver", number)).await;
            let recipients = [self.alice.account, self.bob]
                .map(|account| Recipient { account, folder: folder("deliver") });
            let entry = entry_of(blob, Flags::default());
            for outcome in self.storage.deliver(entry, recipients.to_vec()).await.unwrap() {
                outcome.unwrap();
            }
            say("deliver", number + 1);
        }
    }

    async fn set_flags(self) {
        let id = self.storage.folder(&self.alice, &folder("flags")).await.unwrap();
        let all: Vec<Uid> = (1..=HERD).filter_map(Uid::new).collect();
        // The folder's mod-sequence counts the changes.
        for number in id.highest_mod_seq.0.. {
            let change = if number % 2 == 0 { FlagChange::Add } else { FlagChange::Remove };
            let seen = flags(&[SystemFlag::Seen]);
            let (storage, login) = (&self.storage, &self.alice);
            storage.set_flags(login, id.id, all.clone(), change, seen, None).await.unwrap();
            say("flags", number + 1);
        }
    }

    async fn move_herd(self) {
        let (storage, login) = (&self.storage, &self.alice);
        loop {
            let mut names = ["here", "there"];
            if storage.folder(login, &folder("here")).await.unwrap().messages == 0 {
                names.reverse();
            }
            let from = storage.open_folder(login, &folder(names[0]), true).await.unwrap();
            let to = folder(names[1]);
            let moved = storage
                .move_entries(login, from.folder.id, from.uids.iter().collect(), &to)
                .await
                .unwrap();
            assert_eq!(moved.uids.len(), HERD as usize);
            say(names[1], u64::from(moved.uids[0].1.value()));
        }
    }

    async fn copy_herd(self) {
        let (storage, login) = (&self.storage, &self.alice);
        let id = storage.folder(login, &folder("flags")).await.unwrap().id;
        let herd: Vec<Uid> = (1..=HERD).filter_map(Uid::new).collect();
        for number in self.count("copy").await / u64::from(HERD).. {
            storage.copy(login, id, herd.clone(), &folder("copy")).await.unwrap();
            say("copy", number + 1);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Of messages that are large enough for their segments to be emptied.
    async fn expunge(self) {
        let (storage, login) = (&self.storage, &self.alice);
        let found = storage.open_folder(login, &folder("expunge"), false).await.unwrap();
        let id = found.folder.id;
        storage.expunge(login, id, found.uids.iter().collect()).await.unwrap();
        loop {
            let at = append(storage, login, "expunge", &[7; 200_000]).await;
            storage.expunge(login, id, vec![at]).await.unwrap();
            say("expunge", u64::from(at.value()));
        }
    }

    /// Restores what should be in its folder, if it is not.
    async fn bring_back(&self) {
        let (name, account) = (folder("restore"), self.alice.account);
        let left = self.storage.deleted_entries(account, Some(name), 0, 9).await.unwrap();
        let ids = left.iter().map(|entry| entry.id).collect();
        self.storage.restore_entries(account, ids).await.unwrap();
    }

    async fn restore(self) {
        loop {
            let found = self.storage.open_folder(&self.alice, &folder("restore"), false).await;
            let found = found.unwrap();
            self.storage
                .expunge(&self.alice, found.folder.id, found.uids.iter().collect())
                .await
                .unwrap();
            self.bring_back().await;
            say("restore", self.count("restore").await);
        }
    }

    async fn purge_and_compact(self) {
        let before = UnixTime(clock().0 - RETENTION);
        let (mut purged, mut moved) = (0, 0);
        loop {
            purged += self.storage.purge(before, 20).await.unwrap().entries;
            moved += self.storage.compact(500_000).await.unwrap().bytes;
            for (kind, number) in [("purge", purged), ("compact", moved)] {
                if number > 0 {
                    say(kind, number);
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Folders and accounts of earlier lives.
    async fn remove_leftovers(&self) {
        for found in self.storage.folders(&self.alice).await.unwrap() {
            if found.name.as_str().starts_with(['f', 'g']) && found.name.as_str() != "flags" {
                self.storage.delete_folder(&self.alice, &found.name).await.unwrap();
            }
        }
    }

    /// Makes, renames and deletes: three numbers each.
    async fn change_folders(self) {
        let (storage, login) = (&self.storage, &self.alice);
        for number in self.life * 1_000_000.. {
            let (made, renamed) = (folder(&format!("f{number}")), folder(&format!("g{number}")));
            storage.create_folder(login, &made).await.unwrap();
            append(storage, login, made.as_str(), b"in a folder that goes").await;
            say("folder", number * 3);
            storage.rename_folder(login, &made, &renamed).await.unwrap();
            say("folder", number * 3 + 1);
            storage.delete_folder(login, &renamed).await.unwrap();
            say("folder", number * 3 + 2);
        }
    }

    /// Gives bob another quota; makes and deletes somebody: two numbers.
    async fn change_accounts(self) {
        for number in self.life * 1_000_000.. {
            let quota = Some(Some(QUOTA + number));
            let change = AccountChange { quota, ..AccountChange::default() };
            self.storage.change_account(self.bob, change, history("quota")).await.unwrap();
            say("account", number);
            let somebody = create(&self.storage, &format!("s{number}@example.com")).await.id;
            say("person", number * 2);
            let gone = self.storage.delete_account(somebody, clock(), history("delete")).await;
            gone.unwrap();
            say("person", number * 2 + 1);
        }
    }

    async fn raise_epochs(self) {
        loop {
            let (bob, note) = (self.bob, history("logout"));
            let raised = self.storage.raise_epoch(bob, Scope::Everything, note).await.unwrap();
            say("epoch", raised.epoch.0);
            self.storage.note_login(LoginAttempt {
                account: bob,
                protocol: Protocol::Imap,
                peer: "192.0.2.1".parse().unwrap(),
                actor: address("bob@example.com").to_string(),
                at: clock(),
                result: AttemptResult::Succeeded,
            });
        }
    }
}
