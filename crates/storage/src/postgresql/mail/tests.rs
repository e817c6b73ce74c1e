//! Changes of mail by many at once, and of many entries at once. What each operation does is told by
//! `crate::conformance`.

use crate::conformance::database::Database;
use crate::conformance::place::{entry_of, folder, uid};
use crate::postgresql::Postgresql;
use crate::postgresql::tuning::Tuning;
use crate::{BlobRef, Credential, Login, NewEntry, Options, Recipient, StorageError, What};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use terms::{
    AccountId, Address, Epoch, FlagChange, Flags, FolderId, Keyword, Protocol, SystemFlag, Uid,
};

/// An engine with two accounts that have an inbox and a folder "Other". Blobs are numbers only.
struct Ground {
    engine: Postgresql,
    logins: [Login; 2],
    blobs: AtomicU64,
    _dir: tempfile::TempDir,
    _database: Database,
}

impl Ground {
    /// None (said aloud): there is no server.
    async fn new(tuning: Tuning) -> Option<Arc<Self>> {
        let database = Database::take().await?;
        let dir = tempfile::tempdir().unwrap();
        let options = Options::embedded(dir.path(), 1);
        let engine = Postgresql::open_tuned(&options, &database.options, tuning).await.unwrap();
        let client = engine.client().await.unwrap();
        client
            .batch_execute(
                "INSERT INTO company (name, folded, created) VALUES ('Acme', 'acme', 0);
                 INSERT INTO domain (name, company, created) VALUES ('example.com', 1, 0);
                 INSERT INTO account (domain, address, created, kind, workgroup)
                 VALUES (1, 'alice@example.com', 0, 0, ''), (1, 'bob@example.com', 0, 0, '');
                 INSERT INTO usage (account) VALUES (1), (2)",
            )
            .await
            .unwrap();
        drop(client);
        let login = |account, address| Login {
            account: AccountId(account),
            address: Address::parse(address).unwrap(),
            epoch: Epoch(1),
            protocol: Protocol::Imap,
            credential: Credential::Password,
            name: address.to_owned(),
            alias: None,
        };
        let logins = [login(1, "alice@example.com"), login(2, "bob@example.com")];
        for login in &logins {
            engine.create_folder(login, &folder("INBOX")).await.unwrap();
            engine.create_folder(login, &folder("Other")).await.unwrap();
        }
        let blobs = AtomicU64::new(1);
        Some(Arc::new(Self { engine, logins, blobs, _dir: dir, _database: database }))
    }

    fn entry(&self, flags: Flags) -> NewEntry {
        let number = self.blobs.fetch_add(1, Ordering::Relaxed);
        let blob = BlobRef { segment: 0, offset: number, size: 10 + number % 7 };
        self.engine.fresh().put(blob, blake3::hash(&number.to_le_bytes()));
        entry_of(blob, flags)
    }

    async fn append(&self, login: &Login, name: &str, count: usize) -> Vec<Uid> {
        let entries = (0..count).map(|_| self.entry(Flags::default())).collect();
        let copied = self.engine.append(login, &folder(name), entries).await.unwrap();
        copied.uids.iter().map(|(_, uid)| *uid).collect()
    }

    async fn id(&self, login: &Login, name: &str) -> FolderId {
        self.engine.folder(login, &folder(name)).await.unwrap().id
    }

    async fn count(&self, sql: &str) -> i64 {
        self.engine.client().await.unwrap().query_one(sql, &[]).await.unwrap().get(0)
    }

