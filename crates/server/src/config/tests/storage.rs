//! Where mail is kept: what goes together, and what the store is opened with.

use super::{FINE, check, parse};
use ::storage::{BlobPlace, EngineOptions, Options, PostgresqlOptions, S3Options};
use std::path::Path;

/// A database.
const DATABASE: &str = "listen.imaps = [\"0.0.0.0:993\"]\nstorage.engine = \"postgresql\"\nstorage.url = \"postgresql://db/mail\"\n";

/// A bucket of an object store and who may use it.
const BUCKET: &str = "[storage.blobs]\nurl = \"s3://mail/posthouse\"\naccess_key_id = \"AKLEE\"\n\
                      secret_access_key = \"pencil75\"\n";

fn options(text: &str) -> Result<Options, String> {
    let config = parse(text, &[]).unwrap();
    config.storage.options(&config.data_dir).map_err(|error| error.to_string())
}

#[test]
fn what_does_not_go_together() {
    let line = "posthouse.toml, line 4";
    for (text, sentence) in [
        (
            format!("{FINE}[storage]\nengine = \"postgresql\""),
            "posthouse.toml, line 3: storage.engine is \"postgresql\", but it needs storage.url or \
             storage.url_file: where the database is"
                .to_owned(),
        ),
        (
            format!("{FINE}[storage]\nurl = \"postgresql://posthouse:pencil75@db/mail\""),
            "posthouse.toml, line 3: storage.url is given, but it belongs to the engine \"postgresql\", \
             and storage.engine is \"embedded\""
                .to_owned(),
        ),
        (
            format!("{FINE}[storage]\nurl_file = \"/run/url\""),
            "posthouse.toml, line 3: storage.url_file is \"/run/url\", but it belongs to the engine \
             \"postgresql\", and storage.engine is \"embedded\""
                .to_owned(),
        ),
        (
            format!("{DATABASE}storage.url_file = \"/run/url\""),
            format!(
                "{line}: storage.url_file is \"/run/url\", but storage.url is given too: use one of the two"
            ),
        ),
        (
            format!("{DATABASE}storage.connections = 1001"),
            format!("{line}: storage.connections is 1001, but must be at most 1000"),
        ),
        (
            format!("{FINE}[storage.blobs]\nurl = \"s3://mail\""),
            "posthouse.toml, line 3: storage.blobs.url is \"s3://mail\", but the engine \"embedded\" \
             keeps messages under data_dir: use storage.engine = \"postgresql\", or leave \
             [storage.blobs] empty"
                .to_owned(),
        ),
        (
            format!("{DATABASE}storage.blobs.region = \"eu-1\""),
            format!("{line}: storage.blobs.region is \"eu-1\", but storage.blobs.url is not given: which bucket"),
        ),
        (
            format!("{DATABASE}storage.blobs.url = \"s3://mail\""),
            format!(
                "{line}: storage.blobs.url is \"s3://mail\", but it needs storage.blobs.access_key_id or \
                 access_key_id_file: who may use it"
            ),
        ),
        (
            format!("{DATABASE}storage.blobs = {{ url = \"s3://mail\", access_key_id = \"a\" }}"),
            format!(
                "{line}: storage.blobs.url is \"s3://mail\", but it needs storage.blobs.secret_access_key \
                 or secret_access_key_file: proof of who may use it"
            ),
        ),
        (
            format!("{DATABASE}{BUCKET}secret_access_key_file = \"/run/key\""),
            "posthouse.toml, line 8: storage.blobs.secret_access_key_file is \"/run/key\", but it is given \
             in the configuration too: use one of the two"
                .to_owned(),
        ),
        (
            format!("{DATABASE}{BUCKET}endpoint = \"http://10.0.0.7:9000\""),
            "posthouse.toml, line 8: storage.blobs.endpoint is \"http://10.0.0.7:9000\", but messages would \
             travel in the clear: use https://, or storage.blobs.allow_http = true if the network between \
             is your own"
                .to_owned(),
        ),
    ] {
        check(&text, &[], &sentence);
    }
}

