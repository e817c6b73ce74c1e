//! `posthouse sessions list|watch|end`.

use super::remote::Remote;
use super::table::{cell, duration, printable, say, table};
use crate::cli::{EndArgs, SessionsCommand, WatchArgs};
use crate::failure::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::IsTerminal;
use terms::{Address, DomainName};
use tokio::time::sleep;

/// Ids in one request: few enough that progress is seen.
const BATCH: usize = 100;

/// Rows that a live table shows.
const WATCHED: usize = 200;

/// Moves a terminal's cursor home and clears what is below.
const HOME: &str = "\u{1b}[H\u{1b}[J";

pub(super) async fn run(
    remote: &Remote,
    command: &SessionsCommand,
    as_json: bool,
) -> Result<(), Failure> {
    match command {
        SessionsCommand::List(whose) => {
            let sessions = list(remote, &whose.user, &whose.domain, None).await?.0;
            if as_json {
                return say(&format!("{}\n", Value::from(sessions)));
            }
            say(&shown(&sessions))
        }
        SessionsCommand::Watch(args) => watch(remote, args, as_json).await,
        SessionsCommand::End(args) => end(remote, args, as_json).await,
    }
}

/// The sessions of a user or a domain, and how many there are.
async fn list(
    remote: &Remote,
    user: &Option<Address>,
    domain: &Option<DomainName>,
    limit: Option<usize>,
) -> Result<(Vec<Value>, u64), Failure> {
    let mut fields = json!({
        "user": user.as_ref().map(Address::as_str),
        "domain": domain.as_ref().map(DomainName::as_str),
    });
    if let Some(limit) = limit {
        fields["range"] = json!({ "limit": limit });
    }
    let mut whole = remote.call("get_user_sessions", fields).await?.whole;
    let total = whole.get("total_count").and_then(Value::as_u64).unwrap_or_default();
    match whole.remove("sessions") {
        Some(Value::Array(sessions)) => Ok((sessions, total)),
        _ => Err(Failure::Other("get_user_sessions: the answer has no sessions".to_owned())),
    }
}

fn shown(sessions: &[Value]) -> String {
    const HEADER: &[&str] = &[
        "ID",
        "USER",
        "PROTOCOL",
        "TLS",
        "PEER",
        "LOGIN",
        "CLIENT",
        "IDLE",
        "FOLDER",
        "CREDENTIAL",
    ];
    let rows: Vec<Vec<String>> = sessions
        .iter()
        .map(|session| {
            let text = |name: &str| cell(session.get(name));
            let idle = session.get("idle").and_then(Value::as_u64).unwrap_or_default();
            let mut credential = text("credential");
            for name in ["app_password", "on_behalf"] {
                if let Some(Value::String(which)) = session.get(name) {
                    credential.push_str(&format!(" {which}"));
                }
            }
            vec![
                text("id"),
                text("user"),
                text("protocol"),
                text("tls"),
                text("peer"),
                text("login"),
                text("client"),
                duration(idle),
                text("folder"),
                credential,
            ]
        })
        .collect();
    table(HEADER, &rows)
}

async fn watch(remote: &Remote, args: &WatchArgs, as_json: bool) -> Result<(), Failure> {
    let live = std::io::stdout().is_terminal() && !as_json;
    for round in 1_u64.. {
        let (sessions, total) =
            list(remote, &args.whose.user, &args.whose.domain, Some(WATCHED)).await?;
        if as_json {
            say(&format!("{}\n", Value::from(sessions)))?;
        } else {
            let left_out = total.saturating_sub(sessions.len() as u64);
            let more =
                if left_out > 0 { format!("… and {left_out} more\n") } else { String::new() };
            let home = if live { HOME } else { "" };
            say(&format!("{home}{total} sessions\n{}{more}", shown(&sessions)))?;
        }
        if args.rounds.is_some_and(|rounds| round >= rounds) {
            break;
        }
        sleep(args.interval).await;
    }
    Ok(())
}

/// How the sessions that were asked for fared.
#[derive(Debug, Default)]
struct Tally {
    found: u64,
    closed: u64,
    /// Users whose sessions were ended all together; the API does not count those.
    logged_out: u64,
    failures: Vec<String>,
}