    /// All counters are what counting again finds, and mod-sequences are below their folder's.
    async fn recount(&self) {
        for (what, sql) in [
            (
                "folders",
                "SELECT count(*) FROM folder f WHERE (messages, unseen, deleted, size::numeric) <>
                 (SELECT count(*), count(*) FILTER (WHERE flags & 1 = 0), count(*) FILTER (WHERE flags & 8 <> 0),
                         coalesce(sum(size), 0) FROM entry WHERE folder = f.id)",
            ),
            (
                "usage",
                "SELECT count(*) FROM usage u WHERE (folders::numeric, messages::numeric, bytes::numeric) <>
                 (SELECT count(*), coalesce(sum(messages), 0), coalesce(sum(size), 0) FROM folder
                  WHERE account = u.account)",
            ),
            (
                "references",
                "SELECT count(*) FROM blob b FULL JOIN (
                     SELECT blob, count(*) AS refs
                     FROM (SELECT blob FROM entry UNION ALL SELECT blob FROM deleted_entry) e GROUP BY blob
                 ) found ON b.id = found.blob WHERE b.refs IS DISTINCT FROM found.refs",
            ),
            (
                "runs",
                "SELECT count(*) FROM folder f
                 WHERE expunged_runs <> (SELECT count(*) FROM expunged WHERE folder = f.id)",
            ),
            (
                "mod-sequences and UIDs",
                "SELECT count(*) FROM entry e JOIN folder f ON f.id = e.folder
                 WHERE e.mod_seq > f.highest_mod_seq OR e.arrived > e.mod_seq OR e.uid >= f.uid_next",
            ),
            (
                "UIDs in the order of changes",
                "SELECT count(*) FROM (
                     SELECT arrived < lag(arrived) OVER (PARTITION BY folder ORDER BY uid) AS late FROM entry) e
                 WHERE late",
            ),
        ] {
            assert_eq!(self.count(sql).await, 0, "{what}");
        }
    }
}

fn flags(bits: &[SystemFlag], keyword: Option<&str>) -> Flags {
    let mut flags: Flags = bits.iter().copied().collect();
    flags.keywords.extend(keyword.map(|text| Keyword::parse(text).unwrap()));
    flags
}

/// Whatever many do with one folder at once, nothing is lost, counted wrong, or numbered twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_change_one_folder() {
    let tuning = Tuning { expunged_runs: 8, ..Tuning::default() };
    let Some(ground) = Ground::new(tuning).await else { return };
    let alice = &ground.logins[0];
    let (inbox, other) = (ground.id(alice, "INBOX").await, ground.id(alice, "Other").await);
    ground.append(alice, "INBOX", 64).await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..32u32 {
        let ground = Arc::clone(&ground);
        tasks.spawn(async move {
            let (engine, alice) = (&ground.engine, &ground.logins[0]);
            let mut new = Vec::new();
            for round in 0..6u32 {
                let some: Vec<Uid> =
                    (0..8).map(|n| uid(1 + (task * 7 + round * 11 + n * 5) % 150)).collect();
                match (task + round) % 8 {
                    0 | 1 => new.extend(ground.append(alice, "INBOX", 3).await),
                    2 => {
                        let recipients = ground.logins.iter().map(|login| Recipient {
                            account: login.account,
                            folder: folder(if round == 0 { "New/Folder" } else { "INBOX" }),
                        });
                        let entry = ground.entry(flags(&[], None));
                        let outcomes = engine.deliver(entry, recipients.collect()).await.unwrap();
                        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
                    }
                    3 => {
                        let keyword = format!("k{}", task % 5);
                        let by = flags(&[SystemFlag::Seen, SystemFlag::Deleted], Some(&keyword));
                        engine
                            .set_flags(alice, inbox, some, FlagChange::Add, by, None)
                            .await
                            .unwrap();
                    }
                    4 => {
                        let by = flags(&[SystemFlag::Deleted], None);
                        let change = FlagChange::Remove;
                        engine.set_flags(alice, other, some, change, by, None).await.unwrap();
                    }
                    5 => {
                        engine.copy(alice, inbox, some, &folder("Other")).await.unwrap();
                    }
                    6 => {
                        let (from, to) =
                            if round % 2 == 0 { (inbox, "Other") } else { (other, "INBOX") };
                        engine.move_entries(alice, from, some, &folder(to)).await.unwrap();
                    }
                    _ => {
                        engine.expunge_marked(alice, inbox, None).await.unwrap();
                        engine.expunge(alice, other, some[..2].to_vec()).await.unwrap();
                    }
                }
            }
            assert!(new.is_sorted());
            new
        });
    }
    let mut new = Vec::new();
    for mine in tasks.join_all().await {
        new.extend(mine);
    }
    let count = new.len();
    new.sort_unstable();
    new.dedup();
    assert_eq!(new.len(), count, "a UID was given twice");
    ground.recount().await;
}

