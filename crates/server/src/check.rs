//! `posthouse check`: would the server start, and would it be fine? One line per check. Leaves
//! everything as it is.

use crate::certificate::Certificates;
use crate::cli::CheckArgs;
use crate::config::{Config, Endpoint, Engine};
use crate::failure::Failure;
use crate::listener::Listener;
use rustix::fs::{Access, access};
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use storage::{OpenError, Probe, Storage, Verification};
use terms::UnixTime;

/// Checks everything and prints one line per check.
///
/// # Errors
/// Something would keep the server from starting; exit code 1, even for the configuration.
pub async fn run(args: &CheckArgs) -> Result<(), Failure> {
    let findings = match Config::load(&args.config) {
        Err(error) => vec![Finding::bad("configuration", error)],
        Ok(config) => {
            let mut findings = vec![Finding::good("configuration", args.config.display())];
            findings.extend(everything(&config).await?);
            if args.storage {
                findings.extend(match config.storage.engine {
                    Engine::Embedded => thoroughly(config.data_dir).await?,
                    Engine::Postgresql => thoroughly_at_servers(&config).await?,
                });
            }
            findings
        }
    };
    let mut stdout = io::stdout().lock();
    for finding in &findings {
        writeln!(stdout, "{finding}")
            .map_err(|error| Failure::Other(format!("cannot write to standard output: {error}")))?;
    }
    match findings.iter().filter(|finding| finding.state == State::Bad).count() {
        0 => Ok(()),
        1 => Err(Failure::Other("1 check failed".to_owned())),
        count => Err(Failure::Other(format!("{count} checks failed"))),
    }
}

/// What one check came to.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    state: State,
    subject: String,
    words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    /// The server starts, but somebody will complain.
    Doubtful,
    Bad,
}

impl Finding {
    fn new(state: State, subject: impl Into<String>, words: impl fmt::Display) -> Self {
        Self { state, subject: subject.into(), words: words.to_string() }
    }

    fn good(subject: impl Into<String>, words: impl fmt::Display) -> Self {
        Self::new(State::Good, subject, words)
    }

    fn doubtful(subject: impl Into<String>, words: impl fmt::Display) -> Self {
        Self::new(State::Doubtful, subject, words)
    }

    fn bad(subject: impl Into<String>, words: impl fmt::Display) -> Self {
        Self::new(State::Bad, subject, words)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Good => "ok",
            State::Doubtful => "warning",
            State::Bad => "failed",
        };
        write!(f, "{state:8}{}: {}", self.subject, self.words)
    }
}

async fn everything(config: &Config) -> Result<Vec<Finding>, Failure> {
    let (mut findings, runs) = match config.storage.engine {
        Engine::Embedded => {
            let data_dir = config.data_dir.clone();
            // It reads from disk, and may have much to read.
            let store = tokio::task::spawn_blocking(move || Storage::check(&data_dir))
                .await
                .map_err(|error| Failure::Other(format!("storage cannot be checked: {error}")))?;
            let runs = matches!(store, Err(OpenError::InUse { .. }));
            (vec![storage(&config.data_dir, store)], runs)
        }
        Engine::Postgresql => servers(config).await,
    };
    findings.push(certificate(config));
    for (entrance, endpoint) in config.listen.all() {
        let subject = format!("listen.{}", entrance.name());
        findings.push(if runs {
            Finding::good(subject, format!("{endpoint} (not tried, a server runs)"))
        } else {
            listener(subject, endpoint).await
        });
    }
    Ok(findings)
}

/// The servers that keep the mail, and the part of it that is kept here; and whether a server runs.
async fn servers(config: &Config) -> (Vec<Finding>, bool) {
    let options = match config.storage.options(&config.data_dir) {
        Ok(options) => options,
        Err(error) => return (vec![Finding::bad("configuration", error)], false),
    };
    let place = config.data_dir.display();
    let mut findings = vec![match writable(&config.data_dir) {
        Ok(()) => Finding::good("data_dir", format!("{place} can be written")),
        Err(why) => Finding::bad("data_dir", format!("{place} cannot be written: {why}")),
    }];
    let mut runs = false;
    for Probe { subject, outcome } in Storage::probe(&options).await {
        findings.push(match outcome {
            Ok(words) => Finding::good(subject, words),
            Err(OpenError::InUse { path }) => {
                runs = true;
                Finding::good(subject, format!("{path} is in use by a running server"))
            }
            Err(error) => Finding::bad(subject, error),
        });
    }
    (findings, runs)
}

fn storage(data_dir: &Path, store: Result<bool, OpenError>) -> Finding {
    let subject = "storage";
    let place = data_dir.display();
    match store {
        Ok(true) => Finding::good(subject, format!("{place} is whole")),
        Err(OpenError::InUse { .. }) => {
            Finding::good(subject, format!("{place} is in use by a running server"))
        }
        Err(error) => Finding::bad(subject, error),
        Ok(false) => match writable(data_dir) {
            Ok(()) => Finding::good(subject, format!("{place} is empty, a store will be made")),
            Err(why) => {
                Finding::bad(subject, format!("{place} is empty, and no store can be made: {why}"))
            }
        },
    }
}

