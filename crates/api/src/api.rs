//! [`Api`]: from path and body to status and body.

use crate::audit::AuditIds;
use crate::call::Call;
use crate::end_sessions::EndSessions;
use crate::error::{ErrorNumber, Failure};
use crate::request::{BodyError, Fields};
use crate::router::{self, Handler, Method};
use crate::{reply, request};
use accounts::Accounts;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use terms::{AuditId, UnixTime};

/// The API. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Arc<dyn EndSessions>,
    audits: AuditIds,
}

/// What to answer over HTTP, and what to log of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 200, 400, 404, 405 or 500.
    pub status: u16,
    /// A JSON object; its content type is `application/json`.
    pub body: Vec<u8>,
    /// Wait so long before sending it: the credentials were wrong, and not for the first time.
    pub delay: Duration,
    /// The request's name.
    pub audit: AuditId,
    /// The method, if there is one of that name.
    pub method: Option<&'static str>,
    /// Who asked: the address of the account whose credentials were right.
    pub actor: Option<String>,
    /// The error's number, if it failed.
    pub error: Option<ErrorNumber>,
    /// What broke, if something did. For the log only.
    pub cause: Option<String>,
}

impl Api {
    /// `sessions` is how sessions are ended.
    pub fn new(accounts: Accounts, sessions: Arc<dyn EndSessions>) -> Self {
        Self { inner: Arc::new(Inner { accounts, sessions, audits: AuditIds::new() }) }
    }

    /// Answers a POST to `path` (with or without query) from `peer`. Whoever calls bounds the size of
    /// `body`.
    ///
    /// Dropping the future may leave a change made whose sessions are not ended yet: let it run to its
    /// end even if the caller of the API has gone.
    pub async fn handle(&self, path: &str, body: &[u8], peer: IpAddr, now: UnixTime) -> Answer {
        let audit = self.inner.audits.next(now);
        let Some(method) = router::find(path) else {
            return not_served(404, None, audit);
        };
        let fields = match request::parse(body) {
            Ok(fields) => fields,
            Err(BodyError::NotJson) => return not_served(400, Some(method.name), audit),
            Err(BodyError::NotAnObject) => {
                let failure = Failure::from(ErrorNumber::Format);
                return Answer::failure(method, &failure, None, audit);
            }
        };
        match method.handler {
            Handler::Open(run) => {
                Answer { body: run(fields), ..Answer::plain(200, Some(method.name), audit) }
            }
            Handler::Known(run) => {
                let call = match self.admit(fields, peer, now, &audit).await {
                    Ok(call) => call,
                    Err(failure) => return Answer::failure(method, &failure, None, audit),
                };
                let actor = Some(call.actor.identity().address.to_string());
                match run(&call).await {
                    Ok(reply) => Answer {
                        body: reply::success(reply, &audit),
                        actor,
                        ..Answer::plain(200, Some(method.name), audit)
                    },
                    Err(failure) => Answer::failure(method, &failure, actor, audit),
                }
            }
        }
    }

    /// Answers a request with another verb than POST: 405 for a method of ours, else 404.
    pub fn wrong_verb(&self, path: &str, now: UnixTime) -> Answer {
        let audit = self.inner.audits.next(now);
        match router::find(path) {
            Some(method) => not_served(405, Some(method.name), audit),
            None => not_served(404, None, audit),
        }
    }

    /// Answers a request whose body could not be read: too large, or not HTTP.
    pub fn unreadable(&self, now: UnixTime) -> Answer {
        not_served(400, None, self.inner.audits.next(now))
    }

    /// Checks the credentials.
    async fn admit(
        &self,
        mut fields: Fields,
        peer: IpAddr,
        now: UnixTime,
        audit: &AuditId,
    ) -> Result<Call, Failure> {
        let claim = fields.take_credentials().ok_or(ErrorNumber::Credentials)?;
        let (password, token) = (claim.password.as_ref(), claim.token.as_ref());
        let identified = self.inner.accounts.identify(&claim.user, password, token, peer, now);
        let actor = identified.await?;
        let (api, audit) = (self.clone(), audit.clone());
        Ok(Call { api, fields, actor, presented_token: claim.token, peer, now, audit })
    }
}

impl Answer {
    fn plain(status: u16, method: Option<&'static str>, audit: AuditId) -> Self {
        Self {
            status,
            body: Vec::new(),
            delay: Duration::ZERO,
            audit,
            method,
            actor: None,
            error: None,
            cause: None,
        }
    }

    fn failure(method: &Method, failure: &Failure, actor: Option<String>, audit: AuditId) -> Self {
        Self {
            body: reply::failure(failure, &audit),
            delay: failure.details.delay,
            actor,
            error: Some(failure.number),
            cause: failure.details.cause.clone(),
            ..Self::plain(failure.status(), Some(method.name), audit)
        }
    }
}

/// An answer below the API: clients look at the status only, but a person may look at the body.
fn not_served(status: u16, method: Option<&'static str>, audit: AuditId) -> Answer {
    let failure = Failure::from(ErrorNumber::Format);
    Answer {
        body: reply::failure(&failure, &audit),
        error: Some(failure.number),
        ..Answer::plain(status, method, audit)
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Api")
    }
}
