//! The bytes of messages come, go when nothing needs them, and are missed when they are gone too early.

use crate::conformance::database::{Database, connect};
use crate::conformance::place::{address, entry_of, folder, uids};
use crate::postgresql::Postgresql;
use crate::postgresql::mail::purge::OF_AN_ACCOUNT;
use crate::postgresql::tuning::Tuning;
use crate::{BlobRef, Compacted, Credential, Login, Options, StorageError};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use terms::{AccountId, Epoch, Flags, Protocol, Uid, UnixTime};

/// An engine with an account that has an inbox, and nothing else.
struct Ground {
    engine: Postgresql,
    alice: Login,
    dir: tempfile::TempDir,
    database: Database,
}

impl Ground {
    /// None (said aloud): there is no server.
    async fn new(clock: fn() -> UnixTime) -> Option<Self> {
        let database = Database::take().await?;
        let dir = tempfile::tempdir().unwrap();
        let options = Options::embedded(dir.path(), 1);
        let tuning = Tuning { clock, ..Tuning::default() };
        let engine = Postgresql::open_tuned(&options, &database.options, tuning).await.unwrap();
        let populate = "INSERT INTO company (name, folded, created) VALUES ('Acme', 'acme', 0);
            INSERT INTO domain (name, company, created) VALUES ('example.com', 1, 0);
            INSERT INTO domain_name VALUES ('example.com', 1, false, 0);
            INSERT INTO workgroup VALUES (1, 0, 'staff');
            INSERT INTO account (domain, address, created, kind, workgroup)
            VALUES (1, 'alice@example.com', 0, 0, 'staff');
            INSERT INTO address VALUES ('alice@example.com', 1, false, 0);
            INSERT INTO usage (account) VALUES (1)";
        connect(&database.options.url).await.batch_execute(populate).await.unwrap();
        let alice = Login {
            account: AccountId(1),
            address: address("alice@example.com"),
            epoch: Epoch(1),
            protocol: Protocol::Imap,
            credential: Credential::Password,
            name: "alice@example.com".to_owned(),
            alias: None,
        };
        engine.create_folder(&alice, &folder("INBOX")).await.unwrap();
        Some(Self { engine, alice, dir, database })
    }

    async fn blob(&self, bytes: &[u8]) -> BlobRef {
        let mut writer = self.engine.blob_writer(None);
        writer.write(bytes).await.unwrap();
        writer.finish().await.unwrap()
    }

    async fn append(&self, blob: BlobRef) -> Result<Uid, StorageError> {
        let new = vec![entry_of(blob, Flags::default())];
        let copied = self.engine.append(&self.alice, &folder("INBOX"), new).await?;
        Ok(copied.uids[0].1)
    }

    async fn expunge(&self, numbers: &[u32]) {
        let inbox = self.engine.folder(&self.alice, &folder("INBOX")).await.unwrap();
        self.engine.expunge(&self.alice, inbox.id, uids(numbers)).await.unwrap();
    }

    /// Compacts until there is nothing to do; answers how many blobs went.
    async fn compact(&self) -> u64 {
        let mut blobs = 0;
        loop {
            let done = self.engine.compact(u64::MAX).await.unwrap();
            blobs += done.blobs;
            if !done.more {
                return blobs;
            }
        }
    }

    /// The files of all objects, by number.
    fn files(&self) -> Vec<PathBuf> {
        let folders = std::fs::read_dir(self.dir.path().join("blobs")).unwrap();
        let folders = folders.map(|folder| folder.unwrap().path());
        let folders = folders.filter(|path| path.is_dir() && !path.ends_with("incoming"));
        let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort_by_key(|path| path.file_name().unwrap().to_owned());
        files
    }

    async fn problems(&self) -> Vec<String> {
        self.engine.verify().await.unwrap().problems
    }
}

/// A clock of a test's own, and what it says.
macro_rules! clock {
    () => {{
        static NOW: AtomicI64 = AtomicI64::new(1_790_000_000);
        let clock: fn() -> UnixTime = || UnixTime(NOW.load(Ordering::Relaxed));
        let pass: fn(i64) = |seconds| {
            NOW.fetch_add(seconds, Ordering::Relaxed);
        };
        (clock, pass)
    }};
}

#[tokio::test]
async fn they_go_an_hour_after_their_last_entry() {
    let (clock, pass) = clock!();
    let Some(ground) = Ground::new(clock).await else { return };
    for number in 0..4 {
        ground.append(ground.blob(&[number; 1000]).await).await.unwrap();
    }
    ground.expunge(&[1, 2, 4]).await;
    assert_eq!(ground.compact().await, 0);
    while ground.engine.purge(UnixTime(i64::MAX), 2).await.unwrap().more {}
    pass(60 * 60 - 1);
    assert_eq!((ground.compact().await, ground.files().len()), (0, 4));
    pass(1);
    let expected = Compacted { blobs: 2, bytes: 2000, more: true };
    assert_eq!(ground.engine.compact(1001).await.unwrap(), expected);
    assert_eq!((ground.compact().await, ground.files().len()), (1, 1));
    assert_eq!(ground.problems().await, [""; 0]);
}