#[test]
fn buckets() {
    for (url, again) in [
        ("s3://mail", "s3://mail"),
        ("s3://mail/", "s3://mail"),
        ("s3://my.mail-1/a/b_c/", "s3://my.mail-1/a/b_c"),
    ] {
        let text = format!("{DATABASE}{}", BUCKET.replace("s3://mail/posthouse", url));
        let printed = parse(&text, &[]).unwrap().to_toml();
        assert!(printed.contains(&format!("\nurl = \"{again}\"\n")), "{printed}");
    }
    for url in [
        "mail",
        "s3:mail",
        "s3://",
        "s3://ab",
        "s3://Mail",
        "s3://mail//a",
        "s3://mail/../a",
        "s3://mail/a b",
        "https://mail",
    ] {
        check(
            &format!("{DATABASE}storage.blobs.url = \"{url}\""),
            &[],
            &format!(
                "posthouse.toml, line 4: storage.blobs.url is \"{url}\", but must be \"s3://\", the name of a \
                 bucket and perhaps a prefix, such as \"s3://mail/posthouse\""
            ),
        );
    }
}

#[test]
fn what_the_store_is_opened_with() {
    let opened = options(FINE).unwrap();
    assert_eq!(opened.engine, EngineOptions::Embedded);
    assert_eq!(opened.blobs, BlobPlace::DataDir);
    assert_eq!((opened.data_dir.as_path(), opened.readers), (Path::new("/var/lib/posthouse"), 4));

    let opened = options(&format!("{DATABASE}{BUCKET}")).unwrap();
    let url = "postgresql://db/mail".to_owned();
    let database = PostgresqlOptions { url, connections: 16 };
    assert_eq!(opened.engine, EngineOptions::Postgresql(database));
    let mut bucket = S3Options {
        bucket: "mail".to_owned(),
        prefix: "posthouse".to_owned(),
        endpoint: None,
        region: "us-east-1".to_owned(),
        access_key_id: "AKLEE".to_owned(),
        secret_access_key: "pencil75".to_owned(),
        allow_http: false,
    };
    assert_eq!(opened.blobs, BlobPlace::S3(bucket.clone()));

    let more = "endpoint = \"http://[::1]:9000/\"\nregion = \"eu-1\"\nallow_http = true";
    let opened = options(&format!("{DATABASE}{BUCKET}{more}")).unwrap();
    bucket.endpoint = Some("http://[::1]:9000".to_owned());
    bucket.region = "eu-1".to_owned();
    bucket.allow_http = true;
    assert_eq!(opened.blobs, BlobPlace::S3(bucket));
}

#[test]
fn secrets_come_from_files() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display();
    let text = format!(
        "{FINE}[storage]\nengine = \"postgresql\"\nurl_file = \"{at}/url\"\n[storage.blobs]\n\
         url = \"s3://mail\"\naccess_key_id_file = \"{at}/id\"\nsecret_access_key_file = \"{at}/key\"\n"
    );
    let refused = |key: &str, file: &str, problem: &str| {
        Err(format!("storage.{key} is \"{at}/{file}\", but {problem}"))
    };
    let missing = "the file cannot be read: No such file or directory (os error 2)";
    assert_eq!(options(&text).map(drop), refused("url_file", "url", missing));
    std::fs::write(dir.path().join("url"), "postgresql://posthouse:pencil75@db/mail\n").unwrap();
    std::fs::write(dir.path().join("id"), "AKLEE").unwrap();
    std::fs::write(dir.path().join("key"), " \n").unwrap();
    let empty = "the file is empty";
    assert_eq!(options(&text).map(drop), refused("blobs.secret_access_key_file", "key", empty));
    std::fs::write(dir.path().join("key"), "pencil75\n").unwrap();
    let opened = options(&text).unwrap();
    let EngineOptions::Postgresql(database) = &opened.engine else { panic!("{opened:?}") };
    assert_eq!(database.url, "postgresql://posthouse:pencil75@db/mail");
    let BlobPlace::S3(bucket) = &opened.blobs else { panic!("{opened:?}") };
    assert_eq!(
        (bucket.access_key_id.as_str(), bucket.secret_access_key.as_str()),
        ("AKLEE", "pencil75")
    );
    assert!(!format!("{opened:?}").contains("pencil75"));
}

#[test]
fn secrets_are_not_shown_and_the_rest_reads_back() {
    let config = parse(&format!("{DATABASE}{BUCKET}"), &[]).unwrap();
    let printed = config.to_toml();
    assert!(!printed.contains("pencil75") && !printed.contains("db/mail"), "{printed}");
    assert!(!format!("{config:?}").contains("pencil75"));
    assert!(printed.contains("\nurl = \"(masked)\"\n"), "{printed}");
    assert!(printed.contains("\nsecret_access_key = \"(masked)\"\n"), "{printed}");
    assert_eq!(parse(&printed, &[]).unwrap().to_toml(), printed);
}
