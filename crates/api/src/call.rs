//! One request under way: who asks, for what, under which name.

use crate::api::Api;
use crate::error::Failure;
use crate::live_sessions::LiveSessions;
use crate::request::Fields;
use accounts::{Accounts, Actor, Request};
use std::net::IpAddr;
use std::time::Instant;
use storage::Storage;
use terms::{AuditId, UnixTime};

/// One request, its credentials checked.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) api: Api,
    /// The method's own fields.
    pub(crate) fields: Fields,
    pub(crate) actor: Actor,
    /// The token it was asked with, as it came, if any.
    pub(crate) presented_token: Option<terms::Secret>,
    pub(crate) peer: IpAddr,
    pub(crate) now: UnixTime,
    pub(crate) audit: AuditId,
    /// Until when sessions that are to end are waited for.
    pub(crate) deadline: Instant,
}

/// What a method comes to.
pub(crate) type Outcome = Result<crate::reply::Reply, Failure>;

impl Call {
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.api.inner.accounts
    }

    pub(crate) fn storage(&self) -> &Storage {
        self.accounts().storage()
    }

    pub(crate) fn sessions(&self) -> &dyn LiveSessions {
        &*self.api.inner.sessions
    }

    /// For history lines.
    pub(crate) fn request(&self) -> Request {
        Request::of(&self.actor, self.peer, &self.audit, self.now)
    }
}