async fn end(remote: &Remote, args: &EndArgs, as_json: bool) -> Result<(), Failure> {
    let mut tally = Tally::default();
    if args.ids.is_empty() {
        let users = match &args.user {
            Some(user) => BTreeSet::from([user.to_string()]),
            // Whoever of the domain is connected, one after the other.
            None => users(&list(remote, &args.user, &args.domain, None).await?.0),
        };
        let bar = bar(users.len());
        for user in users {
            end_of_user(remote, args, &user, &mut tally).await?;
            bar.inc(1);
        }
        bar.finish_and_clear();
    } else {
        let bar = bar(args.ids.len());
        for ids in args.ids.chunks(BATCH) {
            count(remote, "end_sessions", json!({ "ids": ids }), "", &mut tally).await?;
            bar.inc(ids.len() as u64);
        }
        bar.finish_and_clear();
    }
    tell(&tally, as_json)?;
    match tally.failures.len() {
        0 => Ok(()),
        _ => Err(Failure::Other(tally.failures.join("; "))),
    }
}

async fn end_of_user(
    remote: &Remote,
    args: &EndArgs,
    user: &str,
    tally: &mut Tally,
) -> Result<(), Failure> {
    if args.all {
        return count(remote, "logout_user", json!({ "user": user }), user, tally).await;
    }
    let mut filter = Map::new();
    let conditions = [
        ("protocol", &args.protocol),
        ("network", &args.network),
        ("credential", &args.credential),
        ("app_password", &args.app_password),
    ];
    for (name, value) in conditions {
        if let Some(value) = value {
            filter.insert(name.to_owned(), json!(value));
        }
    }
    let fields = json!({ "user": user, "filter": filter });
    count(remote, "end_sessions", fields, user, tally).await
}

/// Calls, and counts what came of it. What the API refuses is noted, and the rest goes on.
async fn count(
    remote: &Remote,
    method: &str,
    fields: Value,
    whose: &str,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let reply = remote.ask(method, fields).await?;
    let number = |name: &str| reply.whole.get(name).and_then(Value::as_u64).unwrap_or_default();
    tally.found += number("found");
    tally.closed += number("closed");
    match reply.error() {
        Some((_, text)) => tally.failures.push(printable_failure(method, whose, &text)),
        None if method == "logout_user" => tally.logged_out += 1,
        None => {}
    }
    Ok(())
}

fn printable_failure(method: &str, whose: &str, text: &str) -> String {
    let whose = if whose.is_empty() { String::new() } else { format!(" {}", printable(whose)) };
    format!("{method}{whose}: {text}")
}

fn tell(tally: &Tally, as_json: bool) -> Result<(), Failure> {
    let Tally { found, closed, logged_out, failures } = tally;
    if as_json {
        let told = json!({
            "found": found, "closed": closed, "logged_out": logged_out, "failures": failures,
        });
        return say(&format!("{told}\n"));
    }
    if *logged_out > 0 {
        say(&format!("users logged out: {logged_out}\n"))?;
    }
    if *found > 0 || *logged_out == 0 {
        say(&format!("sessions found: {found}, ended: {closed}\n"))?;
    }
    Ok(())
}

fn users(sessions: &[Value]) -> BTreeSet<String> {
    let users = sessions.iter().filter_map(|session| session.get("user")?.as_str());
    users.map(str::to_owned).collect()
}

/// On a terminal's standard error, and only for work that takes more than one step.
fn bar(steps: usize) -> ProgressBar {
    if steps < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}");
    let bar = ProgressBar::new(steps as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_sessions() {
        let sessions = [json!({
            "id": "1.17.2", "user": "lee@a.example", "protocol": "imap", "peer": "192.0.2.1:4001",
            "tls": true, "login": "LEE\u{1b}[2J", "client": null, "since": 5, "idle": 61,
            "folder": "INBOX", "node": "1.17", "credential": "app_password", "app_password": "7",
            "on_behalf": null, "ending": null,
        })];
        let expected = "\
ID      USER           PROTOCOL  TLS  PEER            LOGIN    CLIENT  IDLE   FOLDER  CREDENTIAL\n\
1.17.2  lee@a.example  imap      yes  192.0.2.1:4001  LEE\u{fffd}[2J  -       1m01s  INBOX   app_password 7\n";
        assert_eq!(shown(&sessions), expected);
        assert_eq!(users(&sessions).into_iter().collect::<Vec<_>>(), ["lee@a.example"]);
    }
}
