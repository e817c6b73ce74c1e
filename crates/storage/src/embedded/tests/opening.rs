//! What is opened, and what is refused without being touched.

use super::place::{Place, append, options};
use crate::{OpenError, Storage};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Names and bytes of all files, but for SQLite's shared memory, which holds nothing durable.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for file in std::fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else if !path.to_string_lossy().ends_with("-shm") {
            let bytes = std::fs::read(&path).unwrap();
            if !(bytes.is_empty() && path.to_string_lossy().ends_with("-wal")) {
                files.insert(path, bytes);
            }
        }
    }
    files
}

/// A closed store with some mail, changed by `spoil`, is refused with a text that contains `expected`, and not touched.
#[track_caller]
fn check(spoil: impl FnOnce(&Path), expected: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (error, before, after) = runtime.block_on(async {
        let place = Place::new().await;
        append(&place.storage, &place.alice, "INBOX", b"mail").await;
        place.storage.close().await;
        spoil(place.dir.path());
        let before = contents(place.dir.path());
        let checked = Storage::check(place.dir.path()).unwrap_err();
        let error = Storage::open(options(place.dir.path())).await.unwrap_err();
        assert_eq!(checked.to_string(), error.to_string());
        (error.to_string(), before, contents(place.dir.path()))
    });
    assert!(error.contains(expected), "{error}");
    assert!(before == after, "{:?} became {:?}", before.keys(), after.keys());
}

fn sql(dir: &Path, sql: &str) {
    rusqlite::Connection::open(dir.join("posthouse.db")).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_newer_store() {
    check(|dir| sql(dir, "PRAGMA user_version = 77"), "made by a newer version (schema 77");
}

#[test]
fn another_programs_database() {
    check(|dir| sql(dir, "PRAGMA application_id = 5"), "belongs to another program");
}

#[test]
fn no_database() {
    let path = |dir: &Path| dir.join("posthouse.db");
    check(|dir| std::fs::write(path(dir), "hello world".repeat(500)).unwrap(), "not a database");
    check(|dir| std::fs::remove_file(path(dir)).unwrap(), "missing or empty");
    check(|dir| std::fs::write(path(dir), "").unwrap(), "missing or empty");
}

#[test]
fn a_damaged_database() {
    let path = |dir: &Path| dir.join("posthouse.db");
    check(
        |dir| {
            let file = std::fs::File::options().write(true).open(path(dir)).unwrap();
            file.set_len(4096 * 9).unwrap();
        },
        "malformed",
    );
    check(
        |dir| {
            let mut bytes = std::fs::read(path(dir)).unwrap();
            bytes[4096..].fill(0xee);
            std::fs::write(path(dir), bytes).unwrap();
        },
        "malformed",
    );
}

#[test]
fn missing_mail() {
    let segment = |dir: &Path| dir.join("segments/00000001.seg");
    check(|dir| std::fs::remove_file(segment(dir)).unwrap(), "00000001.seg: not a usable store");
    check(|dir| std::fs::write(segment(dir), "short").unwrap(), "has 5 bytes");
}

#[tokio::test]
async fn one_process_at_a_time() {
    let place = Place::new().await;
    let second = Storage::open(options(place.dir.path())).await;
    assert!(matches!(second, Err(OpenError::InUse { .. })), "{second:?}");
    let checked = Storage::check(place.dir.path());
    assert!(matches!(checked, Err(OpenError::InUse { .. })), "{checked:?}");
    let place = place.reopened().await;
    place.verify().await;
    place.storage.close().await;
    assert!(place.storage.companies().await.is_err());
    assert!(place.storage.create_company("x", super::place::NOW).await.is_err());
    place.storage.close().await;
}

#[tokio::test]
async fn dropping_all_handles_closes_in_time() {
    let Place { storage, dir, .. } = Place::new().await;
    drop(storage);
    for _ in 0..1000 {
        match Storage::open(options(dir.path())).await {
            Ok(_) => return,
            Err(OpenError::InUse { .. }) => {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("still locked");
}

#[tokio::test]
async fn an_empty_file_is_no_store_yet() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!Storage::check(dir.path()).unwrap());
    std::fs::write(dir.path().join("posthouse.db"), "").unwrap();
    assert!(!Storage::check(dir.path()).unwrap());
    let storage = Storage::open(options(dir.path())).await.unwrap();
    assert_eq!(storage.companies().await.unwrap(), []);
    storage.close().await;
    assert!(Storage::check(dir.path()).unwrap());
}

/// A store made by the first version, before anything was added to its schema.
fn first_version(dir: &Path) {
    let first = include_str!("../schema/0001.sql");
    sql(dir, &format!("PRAGMA journal_mode = WAL; BEGIN; {first}; COMMIT;"));
    sql(
        dir,
        "BEGIN;
         INSERT INTO counter VALUES ('uid_validity', 7);
         INSERT INTO company (name, folded, created) VALUES ('Acme', 'acme', 1);
         INSERT INTO domain (name, company, created) VALUES ('example.com', 1, 1);
         INSERT INTO domain_name VALUES ('example.com', 1, 0, 0);
         INSERT INTO workgroup VALUES (1, 0, 'staff');
         INSERT INTO account (domain, address, epoch, imap_floor, kind, workgroup, created)
             VALUES (1, 'alice@example.com', 5, 4, 0, 'staff', 1);
         INSERT INTO address VALUES ('alice@example.com', 1, 0, 0);
         INSERT INTO usage (account, folders) VALUES (1, 1);
         INSERT INTO folder (account, name, uid_validity) VALUES (1, 'INBOX', 7);
         INSERT INTO token VALUES ('old', 1, 0, 9999999999);
         PRAGMA application_id = 0x506f7374;
         PRAGMA user_version = 1;
         COMMIT;",
    );
}

#[tokio::test]
async fn a_store_of_the_first_version_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    first_version(dir.path());
    let before = contents(dir.path());
    assert!(Storage::check(dir.path()).unwrap());
    assert!(before == contents(dir.path()), "a check changes nothing");
    for opened in 0..2 {
        let storage = Storage::open(options(dir.path())).await.unwrap();
        let address = super::place::address("alice@example.com");
        let alice = *storage.find(&address).await.unwrap().unwrap().into_account();
        assert_eq!((alice.epoch, alice.imap_floor), (terms::Epoch(5), terms::Epoch(4)));
        assert_eq!((alice.app_passwords.len(), alice.has_tokens), (opened, false));
        assert_eq!(storage.token("old", super::place::NOW).await, Ok(None));
        let login = super::place::login(&alice);
        assert!(storage.login_stands(&login).await.unwrap());
        let administrator =
            crate::Credential::OnBehalf { administrator: alice.id, epoch: alice.epoch };
        let on_behalf = crate::Login { credential: administrator, ..login.clone() };
        assert!(storage.login_stands(&on_behalf).await.unwrap());
        append(&storage, &login, "INBOX", b"mail").await;
        let new = crate::NewAppPassword {
            account: alice.id,
            tag: None,
            hash: "h".to_owned(),
            created: super::place::NOW,
        };
        storage.add_app_password(new, super::place::history("add")).await.unwrap();
        assert_eq!(storage.verify().await.unwrap().problems, [""; 0]);
        storage.close().await;
    }
}

#[tokio::test]
async fn nobody_else_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new().await;
    append(&place.storage, &place.alice, "INBOX", b"mail").await;
    for path in contents(place.dir.path()).into_keys() {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path:?}");
    }
}
