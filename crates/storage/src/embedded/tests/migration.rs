//! Stores of every released version are brought up to date with all that is in them, also when that is cut off.
//!
//! A store of a version is built as that version built it: by the numbered steps up to it, with rows and a segment
//! as it wrote them.

use super::place::{self, address, append, folder, options, uid};
use crate::embedded::schema::{APPLICATION_ID, STEPS};
use crate::{Credential, EntryQuery, Login, Storage};
use rusqlite::Connection;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use terms::{AppPasswordId, Epoch, Keyword, SystemFlag, Uid};

const DIR: &str = "POSTHOUSE_MIGRATION_TEST_DIR";
const MAIL: &[u8] = b"Subject: from long ago\r\n\r\nhello\r\n";

/// What the first version wrote.
const FIRST: &str = "
    INSERT INTO counter VALUES ('uid_validity', 7);
    INSERT INTO company (name, folded, created) VALUES ('Acme', 'acme', 1);
    INSERT INTO domain (name, company, quota, attributes, created)
        VALUES ('example.com', 1, 5000, '{\"quota\":5000}', 1);
    INSERT INTO domain_name VALUES ('example.com', 1, 0, 0), ('example.net', 1, 1, 0);
    INSERT INTO workgroup VALUES (1, 0, 'staff');
    INSERT INTO account (domain, address, epoch, imap_floor, kind, workgroup, created, password, quota, login_imap4)
        VALUES (1, 'alice@example.com', 5, 4, 0, 'staff', 1, '$argon2id$x', 9000, 77);
    INSERT INTO address VALUES ('alice@example.com', 1, 0, 0), ('al@example.com', 1, 1, 0);
    INSERT INTO history (account, at, actor, peer, action, detail)
        VALUES (1, 3, 'admin@example.com', '192.0.2.1', 'create', '{}');
    INSERT INTO token VALUES ('old', 1, 0, 9999999999);
    INSERT INTO folder (account, name, uid_validity, uid_next, highest_mod_seq, messages, unseen, size, recent_from,
                        expunged_runs)
        VALUES (1, 'INBOX', 6, 4, 5, 2, 1, 66, 4, 1), (1, 'Sent', 7, 1, 1, 0, 0, 0, 1, 0);
    INSERT INTO usage VALUES (1, 66, 2, 2);
    INSERT INTO subscription VALUES (1, 'INBOX');
    INSERT INTO keyword VALUES (1, 0, '$Later');
    INSERT INTO entry VALUES (1, 1, 2, 2, 0, NULL, 1000, 60, 1, 48, 33), (1, 3, 5, 4, 1, x'0000', 1001, 0, 1, 48, 33);
    INSERT INTO expunged VALUES (1, 3, 2, 2);
    INSERT INTO segment VALUES (1, 1, 33);";
/// What the second one could add.
const SECOND: &str = "
    INSERT INTO app_password (account, tag, hash, created) VALUES (1, 'phone', '$argon2id$y', 2);
    INSERT INTO lost_alias VALUES (1, 'was@example.com', 5);";
/// What the third one could add: of the folder Gone, an entry that left.
const THIRD: &str = "
    INSERT INTO deleted_folder VALUES (9, 1, 'Gone', 2000);
    INSERT INTO deleted_entry (account, folder, uid, at, flags, keywords, date, date_offset, segment, offset, size)
        VALUES (1, 9, 8, 2000, 1, '$Later', 1000, 60, 1, 48, 33);
    UPDATE blob SET refs = 3;";

/// The store that `version` left, as a connection that is still open.
fn build(dir: &Path, version: usize) -> Connection {
    let conn = Connection::open(dir.join("posthouse.db")).unwrap();
    conn.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    for (done, step) in (1..).zip(&STEPS[..version]) {
        conn.execute_batch(step).unwrap();
        let more = match done {
            1 => FIRST,
            2 => SECOND,
            3 => THIRD,
            _ => "",
        };
        conn.execute_batch(more).unwrap();
        if done == 1 {
            let sql = "INSERT INTO blob VALUES (1, 48, 33, 2, ?1, x'00')";
            conn.execute(sql, [blake3::hash(MAIL).as_bytes()]).unwrap();
        }
    }
    conn.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    conn.pragma_update(None, "user_version", version as u32).unwrap();
    let mut record = [b"PhBl".as_slice(), &1u32.to_le_bytes(), &33u64.to_le_bytes()].concat();
    record.extend_from_slice(blake3::hash(MAIL).as_bytes());
    record.extend_from_slice(MAIL);
    std::fs::create_dir(dir.join("segments")).unwrap();
    std::fs::write(dir.join("segments/00000001.seg"), record).unwrap();
    conn
}

