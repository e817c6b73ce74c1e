//! Which of a user's sessions a request means. Starts as nothing: a filter that names no condition, or
//! one that is not known here, is an error and never "all".

use crate::error::{ErrorNumber, Failure};
use crate::request::Fields;
use sessions::SessionRecord;
use terms::{AppPasswordId, Credential, Network, Protocol};

/// The conditions that a filter may name.
const NAMES: &[&str] = &["app_password", "credential", "network", "protocol"];

/// What a session was logged in with.
pub(crate) const CREDENTIALS: &[&str] = &["app_password", "on_behalf", "password", "token"];

/// Conditions on sessions, at least one. All of them must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionFilter {
    protocol: Option<Protocol>,
    network: Option<Network>,
    credential: Option<&'static str>,
    app_password: Option<AppPasswordId>,
}

impl SessionFilter {
    /// From the field `filter`.
    pub(crate) fn of(request: &Fields) -> Result<Self, Failure> {
        let asked = request.required_object("filter")?;
        if let Some(unknown) = asked.0.keys().find(|name| !NAMES.contains(&name.as_str())) {
            let reason = format!("is not a condition: {}", NAMES.join(", "));
            return Err(Failure::with_hint(ErrorNumber::Value, unknown, reason));
        }
        if asked.0.is_empty() {
            let reason = format!("names no condition: {}", NAMES.join(", "));
            return Err(Failure::with_hint(ErrorNumber::Value, "filter", reason));
        }
        // Present, so not empty: an empty text in a script's variable must not mean "any".
        let text = |name: &str| asked.has(name).then(|| asked.text(name)).transpose();
        let one_of = |name: &str, known: &[&'static str]| match text(name)? {
            None => Ok(None),
            Some(value) => match known.iter().find(|it| **it == value) {
                Some(it) => Ok(Some(*it)),
                None => {
                    let reason = format!("must be one of: {}", known.join(", "));
                    Err(Failure::with_hint(ErrorNumber::Value, name, reason))
                }
            },
        };
        let protocol = one_of("protocol", &["imap", "pop3"])?;
        let network = text("network")?.map(|text| {
            text.parse::<Network>().map_err(|error| {
                Failure::with_hint(ErrorNumber::Value, "network", error.to_string())
            })
        });
        Ok(Self {
            protocol: protocol.map(|it| if it == "imap" { Protocol::Imap } else { Protocol::Pop3 }),
            network: network.transpose()?,
            credential: one_of("credential", CREDENTIALS)?,
            app_password: text("app_password")?.map(app_password).transpose()?,
        })
    }

    /// Whether the session is meant.
    pub(crate) fn matches(&self, record: &SessionRecord) -> bool {
        let session = &record.session;
        self.protocol.is_none_or(|it| it == session.protocol)
            && self.network.is_none_or(|it| it.contains(session.peer.ip()))
            && self.credential.is_none_or(|it| it == credential_name(session.credential))
            && self.app_password.is_none_or(|id| session.credential == Credential::AppPassword(id))
    }

    /// The same in words, for the account's history.
    pub(crate) fn detail(&self) -> serde_json::Value {
        let mut told = serde_json::Map::new();
        let mut tell = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                told.insert(name.to_owned(), value.into());
            }
        };
        tell("protocol", self.protocol.map(|it| it.name().to_owned()));
        tell("network", self.network.map(|it| it.to_string()));
        tell("credential", self.credential.map(str::to_owned));
        tell("app_password", self.app_password.map(|id| id.to_string()));
        serde_json::json!({ "filter": told })
    }
}

fn app_password(text: &str) -> Result<AppPasswordId, Failure> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = digits.then(|| text.parse().ok()).flatten().map(AppPasswordId);
    id.ok_or_else(|| {
        Failure::with_hint(ErrorNumber::Value, "app_password", "is not the id of an app password")
    })
}

/// The name of what a session was logged in with.
pub(crate) fn credential_name(credential: Credential) -> &'static str {
    match credential {
        Credential::Password => "password",
        Credential::OnBehalf { .. } => "on_behalf",
        Credential::AppPassword(_) => "app_password",
        Credential::Token(_) => "token",
    }
}
