//! `get_user`: settings and facts of an account (OMA reference, 14.7).

use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::lookup::{Reached, User};
use crate::outline;
use crate::reply::Reply;
use accounts::attributes::{self, Right};
use accounts::{Action, Target};
use serde_json::{Map, Value, json};
use storage::{Account, AccountStatus, Domain, Usage};
use terms::FolderName;

pub(crate) async fn run(call: &Call) -> Outcome {
    match call.user(call.fields.text("user")?, Action::GetUser).await? {
        User::There(user) => there(call, &user).await,
        User::Missing { domain, address } => Err(missing(call, &domain, address.is_some())),
    }
}

async fn there(call: &Call, user: &Reached) -> Outcome {
    let account = &user.account;
    let (usage, folders) = call.storage().account_usage(account.id).await?;
    let target = Target::account(account);
    let settable = attributes::settable(attributes::USER, |right| call.may(action(right), &target));
    Ok(Reply::done()
        .with("type", outline::kind_name(account.kind))
        .with("settable_attributes", settable)
        .with("attributes", outline::user_attributes(account))
        .with("metadata", metadata(account, &usage, &folders)))
}

/// What a change of an attribute takes.
pub(crate) fn action(right: Right) -> Action {
    match right {
        Right::Plain => Action::ChangeUser,
        Right::Billable => Action::ChangeUserBillable,
        Right::Password => Action::ChangeUserPassword,
    }
}

fn metadata(account: &Account, usage: &Usage, folders: &[FolderName]) -> Value {
    // Between levels the API has dots.
    let folders: Vec<String> = folders.iter().map(|name| name.as_str().replace('/', ".")).collect();
    let full = usage.bytes_limit.is_some_and(|limit| usage.bytes >= limit);
    let status = match account.status() {
        AccountStatus::Active if full => "quota",
        status => outline::status_name(status),
    };
    let mut last_login = Map::new();
    for (service, at) in [("imap4", account.last_login.imap4), ("pop3", account.last_login.pop3)] {
        if let Some(at) = at {
            last_login.insert(service.to_owned(), json!(at.0));
        }
    }
    let app_passwords: Vec<Value> = account
        .app_passwords
        .iter()
        .map(|it| json!({ "created": it.created.0, "tag": it.tag }))
        .collect();
    json!({
        "2fa_enabled": false,
        "addressbook": { "contacts": 0, "groups": 0, "total": 0, "max": 0 },
        "app_passwords": app_passwords,
        "createtime": account.created.0,
        "folders": folders,
        "last_login": last_login,
        "options": outline::options(),
        "quota": {
            // 0: no limit, as for messages.
            "bytes_max": usage.bytes_limit.unwrap_or(0),
            "bytes_used": usage.bytes,
            "messages_max": 0,
            "messages_used": usage.messages,
        },
        "roles": outline::roles(account.role.as_ref()),
        "special_folders": { "spam": "Spam" },
        "status": status,
    })
}

/// Error 2; who could make the account is told with what.
fn missing(call: &Call, domain: &Domain, possible: bool) -> Failure {
    let mut failure = Failure::from(ErrorNumber::NotFound);
    if possible && call.may_create_in(domain) {
        let settable = attributes::settable(attributes::USER, |_| true);
        let quota = attributes::default_quota(domain);
        let mut defaults = Map::new();
        defaults.insert("type".to_owned(), json!("mailbox"));
        defaults.insert("workgroup".to_owned(), json!(call.new_workgroup(domain)));
        defaults.insert("quota".to_owned(), json!(quota));
        for name in ["language", "timezone"] {
            let value = domain.attributes.get(name).cloned().unwrap_or(Value::Null);
            defaults.insert(name.to_owned(), value);
        }
        let services = attributes::default_services(domain);
        for (name, state) in attributes::services(&services) {
            defaults.insert(name.to_owned(), json!(attributes::service_name(state)));
        }
        failure.details.fields.insert("settable_attributes".to_owned(), json!(settable));
        let metadata = json!({ "options": outline::options(), "defaults": defaults });
        failure.details.fields.insert("metadata".to_owned(), metadata);
    }
    failure
}
