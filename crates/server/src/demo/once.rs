//! `demo --once`: two users with real sessions, one of them logged out over HTTP, and a look at what
//! every client saw.

use super::client::{Client, post, trusting};
use super::{DOMAIN_ADMIN, JANE, JOE, PASSWORD, Ports, say};
use crate::assemble::Server;
use crate::failure::Failure;
use std::io;
use std::time::{Duration, Instant};
use tokio_rustls::TlsConnector;

/// A kind of session.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Imap,
    Imaps,
    Pop3,
    Pop3s,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Imap, Kind::Imaps, Kind::Pop3, Kind::Pop3s];

    fn name(self) -> &'static str {
        match self {
            Kind::Imap => "IMAP, idle",
            Kind::Imaps => "IMAP over TLS, idle",
            Kind::Pop3 => "POP3",
            Kind::Pop3s => "POP3 over TLS",
        }
    }

    fn is_imap(self) -> bool {
        matches!(self, Kind::Imap | Kind::Imaps)
    }

    /// Connects and logs in; IMAP selects the inbox and idles.
    async fn open(self, ports: Ports, tls: &TlsConnector, user: &str) -> io::Result<Client> {
        let (port, tls) = match self {
            Kind::Imap => (ports.imap(), None),
            Kind::Imaps => (ports.imaps(), Some(tls)),
            Kind::Pop3 => (ports.pop3(), None),
            Kind::Pop3s => (ports.pop3s(), Some(tls)),
        };
        let mut client = Client::connect(port, tls).await?;
        if self.is_imap() {
            client.say(&format!("a LOGIN {user} {PASSWORD}"), "a OK").await?;
            client.say("b SELECT INBOX", "b OK").await?;
            client.say("c IDLE", "+").await?;
        } else {
            client.say(&format!("USER {user}"), "+OK").await?;
            client.say(&format!("PASS {PASSWORD}"), "+OK").await?;
        }
        Ok(client)
    }
}

/// Runs it.
pub(super) async fn run(server: &Server, ports: Ports) -> Result<(), Failure> {
    let tls = trusting(server).map_err(Failure::Other)?;
    match act(ports, &tls).await {
        Ok(problems) if problems.is_empty() => {
            say("The promise was kept.");
            Ok(())
        }
        Ok(problems) => {
            Err(Failure::Other(format!("the promise was broken: {}", problems.join("; "))))
        }
        Err(error) => Err(Failure::Other(format!("the demo did not get to its end: {error}"))),
    }
}

async fn act(ports: Ports, tls: &TlsConnector) -> io::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut joes = Vec::new();
    // A maildrop has one holder at a time, so each of the two POP3 kinds belongs to one user.
    for kind in [Kind::Imap, Kind::Imaps, Kind::Pop3s] {
        joes.push((kind, kind.open(ports, tls, JOE).await?));
    }
    let mut janes = Vec::new();
    for kind in [Kind::Imap, Kind::Imaps, Kind::Pop3] {
        janes.push((kind, kind.open(ports, tls, JANE).await?));
    }
    say(&format!("{JOE} and {JANE} have three sessions each."));
    let watching: Vec<_> = joes
        .into_iter()
        .map(|(kind, client)| (kind, tokio::spawn(client.until_closed())))
        .collect();

    let body = format!(
        "{{\"credentials\":{{\"user\":\"{DOMAIN_ADMIN}\",\"password\":\"{PASSWORD}\"}},\"user\":\"{JOE}\"}}"
    );
    let asked = Instant::now();
    let answer = post(ports.api(), "logout_user", &body).await?;
    let answered = Instant::now();
    say(&format!("logout_user answered after {} ms: {answer}", millis(answered - asked)));
    if !answer.starts_with("{\"success\":true,") {
        problems.push("logout_user did not succeed".to_owned());
    }

    for (kind, watched) in watching {
        let ending = watched.await.map_err(io::Error::other)??;
        say(&format!(
            "  {JOE:22} {:20} saw `{}`, closed after {} ms",
            kind.name(),
            ending.last_words,
            millis(ending.closed - asked)
        ));
        let told = if kind.is_imap() { "* BYE [" } else { "-ERR [" };
        if !ending.last_words.starts_with(told) || ending.last_words.contains('⏎') {
            problems.push(format!("{} of {JOE} was not told, or told more", kind.name()));
        }
        if ending.closed > answered + Duration::from_millis(500) {
            problems.push(format!("{} of {JOE} outlived the answer", kind.name()));
        }
    }
    for (kind, client) in &mut janes {
        let lives = if kind.is_imap() {
            client.say("DONE", "c OK").await.and(client.say("d NOOP", "d OK").await)
        } else {
            client.say("NOOP", "+OK").await
        };
        let verdict = if lives.is_ok() { "goes on" } else { "is DEAD" };
        say(&format!("  {JANE:22} {:20} {verdict}", kind.name()));
        if lives.is_err() {
            problems.push(format!("{} of {JANE} was ended too", kind.name()));
        }
    }
    drop(janes);
    for kind in Kind::ALL {
        if let Err(error) = kind.open(ports, tls, JOE).await.map(drop) {
            problems.push(format!("{JOE} cannot log in again by {}: {error}", kind.name()));
        }
    }
    say(&format!("  {JOE:22} can log in again."));
    Ok(problems)
}

fn millis(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1000.0)
}