/// Whether a directory can be written in, or made if it is not there.
fn writable(data_dir: &Path) -> Result<(), String> {
    let existing = data_dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    access(existing, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| format!("{}: {error}", existing.display()))
}

/// Reads all that is stored.
async fn thoroughly(data_dir: PathBuf) -> Result<Vec<Finding>, Failure> {
    let started = Instant::now();
    let mut told = started;
    // Those who wait for it want to know that it goes on.
    let progress = move |done: u64, all: u64| {
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            let percent = done.saturating_mul(100) / all.max(1);
            // Nobody may be looking.
            let _ = writeln!(io::stderr(), "{percent} % of {} MB read", all / 1_000_000);
        }
    };
    let verified = tokio::task::spawn_blocking(move || Storage::verify_closed(&data_dir, progress))
        .await
        .map_err(|error| Failure::Other(format!("storage cannot be checked: {error}")))?;
    Ok(match verified {
        Ok(None) => vec![Finding::good(STORED_MAIL, "there is none")],
        Ok(Some(found)) => verified_findings(&found, started),
        Err(error) => vec![not_verified(&error)],
    })
}

/// The same where servers keep it. The store is opened as a server would open it: the schema of its database is
/// brought forward.
async fn thoroughly_at_servers(config: &Config) -> Result<Vec<Finding>, Failure> {
    let started = Instant::now();
    let storage = match Storage::open(config.storage.options(&config.data_dir)?).await {
        Ok(storage) => storage,
        Err(error) => return Ok(vec![not_verified(&error)]),
    };
    let verified = storage.verify().await;
    storage.close().await;
    Ok(match verified {
        Ok(found) => verified_findings(&found, started),
        Err(error) => vec![Finding::bad(STORED_MAIL, error)],
    })
}

fn verified_findings(found: &Verification, started: Instant) -> Vec<Finding> {
    if found.problems.is_empty() {
        let words = format!(
            "{} accounts, {} folders, {} messages; {} MB in {} blobs read in {:.1} s, all is well",
            found.accounts,
            found.folders,
            found.entries,
            found.bytes / 1_000_000,
            found.blobs,
            started.elapsed().as_secs_f64(),
        );
        return vec![Finding::good(STORED_MAIL, words)];
    }
    found.problems.iter().map(|problem| Finding::bad(STORED_MAIL, problem)).collect()
}

fn not_verified(error: &OpenError) -> Finding {
    match error {
        OpenError::InUse { .. } => {
            Finding::bad(STORED_MAIL, "a server runs: stop it, or look at a copy")
        }
        error => Finding::bad(STORED_MAIL, error),
    }
}

/// What `--storage` looks at.
const STORED_MAIL: &str = "stored mail";

fn certificate(config: &Config) -> Finding {
    let subject = "certificate";
    let Some(path) = &config.tls.certificate else {
        let words = "none is configured: a self-signed one is used, which clients do not trust";
        return Finding::doubtful(subject, words);
    };
    let certificates = match Certificates::load(config) {
        Ok(certificates) => certificates,
        Err(error) => return Finding::bad(subject, error),
    };
    let place = path.display();
    let Some(validity) = certificates.validity() else {
        return Finding::doubtful(subject, format!("{place} does not say how long it is valid"));
    };
    let now = crate::host::now();
    if now < validity.from {
        let words = format!("{place} is not valid before {}", shown(validity.from));
        return Finding::bad(subject, words);
    }
    if !validity.covers(now) {
        let words = format!("{place} expired on {}", shown(validity.until));
        return Finding::bad(subject, words);
    }
    let until = shown(validity.until);
    if !certificates.is_for(&config.hostname) {
        let words = format!("{place} is valid until {until}, but not for {}", config.hostname);
        return Finding::doubtful(subject, words);
    }
    if validity.until.0 - now.0 < SOON {
        return Finding::doubtful(subject, format!("{place} expires soon, on {until}"));
    }
    Finding::good(subject, format!("{place} is valid for {} until {until}", config.hostname))
}

/// How often it is said how far reading all mail has come.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Certificates are renewed a month before they end; one that has two weeks left was forgotten.
const SOON: i64 = 14 * 24 * 60 * 60;

fn shown(at: UnixTime) -> String {
    jiff::Timestamp::from_second(at.0).map_or_else(|_| at.to_string(), |at| at.to_string())
}