/// Deliveries at once go in batches, and what fails of one harms no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_keep_their_own_outcomes() {
    let Some(ground) = Ground::new(Tuning::default()).await else { return };
    let to = |account, name: &str| Recipient { account: AccountId(account), folder: folder(name) };
    ground
        .engine
        .client()
        .await
        .unwrap()
        .execute("UPDATE account SET quota = 40 WHERE id = 2", &[])
        .await
        .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200u64 {
        let ground = Arc::clone(&ground);
        tasks.spawn(async move {
            let mut entry = ground.entry(Flags::default());
            if number % 10 == 0 {
                entry.blob.offset += 1_000_000;
            }
            let name = format!("a/b/{}", number % 3);
            let recipients = vec![to(2, "INBOX"), to(9, "INBOX"), to(1, &name), to(1, &name)];
            let outcomes = ground.engine.deliver(entry, recipients).await.unwrap();
            let [bob, nobody, first, second] = &outcomes[..] else { panic!("{outcomes:?}") };
            assert_eq!(*nobody, Err(StorageError::NotFound(What::Address)));
            if number % 10 == 0 {
                assert!(matches!(first, Err(StorageError::Corrupt(_))), "{first:?}");
                assert!(matches!(second, Err(StorageError::Corrupt(_))), "{second:?}");
            } else {
                assert!(first.as_ref().unwrap() < second.as_ref().unwrap());
            }
            usize::from(bob.is_ok())
        });
    }
    let got_room: usize = tasks.join_all().await.into_iter().sum();
    assert!((2..=4).contains(&got_room), "{got_room}");
    let alice = &ground.logins[0];
    let names: Vec<_> = ground.engine.folders(alice).await.unwrap();
    let names: Vec<_> =
        names.iter().map(|folder| (folder.name.as_str(), folder.messages)).collect();
    let expected = [
        ("INBOX", 0),
        ("Other", 0),
        ("a", 0),
        ("a/b", 0),
        ("a/b/0", 120),
        ("a/b/1", 120),
        ("a/b/2", 120),
    ];
    assert_eq!(names, expected);
    ground.recount().await;
    ground.engine.close().await;
    let entry = ground.entry(Flags::default());
    let closed = ground.engine.deliver(entry, vec![to(1, "INBOX")]).await;
    assert!(matches!(closed, Err(StorageError::Unavailable(_))), "{closed:?}");
}

/// Tens of thousands of entries are changed, copied, moved and expunged with a handful of statements.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_entries_change_at_once() {
    const COUNT: u32 = 20_000;
    let Some(ground) = Ground::new(Tuning::default()).await else { return };
    let (engine, alice) = (&ground.engine, &ground.logins[0]);
    let (inbox, other) = (ground.id(alice, "INBOX").await, ground.id(alice, "Other").await);
    let started = Instant::now();
    let told = |what: &str| eprintln!("{what}: {:?}", started.elapsed());
    let all = ground.append(alice, "INBOX", COUNT as usize).await;
    told("appended");
    let by = flags(&[SystemFlag::Seen], Some("Big"));
    let set = engine.set_flags(alice, inbox, all.clone(), FlagChange::Add, by.clone(), None).await;
    assert!(set.unwrap().updates.iter().all(|update| update.flags == by));
    told("flagged");
    let odd: Vec<Uid> = all.iter().copied().filter(|uid| uid.value() % 2 == 1).collect();
    let copied = engine.copy(alice, inbox, odd.clone(), &folder("Other")).await.unwrap();
    assert_eq!(copied.uids.len(), odd.len());
    assert!(
        copied
            .uids
            .iter()
            .zip(1..)
            .all(|((from, to), n)| (from.value(), to.value()) == (n * 2 - 1, n))
    );
    told("copied");
    let moved = engine.move_entries(alice, inbox, odd.clone(), &folder("Other")).await.unwrap();
    assert_eq!(moved.uids.len(), odd.len());
    told("moved");
    ground.recount().await;
    let gone = engine.expunge(alice, other, all.clone()).await.unwrap();
    assert_eq!(gone, all);
    told("expunged");
    engine.rename_folder(alice, &folder("INBOX"), &folder("Old")).await.unwrap();
    told("renamed");
    engine.delete_folder(alice, &folder("Old")).await.unwrap();
    told("deleted");
    ground.recount().await;
    assert_eq!(
        ground.count("SELECT count(*) FROM deleted_entry WHERE keywords = 'Big'").await,
        i64::from(COUNT * 3 / 2)
    );
    assert_eq!(ground.count("SELECT count(*) FROM deleted_folder").await, 1);
    assert_eq!(engine.usage(alice).await.unwrap().messages, 0);
}
