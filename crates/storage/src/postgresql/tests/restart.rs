//! A server that crashes under load and comes back: the store comes back by itself, with everything acknowledged.

use crate::conformance::place::{append_all, blob, entry_of, folder, populate};
use crate::{EngineOptions, EntryQuery, Login, Options, PostgresqlOptions, Storage};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use terms::{Flags, Uid};

const SESSIONS: usize = 3;

/// A PostgreSQL server that is ours to stop, with its data in a folder that goes with it.
struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    /// It refuses to run as root.
    runs_as: Option<(u32, u32)>,
}

impl Server {
    /// None (said aloud): this machine has no PostgreSQL, or tests are to do without servers.
    fn start() -> Option<Self> {
        testkit::services::postgresql()?;
        let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let programs = installed.map(|version| version.unwrap().path().join("bin")).max()?;
        let folder = tempfile::tempdir().unwrap();
        let runs_as = rustix::process::geteuid().is_root().then(|| (id("-u"), id("-g")));
        if let Some((uid, gid)) = runs_as {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let server = Self { programs, folder, port, runs_as };
        server.run("initdb", &["--auth=trust", "--username=posthouse", "--locale=C", "--no-sync"]);
        server.resume();
        Some(server)
    }

    fn run(&self, program: &str, args: &[&str]) {
        assert!(self.succeeds(program, args), "{program}");
    }

    fn succeeds(&self, program: &str, args: &[&str]) -> bool {
        let mut command = Command::new(self.programs.join(program));
        command.args(args).arg("-D").arg(self.folder.path().join("data"));
        command.current_dir(self.folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((uid, gid)) = self.runs_as {
            command.uid(uid).gid(gid);
        }
        command.status().is_ok_and(|status| status.success())
    }

    fn resume(&self) {
        let settings = "-c listen_addresses=127.0.0.1 -c unix_socket_directories=";
        let options = format!("{settings} -c port={}", self.port);
        let log = self.folder.path().join("log");
        self.run("pg_ctl", &["start", "-w", "-o", &options, "-l", log.to_str().unwrap()]);
    }

    /// Without a checkpoint: what is not in its log on disk is lost.
    fn crash(&self) {
        self.run("pg_ctl", &["stop", "-m", "immediate"]);
    }

    fn options(&self) -> Options {
        let url = format!("postgresql://posthouse@127.0.0.1:{}/postgres", self.port);
        let engine = EngineOptions::Postgresql(PostgresqlOptions { url, connections: 6 });
        Options { engine, ..Options::embedded(self.folder.path().join("blobs"), 1) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.succeeds("pg_ctl", &["stop", "-m", "immediate"]);
    }
}

fn id(what: &str) -> u32 {
    let output = Command::new("id").args([what, "postgres"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// Appends until told to stop, whatever fails; answers what was acknowledged.
async fn work(
    (storage, login): (Storage, Login),
    name: String,
    (over, answered): (Arc<AtomicBool>, Arc<AtomicU32>),
) -> Vec<(Uid, String)> {
    let mut said = Vec::new();
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let text = format!("{name} {number}");
        let stored = async {
            let mut writer = storage.blob_writer(None);
            writer.write(text.as_bytes()).await?;
            let new = entry_of(writer.finish().await?, Flags::default());
            storage.append(&login, &folder(&name), vec![new]).await
        };
        match stored.await {
            Ok(copied) => {
                said.push((copied.uids[0].1, text));
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashed_comes_back_with_all_that_was_acknowledged() {
    let Some(server) = Server::start() else { return };
    let storage = Storage::open(server.options()).await.unwrap();
    let (alice, _) = populate(&storage).await;
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let mut sessions = tokio::task::JoinSet::new();
    for number in 0..SESSIONS {
        let name = format!("s{number}");
        storage.create_folder(&alice, &folder(&name)).await.unwrap();
        let flags = (Arc::clone(&over), Arc::clone(&answered));
        sessions.spawn(work((storage.clone(), alice.clone()), name, flags));
    }
    let more = async |count: u32| {
        let wanted = answered.load(Ordering::Relaxed) + count;
        let served = async {
            while answered.load(Ordering::Relaxed) < wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), served).await.expect("is served again");
    };
    for _ in 0..3 {
        more(30).await;
        tokio::task::block_in_place(|| {
            server.crash();
            server.resume();
        });
    }
    more(30).await;
    over.store(true, Ordering::Relaxed);
    for said in sessions.join_all().await {
        let name = said[0].1.split_once(' ').unwrap().0.to_owned();
        let found = storage.folder(&alice, &folder(&name)).await.unwrap();
        let (all, plain) = (Uid::MIN..=Uid::MAX, EntryQuery::Plain);
        let entries = storage.entries(&alice, found.id, all, 100_000, plain).await.unwrap();
        for (uid, text) in said {
            let entry = entries.iter().find(|entry| entry.uid == uid);
            let blob = entry.unwrap_or_else(|| panic!("{text} is lost")).blob;
            let bytes = storage.read_blob(&alice, found.id, uid, blob, 0, 99).await.unwrap();
            assert_eq!(bytes, text.as_bytes());
        }
    }
    assert_eq!(storage.verify().await.unwrap().problems, [""; 0]);
    let new = entry_of(blob(&storage, b"last").await, Flags::default());
    append_all(&storage, &alice, &folder("INBOX"), vec![new]).await;
    storage.close().await;
}