async fn listener(subject: String, endpoint: &Endpoint) -> Finding {
    match endpoint {
        Endpoint::Tcp(_) => match Listener::bind(endpoint).await {
            Ok(_) => Finding::good(subject, format!("{endpoint} is free")),
            Err(error) => Finding::bad(subject, error),
        },
        // Trying would leave a socket file behind.
        Endpoint::Unix(path) => {
            let parent = path.parent().unwrap_or(Path::new("/"));
            match access(parent, Access::WRITE_OK | Access::EXEC_OK) {
                Ok(()) => Finding::good(subject, format!("{endpoint} can be made")),
                Err(error) => Finding::bad(
                    subject,
                    format!("{endpoint} cannot be made: {}: {error}", parent.display()),
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    async fn check(text: &str) -> Vec<String> {
        let config = Config::parse("posthouse.toml", text, []).unwrap();
        everything(&config).await.unwrap().iter().map(ToString::to_string).collect()
    }

    #[tokio::test]
    async fn each_check_is_a_line_and_nothing_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().display();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let made = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
        std::fs::write(dir.path().join("c.pem"), made.cert.pem()).unwrap();
        std::fs::write(dir.path().join("k.pem"), made.signing_key.serialize_pem()).unwrap();

        let lines = check(&format!(
            "data_dir = \"{at}/new/data\"\nhostname = \"a.example\"\n[listen]\n\
             imap = [\"127.0.0.1:0\", \"127.0.0.1:{port}\"]\n\
             lmtp = [\"unix:{at}/lmtp\", \"unix:{at}/none/lmtp\"]\n\
             [tls]\ncertificate = \"{at}/c.pem\"\nkey = \"{at}/k.pem\"\n"
        ))
        .await;
        assert_eq!(
            lines,
            [
                format!("ok      storage: {at}/new/data is empty, a store will be made"),
                format!(
                    "ok      certificate: {at}/c.pem is valid for a.example until 4096-01-01T00:00:00Z"
                ),
                "ok      listen.imap: 127.0.0.1:0 is free".to_owned(),
                format!(
                    "failed  listen.imap: cannot listen on 127.0.0.1:{port}: already in use; stop the \
                     other program, or choose another one in [listen]"
                ),
                format!("ok      listen.lmtp: unix:{at}/lmtp can be made"),
                format!(
                    "failed  listen.lmtp: unix:{at}/none/lmtp cannot be made: {at}/none: No such file or \
                     directory (os error 2)"
                ),
            ]
        );
        assert!(!dir.path().join("new").exists() && !dir.path().join("lmtp").exists());
    }

    #[tokio::test]
    async fn a_store_is_whole_in_use_or_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().display();
        let text = format!("data_dir = \"{at}\"\nlisten.imap = [\"127.0.0.1:0\"]\n");
        let options = storage::Options::embedded(dir.path().to_owned(), 1);
        let storage = Storage::open(options).await.unwrap();
        let lines = check(&text).await;
        assert_eq!(lines[0], format!("ok      storage: {at} is in use by a running server"));
        assert_eq!(lines[2], "ok      listen.imap: 127.0.0.1:0 (not tried, a server runs)");
        storage.close().await;
        drop(storage);
        assert_eq!(check(&text).await[0], format!("ok      storage: {at} is whole"));
        let lines = async || {
            let findings = thoroughly(dir.path().to_owned()).await.unwrap();
            findings.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let line = lines().await.swap_remove(0);
        assert!(
            line.starts_with("ok      stored mail: 0 accounts, 0 folders, 0 messages; 0 MB"),
            "{line}"
        );
        std::fs::write(dir.path().join("posthouse.db"), vec![b'x'; 8192]).unwrap();
        let line = lines().await.swap_remove(0);
        assert!(line.starts_with(&format!("failed  stored mail: {at}/posthouse.db: ")), "{line}");
        let line = check(&text).await.swap_remove(0);
        assert!(line.starts_with(&format!("failed  storage: {at}/posthouse.db: ")), "{line}");
    }

    #[tokio::test]
    async fn servers_are_asked() {
        let Some(bucket) = testkit::services::s3() else { return };
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().display();
        let place = format!("s3://{}/check at {}", bucket.name, bucket.endpoint);
        let text = format!(
            "data_dir = \"{at}/data\"\nlisten.imap = [\"127.0.0.1:0\"]\n[storage]\n\
             engine = \"postgresql\"\nurl = \"postgresql://127.0.0.1:1/mail\"\n[storage.blobs]\n\
             url = \"s3://{}/check\"\nendpoint = \"{}\"\nallow_http = true\n\
             access_key_id = \"{}\"\nsecret_access_key_file = \"{at}/key\"\n",
            bucket.name, bucket.endpoint, bucket.access_key_id
        );
        let missing = "the file cannot be read: No such file or directory (os error 2)";
        let key = format!("storage.blobs.secret_access_key_file is \"{at}/key\"");
        assert_eq!(check(&text).await[0], format!("failed  configuration: {key}, but {missing}"));
        for (secret, line) in [
            (
                bucket.secret_access_key.as_str(),
                format!(
                    "ok      object store: {place}: objects can be listed, written, read and deleted"
                ),
            ),
            (
                "guess",
                format!(
                    "failed  object store: {place}: the secret is not that of the access key \
                     (SignatureDoesNotMatch): look at secret_access_key"
                ),
            ),
        ] {
            std::fs::write(dir.path().join("key"), secret).unwrap();
            let lines = check(&text).await;
            assert_eq!(lines[0], format!("ok      data_dir: {at}/data can be written"));
            assert!(lines[1].starts_with("failed  database: PostgreSQL"), "{}", lines[1]);
            assert_eq!(lines[2], line);
        }
        assert!(!dir.path().join("data").exists());
    }
}
