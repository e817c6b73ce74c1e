//! [`Api`]: from path and body to status and body.

use crate::audit::AuditIds;
use crate::call::Call;
use crate::error::{ErrorNumber, Failure};
use crate::live_sessions::LiveSessions;
use crate::request::{BodyError, Fields};
use crate::router::{self, Handler, Method};
use crate::{openapi, reply, request};
use accounts::Accounts;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use terms::{AuditId, UnixTime};

/// The API. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Arc<dyn LiveSessions>,
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
    pub fn new(accounts: Accounts, sessions: Arc<dyn LiveSessions>) -> Self {
        Self { inner: Arc::new(Inner { accounts, sessions, audits: AuditIds::new() }) }
    }

    /// Gives a POST to `path` (with or without query) its name and finds its method.
    pub fn receive(&self, path: &str, now: UnixTime) -> Received {
        let (api, audit) = (self.clone(), self.inner.audits.next(now));
        Received { api, method: router::find(path), audit, now }
    }

    /// Answers a GET: there is one document, and methods want POST.
    pub fn get(&self, path: &str, now: UnixTime) -> Answer {
        if router::last_part(path) != Some(openapi::NAME) {
            return self.wrong_verb(path, now);
        }
        let body = openapi::document().to_string().into_bytes();
        Answer { body, ..Answer::plain(200, Some(openapi::NAME), self.inner.audits.next(now)) }
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
}

/// A request that has its name, before anything of it was looked at. A clone of it can answer in the
/// stead of one that is held up.
#[derive(Clone, Debug)]
pub struct Received {
    api: Api,
    method: Option<&'static Method>,
    audit: AuditId,
    now: UnixTime,
}

impl Received {
    /// Does what `body`, from `peer`, asks for. Whoever calls bounds the size of `body`. Sessions that
    /// are to end are waited for until `deadline`.
    ///
    /// Dropping the future may leave a change made whose sessions are not ended yet: let it run to its
    /// end even if the caller of the API has gone or has been answered by [`Received::late`].
    pub async fn answer(self, body: &[u8], peer: IpAddr, deadline: Instant) -> Answer {
        let Some(method) = self.method else {
            return not_served(404, None, self.audit);
        };
        let fields = match request::parse(body) {
            Ok(fields) => fields,
            Err(BodyError::NotJson) => return not_served(400, Some(method.name), self.audit),
            Err(BodyError::NotAnObject) => {
                let failure = Failure::from(ErrorNumber::Format);
                return Answer::failure(method, &failure, None, self.audit);
            }
        };
        match method.handler {
            Handler::Open(run) => {
                Answer { body: run(fields), ..Answer::plain(200, Some(method.name), self.audit) }
            }
            Handler::Known(run) => {
                let audit = self.audit.clone();
                let call = match self.admit(fields, peer, deadline).await {
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

    /// The answer when all the time there was has passed and [`Received::answer`] has none: what was
    /// asked may be done, not be done, or be done later. Never success on hope (promise L7).
    pub fn late(self) -> Answer {
        match self.method {
            Some(method) => Answer::failure(method, &Failure::late(), None, self.audit),
            None => not_served(404, None, self.audit),
        }
    }

    /// Checks the credentials.
    async fn admit(
        self,
        mut fields: Fields,
        peer: IpAddr,
        deadline: Instant,
    ) -> Result<Call, Failure> {
        let Self { api, audit, now, .. } = self;
        let claim = fields.take_credentials().ok_or(ErrorNumber::Credentials)?;
        let (password, token) = (claim.password.as_ref(), claim.token.as_ref());
        let identified = api.inner.accounts.identify(&claim.user, password, token, peer, now);
        let actor = identified.await?;
        Ok(Call { api, fields, actor, presented_token: claim.token, peer, now, audit, deadline })
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
