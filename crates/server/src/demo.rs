//! `posthouse demo`: the main job in one command, on 127.0.0.1, with no configuration.

mod client;
mod once;
mod people;

use crate::assemble::Server;
use crate::cli::DemoArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::host::now;
use jiff::Timestamp;
use sessions::{SessionRecord, Watched};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The account whose sessions the printed request ends.
const JOE: &str = "joe_user@example.com";
/// The one that must not notice.
const JANE: &str = "jane_user@example.com";
/// Who may end them.
const DOMAIN_ADMIN: &str = "domain_admin@example.com";
/// The company's administrator.
const COMPANY_ADMIN: &str = "company_admin@demo.adm";
/// Everybody's password.
const PASSWORD: &str = "pencil75";

/// The ports of a demo server.
#[derive(Clone, Copy, Debug)]
struct Ports {
    base: u16,
}

impl Ports {
    fn imap(self) -> u16 {
        self.base + 143
    }
    fn imaps(self) -> u16 {
        self.base + 993
    }
    fn pop3(self) -> u16 {
        self.base + 110
    }
    fn pop3s(self) -> u16 {
        self.base + 995
    }
    fn lmtp(self) -> u16 {
        self.base + 24
    }
    fn api(self) -> u16 {
        self.base + 80
    }
}

/// Runs the demo.
///
/// # Errors
/// A port is taken, the store cannot be opened, or (with `--once`) the promise was not kept.
pub async fn run(args: DemoArgs) -> Result<(), Failure> {
    let ports = Ports { base: args.port_base };
    let (folder, _temporary) = data_dir(args.data_dir)?;
    let config = configuration(&folder, ports)?;
    let server = Server::start(&config).await?;
    let result = match people::settle(&server, &config).await {
        Err(problem) => Err(problem),
        Ok(()) if args.once => once::run(&server, ports).await,
        Ok(()) => {
            introduce(&server, ports);
            show(&server).await;
            Ok(())
        }
    };
    server.stop().await;
    result
}

/// The folder, and what removes it at the end if it is a temporary one.
fn data_dir(given: Option<PathBuf>) -> Result<(PathBuf, Option<tempfile::TempDir>), Failure> {
    match given {
        Some(folder) => Ok((folder, None)),
        None => {
            let temporary = tempfile::Builder::new()
                .prefix("posthouse-demo-")
                .tempdir()
                .map_err(|error| Failure::Other(format!("no temporary folder: {error}")))?;
            Ok((temporary.path().to_owned(), Some(temporary)))
        }
    }
}

fn configuration(folder: &Path, ports: Ports) -> Result<Config, Failure> {
    let text = format!(
        "data_dir = {folder:?}\nhostname = \"localhost\"\n\n[listen]\n\
         imap = [\"127.0.0.1:{}\"]\nimaps = [\"127.0.0.1:{}\"]\npop3 = [\"127.0.0.1:{}\"]\n\
         pop3s = [\"127.0.0.1:{}\"]\nlmtp = [\"127.0.0.1:{}\"]\napi = [\"127.0.0.1:{}\"]\n",
        ports.imap(),
        ports.imaps(),
        ports.pop3(),
        ports.pop3s(),
        ports.lmtp(),
        ports.api(),
    );
    Ok(Config::parse("the demo's configuration", &text, [])?)
}

/// A line for the person who watches. Whoever closed our stdout does not want to know.
fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

fn introduce(server: &Server, ports: Ports) {
    say(&format!(
        "Posthouse demo on 127.0.0.1: IMAP {}, IMAPS {}, POP3 {}, POP3S {}, LMTP {}, API {}",
        ports.imap(),
        ports.imaps(),
        ports.pop3(),
        ports.pop3s(),
        ports.lmtp(),
        ports.api()
    ));
    say(&format!(
        "Accounts, all with the password {PASSWORD}: {JOE}, {JANE}, {DOMAIN_ADMIN}, {COMPANY_ADMIN}"
    ));
    say("");
    say("Connect with a mail client, or:");
    say(&format!("  curl -u {JOE}:{PASSWORD} imap://127.0.0.1:{}/INBOX?ALL", ports.imap()));
    say(&format!(
        "  python3 -c 'import imaplib; c = imaplib.IMAP4(\"127.0.0.1\", {}); c.login(\"{JOE}\", \"{PASSWORD}\"); print(c.select()); input(\"Enter to leave \")'",
        ports.imap()
    ));
    say("");
    say("End all sessions of that user:");
    say(&format!(
        "  curl http://127.0.0.1:{}/api/logout_user -d '{{\"credentials\":{{\"user\":\"{DOMAIN_ADMIN}\",\"password\":\"{PASSWORD}\"}},\"user\":\"{JOE}\"}}'",
        ports.api()
    ));
    say("");
    server.announce();
    say("Sessions as they come and go (Ctrl-C to stop):");
}

/// Shows sessions until somebody interrupts.
async fn show(server: &Server) {
    let mut watch = server.services.sessions.watch();
    let mut interrupted = std::pin::pin!(crate::assemble::interrupted());
    loop {
        tokio::select! {
            watched = watch.next() => match watched {
                Some(watched) => say(&line(&watched)),
                None => return,
            },
            () = &mut interrupted => return,
        }
    }
}

fn line(watched: &Watched) -> String {
    let at = Timestamp::from_second(now().0).map(|at| at.strftime("%H:%M:%S").to_string());
    let at = at.unwrap_or_default();
    let describe = |record: &SessionRecord| {
        let session = &record.session;
        let client = record.client.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        let tls = if session.tls { "TLS" } else { "plain" };
        format!(
            "{:4} {:5} {:21} {}{client}",
            session.protocol.name(),
            tls,
            session.peer,
            session.login
        )
    };
    match watched {
        Watched::Opened(record) => format!("{at}  + {}", describe(record)),
        Watched::Ended(record) => {
            let why = record.ending.map_or("left", |reason| reason.name());
            let age = record.age(now());
            format!("{at}  - {}  {why} after {age} s", describe(record))
        }
        Watched::Missed(count) => format!("{at}    … {count} more"),
    }
}
