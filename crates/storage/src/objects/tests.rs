//! Both places keep objects by the same rules.

mod figures;

use super::s3::{Patience, S3};
use super::{Body, Objects, PAGE, Stored};
use crate::{BlobPlace, OpenError, S3Options, StorageError};
use bytes::Bytes;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use tokio::net::TcpListener;

/// A place of its own in the S3 server for tests.
fn s3_options() -> Option<S3Options> {
    let bucket = testkit::services::s3()?;
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    Some(S3Options {
        bucket: bucket.name,
        prefix: format!("test/{now}"),
        endpoint: Some(bucket.endpoint),
        region: "us-east-1".to_owned(),
        access_key_id: bucket.access_key_id,
        secret_access_key: bucket.secret_access_key,
        allow_http: true,
    })
}

/// Runs a test in files, and in an S3 server if there is one.
async fn check(test: impl AsyncFn(&Path, Objects)) {
    let dir = tempfile::tempdir().unwrap();
    test(dir.path(), Objects::open(dir.path(), &BlobPlace::DataDir).unwrap()).await;
    let Some(options) = s3_options() else { return };
    let dir = tempfile::tempdir().unwrap();
    test(dir.path(), Objects::open(dir.path(), &BlobPlace::S3(options)).unwrap()).await;
}

