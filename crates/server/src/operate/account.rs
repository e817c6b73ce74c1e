//! `posthouse account create|show|password|delete|list`.

use super::remote::{Remote, Reply};
use super::table::{cell, say, table};
use crate::cli::{AccountCommand, Setting};
use crate::failure::Failure;
use crate::passwords;
use accounts::credential;
use serde_json::{Map, Value, json};
use terms::Secret;

pub(super) async fn run(
    remote: &Remote,
    command: &AccountCommand,
    as_json: bool,
) -> Result<(), Failure> {
    match command {
        AccountCommand::List { domain, pattern } => {
            let criteria = json!({ "domain": domain.as_str(), "match": pattern });
            let fields = json!({ "criteria": criteria, "fields": ["createtime", "lastlogin"] });
            let reply = remote.call("search_users", fields).await?;
            list(&reply, as_json)
        }
        AccountCommand::Show { address } => {
            let reply = remote.call("get_user", json!({ "user": address.as_str() })).await?;
            show(&reply, as_json)
        }
        AccountCommand::Create { address, set } => {
            let (password, made) = password()?;
            let mut attributes = attributes(set);
            attributes.insert("password".to_owned(), json!(password.reveal()));
            let fields = json!({
                "user": address.as_str(), "create_only": true, "attributes": attributes,
            });
            let reply = remote.call("change_user", fields).await?;
            done(&reply, as_json, &format!("made {address}"), made.then_some(&password))
        }
        AccountCommand::Password { address } => {
            // Made only if it exists: `change_user` would make an account of a misspelt address.
            remote.call("get_user", json!({ "user": address.as_str() })).await?;
            let (password, made) = password()?;
            let attributes = json!({ "password": password.reveal() });
            let fields = json!({ "user": address.as_str(), "attributes": attributes });
            let reply = remote.call("change_user", fields).await?;
            let what = format!("changed the password of {address}; its sessions are over");
            done(&reply, as_json, &what, made.then_some(&password))
        }
        AccountCommand::Delete { address } => {
            let reply = remote.call("delete_user", json!({ "user": address.as_str() })).await?;
            done(&reply, as_json, &format!("deleted {address}; its sessions are over"), None)
        }
    }
}

/// From standard input, or made here.
fn password() -> Result<(Secret, bool), Failure> {
    match passwords::given()? {
        Some(password) => Ok((password, false)),
        None => credential::random_password()
            .map(|password| (password, true))
            .map_err(|error| Failure::Other(format!("cannot make a password: {error}"))),
    }
}

/// Attributes as they were set on the command line.
pub(super) fn attributes(set: &[Setting]) -> Map<String, Value> {
    set.iter().map(|setting| (setting.name.clone(), json!(setting.value))).collect()
}

/// Says what was done, and a password that was made here, once.
pub(super) fn done(
    reply: &Reply,
    as_json: bool,
    what: &str,
    password: Option<&Secret>,
) -> Result<(), Failure> {
    if as_json {
        let mut whole = reply.whole.clone();
        if let Some(password) = password {
            whole.insert("password".to_owned(), json!(password.reveal()));
        }
        return say(&format!("{}\n", Value::Object(whole)));
    }
    say(&format!("{what}\n"))?;
    match password {
        Some(password) => say(&format!("password: {} (not shown again)\n", password.reveal())),
        None => Ok(()),
    }
}

/// Says what is in an answer, a line for each attribute.
pub(super) fn show(reply: &Reply, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return say(&format!("{}\n", Value::Object(reply.whole.clone())));
    }
    let mut rows = Vec::new();
    for part in ["attributes", "metadata"] {
        let Some(Value::Object(fields)) = reply.whole.get(part) else { continue };
        for (name, value) in fields.iter().filter(|(name, _)| *name != "options") {
            rows.push(vec![name.clone(), cell(Some(value))]);
        }
    }
    say(&table(&["NAME", "VALUE"], &rows))
}

fn list(reply: &Reply, as_json: bool) -> Result<(), Failure> {
    let users = reply.whole.get("users").and_then(Value::as_array).cloned().unwrap_or_default();
    if as_json {
        return say(&format!("{}\n", Value::from(users)));
    }
    let rows: Vec<Vec<String>> = users
        .iter()
        .map(|user| ["user", "type", "workgroup", "status"].map(|it| cell(user.get(it))).to_vec())
        .collect();
    say(&table(&["USER", "TYPE", "WORKGROUP", "STATUS"], &rows))
}