/// Everything that `version` left is there, and works.
async fn check(dir: &Path, version: usize) {
    assert!(Storage::check(dir).unwrap());
    let storage = Storage::open(options(dir)).await.unwrap();
    assert_eq!(storage.verify().await.unwrap().problems, [""; 0]);
    let found = storage.find(&address("al@example.com")).await.unwrap().unwrap();
    let account = found.into_account();
    assert_eq!(account.address, address("alice@example.com"));
    assert_eq!((account.epoch, account.imap_floor), (Epoch(5), Epoch(4)));
    assert_eq!(
        (account.quota, account.has_tokens),
        (Some(9000), version > 1 && account.has_tokens)
    );
    assert_eq!(account.password.as_deref(), Some("$argon2id$x"));
    assert_eq!(storage.history(account.id, 9).await.unwrap()[0].action, "create");
    let alice = place::login(&account);
    let old = Login { epoch: Epoch(3), ..alice.clone() };
    assert!(storage.login_stands(&alice).await.unwrap());
    assert!(!storage.login_stands(&old).await.unwrap());
    let phone = Login { credential: Credential::AppPassword(AppPasswordId(1)), ..alice.clone() };
    assert_eq!(storage.login_stands(&phone).await.unwrap(), version >= 2);

    let inbox = storage.open_folder(&alice, &folder("INBOX"), false).await.unwrap();
    assert_eq!((inbox.folder.uid_validity.value(), inbox.folder.uid_next), (6, uid(4)));
    assert!(inbox.uids.iter().eq(place::uids(&[1, 3])));
    let (all, id) = (Uid::MIN..=Uid::MAX, inbox.folder.id);
    let entries = storage.entries(&alice, id, all, 9, EntryQuery::Plain).await.unwrap();
    assert!(entries[1].flags.has(SystemFlag::Seen));
    assert!(entries[1].flags.keywords.contains(&Keyword::parse("$Later").unwrap()));
    for entry in &entries {
        let read = storage.read_blob(&alice, id, entry.uid, entry.blob, 0, 99).await.unwrap();
        assert_eq!(read, MAIL);
    }
    let since = storage.changes(&alice, id, terms::ModSeq(2)).await.unwrap();
    assert_eq!(since.expunged, [uid(2)]);
    let deleted = storage.deleted_entries(account.id, None, 0, 9).await.unwrap();
    assert_eq!(deleted.len(), usize::from(version >= 3));
    for entry in deleted {
        assert_eq!(entry.folder, folder("Gone"));
        let restored = storage.restore_entries(account.id, vec![entry.id]).await.unwrap();
        assert_eq!(restored, [entry.id]);
    }
    append(&storage, &alice, "Sent", b"new mail").await;
    assert_eq!(storage.verify().await.unwrap().problems, [""; 0]);
    storage.close().await;
    let storage = Storage::open(options(dir)).await.unwrap();
    assert_eq!(storage.folder(&alice, &folder("Sent")).await.unwrap().messages, 1);
    storage.close().await;
}

#[tokio::test]
async fn stores_of_every_version() {
    for version in 1..=STEPS.len() {
        let dir = tempfile::tempdir().unwrap();
        drop(build(dir.path(), version));
        check(dir.path(), version).await;
    }
}

/// What a crash leaves in the middle of a step: pages of it in the log, without their commit.
#[tokio::test]
async fn a_step_that_was_cut_off() {
    for (version, step) in STEPS.iter().enumerate().skip(1) {
        let (dir, image) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let conn = build(dir.path(), version);
        conn.execute_batch("PRAGMA cache_size = 1; BEGIN IMMEDIATE").unwrap();
        let before = std::fs::metadata(dir.path().join("posthouse.db-wal")).unwrap().len();
        conn.execute_batch(step).unwrap();
        conn.execute_batch("CREATE TABLE much AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 9999) SELECT x FROM n")
            .unwrap();
        let log = std::fs::metadata(dir.path().join("posthouse.db-wal")).unwrap().len();
        assert!(log > before + 40_000, "nothing of it is in the log");
        std::fs::create_dir(image.path().join("segments")).unwrap();
        for name in ["posthouse.db", "posthouse.db-wal", "segments/00000001.seg"] {
            std::fs::copy(dir.path().join(name), image.path().join(name)).unwrap();
        }
        check(image.path(), version).await;
    }
}

#[test]
#[ignore = "is run by `killed_while_it_is_brought_up_to_date` as a process of its own"]
fn child() {
    if let Some(dir) = std::env::var_os(DIR) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async { drop(Storage::open(options(Path::new(&dir))).await) });
    }
}

#[test]
fn killed_while_it_is_brought_up_to_date() {
    for round in 0..12 {
        let dir = tempfile::tempdir().unwrap();
        let conn = build(dir.path(), 1);
        // Much, so that it takes a while.
        conn.execute_batch(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 20000)
             INSERT INTO token SELECT 'hash' || x, 1, 0, 9999999999 FROM n",
        )
        .unwrap();
        drop(conn);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "embedded::tests::migration::child"])
            .env(DIR, dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(4 + round * 4));
        child.kill().unwrap();
        child.wait().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(check(dir.path(), 1));
    }
}
