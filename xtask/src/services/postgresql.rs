//! A PostgreSQL server of our own, from Debian's package: a fresh cluster in a temporary folder, durable
//! as in production (`fsync = on`), with a password as in production.

use super::{Listening, Variable, random_word};
use crate::Outcome;
use crate::command::{install_packages, output};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The Debian package. What it brings is below [`PROGRAMS`], in a folder per version.
const PACKAGE: &str = "postgresql";
const PROGRAMS: &str = "/usr/lib/postgresql";

/// Its superuser.
const USER: &str = "posthouse";

/// A running server.
pub(super) struct Postgresql {
    listening: Listening,
    password: String,
    /// Dropped last.
    _folder: TempDir,
}

impl Postgresql {
    /// Installs it if it is missing, makes a cluster and serves it.
    pub(super) fn start() -> Result<Self, String> {
        let programs = match newest() {
            Some(programs) => programs,
            None => {
                install_packages(&[PACKAGE])?;
                newest().ok_or_else(|| format!("{PACKAGE} is installed, but not in {PROGRAMS}"))?
            }
        };
        let owner = owner()?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let (data, password_file) = (folder.path().join("data"), folder.path().join("password"));
        let password = random_word()?;
        std::fs::write(&password_file, &password).map_err(|error| error.to_string())?;
        for path in [folder.path(), &password_file] {
            owner.take(path)?;
        }
        let mut initdb = Command::new(programs.join("initdb"));
        initdb
            .args(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .args(["--username", USER, "--pwfile"])
            .arg(&password_file)
            .arg("--pgdata")
            .arg(&data)
            .current_dir(folder.path());
        // What it says is of use only if it fails.
        output(owner.run_as(&mut initdb))?;
        let command = |port: u16| {
            let mut server = Command::new(programs.join("postgres"));
            server.arg("-D").arg(&data).current_dir(folder.path());
            for setting in [
                &format!("port={port}"),
                "listen_addresses=127.0.0.1",
                "unix_socket_directories=",
                "max_connections=300",
                "fsync=on",
            ] {
                server.args(["-c", setting]);
            }
            owner.run_as(&mut server);
            server
        };
        let is_ready = |port: u16| {
            let mut ready = Command::new(programs.join("pg_isready"));
            ready.args(["--quiet", "--host=127.0.0.1", "--port", &port.to_string()]);
            ready.status().is_ok_and(|status| status.success())
        };
        let listening = Listening::start("PostgreSQL", command, is_ready)?;
        Ok(Self { listening, password, _folder: folder })
    }

    /// A database in which a superuser can make others.
    pub(super) fn variables(&self) -> Vec<Variable> {
        let Self { listening, password, .. } = self;
        let url = format!("postgresql://{USER}:{password}@127.0.0.1:{}/postgres", listening.port);
        vec![("POSTHOUSE_TEST_POSTGRESQL".to_owned(), url)]
    }
}

impl Drop for Postgresql {
    fn drop(&mut self) {
        // Immediate shutdown: its children go too, which killing it would leave, and nothing is kept.
        if let Some(pid) = Pid::from_raw(self.listening.process.id().cast_signed())
            && kill_process(pid, Signal::QUIT).is_ok()
        {
            let _ = self.listening.process.wait();
        }
    }
}

/// The programs of the newest version installed.
fn newest() -> Option<PathBuf> {
    std::fs::read_dir(PROGRAMS)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs.join("initdb").is_file().then_some((version, programs))
        })
        .max()
        .map(|(_, programs)| programs)
}

/// As whom the server runs: it refuses to run as root.
enum Owner {
    Ourselves,
    Another { uid: u32, gid: u32 },
}

fn owner() -> Result<Owner, String> {
    if !geteuid().is_root() {
        return Ok(Owner::Ourselves);
    }
    let number = |what: &str| {
        output(Command::new("id").args([what, "postgres"]))?
            .parse()
            .map_err(|error| format!("id {what} postgres: {error}"))
    };
    Ok(Owner::Another { uid: number("-u")?, gid: number("-g")? })
}

impl Owner {
    fn take(&self, path: &Path) -> Outcome {
        match self {
            Self::Ourselves => Ok(()),
            Self::Another { uid, gid } => chown(path, Some(*uid), Some(*gid))
                .map_err(|error| format!("{}: {error}", path.display())),
        }
    }

    fn run_as<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self {
            Self::Ourselves => command,
            Self::Another { uid, gid } => command.uid(*uid).gid(*gid),
        }
    }
}
