//! `posthouse domain create|show|disable|enable`.

use super::account::{attributes, done, show};
use super::remote::Remote;
use crate::cli::DomainCommand;
use crate::failure::Failure;
use serde_json::json;

pub(super) async fn run(
    remote: &Remote,
    command: &DomainCommand,
    as_json: bool,
) -> Result<(), Failure> {
    match command {
        DomainCommand::Create { name, set } => {
            let fields = json!({
                "domain": name.as_str(), "create_only": true, "attributes": attributes(set),
            });
            let reply = remote.call("change_domain", fields).await?;
            done(&reply, as_json, &format!("made {name}"), None)
        }
        DomainCommand::Show { name } => {
            let reply = remote.call("get_domain", json!({ "domain": name.as_str() })).await?;
            show(&reply, as_json)
        }
        DomainCommand::Disable { name } => {
            // Only if it exists: `change_domain` would make a domain of a misspelt name.
            remote.call("get_domain", json!({ "domain": name.as_str() })).await?;
            let fields = json!({ "domain": name.as_str(), "attributes": { "disabled": true } });
            let reply = remote.call("change_domain", fields).await?;
            done(&reply, as_json, &format!("disabled {name}; its users' sessions are over"), None)
        }
        DomainCommand::Enable { name } => {
            remote.call("get_domain", json!({ "domain": name.as_str() })).await?;
            let fields = json!({ "domain": name.as_str(), "attributes": { "disabled": false } });
            let reply = remote.call("change_domain", fields).await?;
            done(&reply, as_json, &format!("enabled {name}"), None)
        }
    }
}