#[tokio::test]
async fn those_that_never_got_an_entry_are_swept() {
    let (clock, pass) = clock!();
    let Some(ground) = Ground::new(clock).await else { return };
    ground.append(ground.blob(b"kept").await).await.unwrap();
    let [orphan, doomed] = [ground.blob(b"orphan").await, ground.blob(b"doomed").await];
    assert_eq!(ground.compact().await, 0);
    let young = ground.blob(b"young").await;
    pass(24 * 60 * 60 - 1);
    // It may still get one.
    assert_eq!(ground.compact().await, 0);
    ground.append(orphan).await.unwrap();
    pass(1);
    assert_eq!((ground.compact().await, ground.files().len()), (0, 4));
    let refused = ground.append(doomed).await.unwrap_err();
    assert!(matches!(refused, StorageError::Unavailable(_)), "{refused:?}");
    pass(60 * 60);
    assert_eq!((ground.compact().await, ground.files().len()), (1, 3));
    let refused = ground.append(doomed).await.unwrap_err();
    assert!(matches!(refused, StorageError::Corrupt(_)), "{refused:?}");
    ground.append(young).await.unwrap();
    pass(30 * 60 * 60);
    assert_eq!((ground.compact().await, ground.files().len()), (0, 3));
    assert_eq!(ground.problems().await, [""; 0]);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let (clock, _) = clock!();
    let Some(ground) = Ground::new(clock).await else { return };
    for number in 0..3 {
        ground.append(ground.blob(&[number; 1000]).await).await.unwrap();
    }
    let found = ground.engine.verify().await.unwrap();
    assert_eq!((found.accounts, found.folders, found.entries), (1, 1, 3));
    assert_eq!((found.blobs, found.bytes, found.problems.len()), (3, 3000, 0));
    let files = ground.files();
    std::fs::remove_file(&files[0]).unwrap();
    std::fs::write(&files[1], [9; 1000]).unwrap();
    let spoil = "UPDATE folder SET unseen = 7; UPDATE blob SET refs = 2 WHERE id = 3;
        UPDATE entry SET keywords = '{4}' WHERE uid = 2; UPDATE entry SET size = 1 WHERE uid = 1;
        UPDATE usage SET bytes = 1; INSERT INTO expunged VALUES (1, 2, 3, 3)";
    connect(&ground.database.options.url).await.batch_execute(spoil).await.unwrap();
    let mut problems = ground.problems().await;
    problems.sort_unstable();
    let expected = [
        "account 1: an account's usage differs from its folders",
        "blob 1 is not there",
        "blob 2 fails its checksum",
        "blob 3: a blob's references differ from its entries",
        "folder 1, UID 1: an entry has no blob of its size",
        "folder 1, UID 3: an expunged UID is still there",
        "folder 1, keyword 4: an entry carries a keyword that its folder does not know",
        "folder 1: a folder's counters differ from its entries",
        "folder 1: a folder's record of expunged UIDs is wrong",
    ];
    assert_eq!(problems, expected);
}

/// An account could never go if something of it were forgotten.
#[tokio::test]
async fn nothing_of_an_account_is_forgotten() {
    let (clock, _) = clock!();
    let Some(ground) = Ground::new(clock).await else { return };
    let client = connect(&ground.database.options.url).await;
    let refer = "SELECT conrelid::regclass::text FROM pg_constraint
        WHERE contype = 'f' AND confrelid IN ('account'::regclass, 'folder'::regclass)";
    let refer = client.query(refer, &[]).await.unwrap();
    let refer: BTreeSet<String> = refer.iter().map(|row| row.get(0)).collect();
    let mut known: BTreeSet<&str> = OF_AN_ACCOUNT.iter().map(|(table, _)| *table).collect();
    known.insert("entry");
    for table in refer {
        assert!(known.contains(table.as_str()), "{table} refers to accounts");
    }
}

/// What is known of a large folder from earlier is what is there.
#[tokio::test]
async fn a_large_folder_is_opened_again() {
    let (clock, _) = clock!();
    let Some(ground) = Ground::new(clock).await else { return };
    let (engine, alice) = (&ground.engine, &ground.alice);
    ground.append(ground.blob(b"x").await).await.unwrap();
    let fill = "INSERT INTO entry SELECT 1, n, 3, 3, n % 2, NULL, 0, 0, 1, 1 FROM generate_series(2, 100000) n;
        UPDATE folder SET messages = 100000, unseen = 50001, size = 100000, uid_next = 100001, highest_mod_seq = 3;
        UPDATE usage SET messages = 100000, bytes = 100000; UPDATE blob SET refs = 100000; ANALYZE entry";
    connect(&ground.database.options.url).await.batch_execute(fill).await.unwrap();
    let all: Vec<u32> = (1..=100_000).collect();
    let open = async |expected: &[u32], first_unseen: u32| {
        let began = std::time::Instant::now();
        let opened = engine.open_folder(alice, &folder("INBOX"), true).await.unwrap();
        println!("opened: {:?}", began.elapsed());
        assert!(opened.uids.iter().eq(uids(expected)));
        assert_eq!(opened.first_unseen, Uid::new(first_unseen));
        opened
    };
    let opened = open(&all, 1).await;
    open(&all, 1).await;
    let seen: Flags = [terms::SystemFlag::Seen].into_iter().collect();
    let some = uids(&[1, 2, 4]);
    let add = terms::FlagChange::Add;
    engine.set_flags(alice, opened.folder.id, some, add, seen, None).await.unwrap();
    open(&all, 6).await;
    ground.expunge(&[5, 6, 99_999]).await;
    let left: Vec<u32> = all.iter().copied().filter(|n| ![5, 6, 99_999].contains(n)).collect();
    let changed = open(&left, 8).await;
    let began = std::time::Instant::now();
    let since = opened.folder.highest_mod_seq;
    let changes = engine.changes(alice, opened.folder.id, since).await.unwrap();
    println!("changes: {:?}", began.elapsed());
    assert_eq!((changes.updated.len(), changes.expunged.len()), (3, 3));
    assert_eq!(changes.up_to, changed.folder.highest_mod_seq);
    assert_eq!(ground.problems().await, [""; 0]);
}