/// Bytes that differ everywhere.
fn letter(size: usize) -> Vec<u8> {
    (0..size as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

async fn write(objects: &Objects, number: u64, bytes: &[u8]) -> Stored {
    let mut writer = objects.writer(None);
    for piece in bytes.chunks(100_000) {
        writer.write(piece).await.unwrap();
    }
    assert_eq!(writer.size(), bytes.len() as u64);
    assert_eq!(writer.bytes().await.unwrap(), bytes);
    writer.finish(number).await.unwrap()
}

#[tokio::test]
async fn what_was_stored_is_read() {
    check(async |_, objects| {
        objects.probe().await.unwrap();
        // Nothing; in memory; spooled; in several parts.
        for (number, size) in
            [(0, 0), (1, 1), (255, 262_144), (256, 262_145), (1 << 40, 19_000_000)]
        {
            let bytes = letter(size);
            let stored = write(&objects, number, &bytes).await;
            let checksum = *blake3::hash(&bytes).as_bytes();
            assert_eq!(stored, Stored { number, size: size as u64, checksum });
            assert_eq!(objects.read_whole(&stored).await.unwrap(), bytes);
            objects.verify(&stored).await.unwrap();
            let (from, to) = (size / 3, size / 2);
            let part = objects.read(number, from as u64..to as u64).await.unwrap();
            assert_eq!(part, bytes[from..to]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_damaged_is_named() {
    check(async |_, objects| {
        let stored = write(&objects, 7, b"Subject: one\r\n\r\n").await;
        let corrupt = |words: &str| Err(StorageError::Corrupt(words.to_owned()));
        // Stored once more, as after an answer that was lost; then something else in its place.
        write(&objects, 7, b"Subject: one\r\n\r\n").await;
        assert_eq!(objects.verify(&stored).await, Ok(()));
        write(&objects, 7, b"Subject: two\r\n\r\n").await;
        assert_eq!(objects.verify(&stored).await, corrupt("blob 7 fails its checksum"));
        assert_eq!(
            objects.read_whole(&stored).await.map(drop),
            corrupt("blob 7 fails its checksum")
        );
        for range in [0..17, 16..17, 100..200] {
            let read = objects.read(7, range).await;
            assert_eq!(read.map(drop), corrupt("blob 7 is shorter than it was"));
        }
        assert_eq!(objects.read(8, 0..1).await.map(drop), corrupt("blob 8 is not there"));
    })
    .await;
}

#[tokio::test]
async fn deleted_is_deleted() {
    check(async |_, objects| {
        for number in 0..40 {
            write(&objects, number, b"x").await;
        }
        objects.delete(&(1..50).collect::<Vec<_>>()).await.unwrap();
        objects.delete(&[]).await.unwrap();
        let left = objects.list(None).await.unwrap();
        assert_eq!(left.iter().map(|object| object.number).collect::<Vec<_>>(), [0]);
    })
    .await;
}

#[tokio::test]
async fn a_list_has_pages() {
    check(async |dir, objects| {
        assert_eq!(objects.list(None).await.unwrap(), []);
        let mut expected = HashMap::new();
        let count = PAGE as u64 + 200;
        let made: Vec<u64> = (0..count).map(|number| number * 37 % 500 + number * 256).collect();
        for batch in made.chunks(50) {
            let puts = batch.iter().map(|number| {
                expected.insert(*number, number % 3);
                objects.put(*number, Body::Memory(letter((number % 3) as usize).into()))
            });
            futures::future::try_join_all(puts).await.unwrap();
        }
        // Not ours, and not listed.
        let blobs = dir.join("blobs");
        if blobs.exists() {
            std::fs::write(blobs.join("00/README"), b"").unwrap();
        }
        let (mut found, mut pages, mut after) = (HashMap::new(), Vec::new(), None);
        loop {
            let page = objects.list(after).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.number);
            pages.push(page.len());
            for object in page {
                assert_eq!(found.insert(object.number, object.size), None, "listed twice");
            }
        }
        assert_eq!(pages, [PAGE, 200]);
        assert_eq!(found, expected);
    })
    .await;
}

#[tokio::test]
async fn a_place_has_one_owner() {
    check(async |_, objects| {
        let claims = ["one", "two", "three"].map(|store| objects.claim(store));
        let claimed: Vec<_> = futures::future::join_all(claims).await;
        let winner = claimed.iter().position(Result::is_ok).unwrap();
        assert_eq!(claimed.iter().filter(|claim| claim.is_ok()).count(), 1, "{claimed:?}");
        let winner = ["one", "two", "three"][winner];
        objects.claim(winner).await.unwrap();
        let error = objects.claim("four").await.unwrap_err().to_string();
        let place = objects.name();
        assert_eq!(
            error,
            format!(
                "{place}: keeps the messages of another store ({winner}, this one is four): each needs \
                 a place of its own"
            )
        );
        // It is not taken for an object.
        assert_eq!(objects.list(None).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_crash_leaves_no_names() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Objects::open(dir.path(), &BlobPlace::DataDir).unwrap();
    let objects = open();
    let mut given_up = objects.writer(Some(1_000_000));
    given_up.write(&letter(1_000_000)).await.unwrap();
    drop(given_up);
    assert_eq!(std::fs::read_dir(dir.path().join("spool")).unwrap().count(), 0);

    let incoming = dir.path().join("blobs/incoming");
    for (name, age) in [("old", 2 * 60 * 60), ("young", 60)] {
        let file = std::fs::File::create(incoming.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }
    open();
    let left: Vec<_> =
        std::fs::read_dir(&incoming).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["young"]);
}

#[tokio::test]
async fn a_put_goes_on_when_nobody_waits() {
    check(async |_, objects| {
        let body = Body::Memory(Bytes::from_static(b"whole"));
        // Polled once, then dropped.
        let put = objects.put(3, body);
        let _ = tokio::time::timeout(Duration::ZERO, put).await;
        let started = Instant::now();
        while objects.read(3, 0..5).await != Ok(Bytes::from_static(b"whole")) {
            assert!(started.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// What is said when it cannot be used.
async fn refused(options: S3Options, patience: Patience) -> String {
    let problem = match S3::open(&options, &patience) {
        Ok(s3) => s3.probe().await.unwrap_err(),
        Err(error) => error,
    };
    let OpenError::Engine { place, problem } = problem else { panic!("{problem}") };
    let server = options.endpoint.unwrap_or_default();
    assert_eq!(place, format!("s3://{}/{} at {server}", options.bucket, options.prefix));
    problem
}

#[tokio::test]
async fn a_probe_says_what_is_wrong() {
    let Some(fine) = s3_options() else { return };
    let other = |change: fn(&mut S3Options)| {
        let mut options = fine.clone();
        change(&mut options);
        options
    };
    for (options, words) in [
        (
            other(|options| options.bucket = "nobodys".to_owned()),
            "there is no bucket \"nobodys\": make it, or name another",
        ),
        (
            other(|options| options.access_key_id = "nobody".to_owned()),
            "the access key is not known there (NotSignedUp): look at access_key_id",
        ),
        (
            other(|options| options.secret_access_key = "guess".to_owned()),
            "the secret is not that of the access key (SignatureDoesNotMatch): look at \
             secret_access_key",
        ),
        (
            other(|options| options.allow_http = false),
            "cannot list objects: URL scheme is not allowed",
        ),
        (
            other(|options| options.endpoint = Some("http://127.0.0.1:1".to_owned())),
            "cannot list objects: Connection refused (os error 111)",
        ),
        (
            other(|options| options.prefix = "a//b".to_owned()),
            "Path \"a//b\" contained empty path segment",
        ),
    ] {
        assert_eq!(refused(options, Patience::default()).await, words);
    }
}

#[tokio::test]
async fn a_silent_server_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let options = S3Options {
        bucket: "mail".to_owned(),
        prefix: "a".to_owned(),
        endpoint: Some(endpoint),
        region: "us-east-1".to_owned(),
        access_key_id: "a".to_owned(),
        secret_access_key: "b".to_owned(),
        allow_http: true,
    };
    let started = Instant::now();
    let hurried = Patience {
        connect: Duration::from_millis(500),
        request: Duration::from_millis(500),
        operation: Duration::from_secs(1),
    };
    let words = refused(options, hurried).await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(
        words.contains("no answer in time") || words.contains("operation timed out"),
        "{words}"
    );
}
