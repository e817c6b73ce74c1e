//! What happened: to a folder since a point in time, and to an account in its history.

use crate::{Entry, Update};
use terms::{AccountId, AuditId, ModSeq, Uid, UnixTime};

/// What happened to a folder after a mod-sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New entries, ascending (without digests).
    pub arrived: Vec<Entry>,
    /// Entries known before whose flags changed, ascending.
    pub updated: Vec<Update>,
    /// Entries with a UID at or above this one are recent: no session has claimed them yet. Absent if
    /// the folder is gone.
    pub recent_from: Option<Uid>,
    /// UIDs that are gone, ascending. May name UIDs that the asker never knew.
    pub expunged: Vec<Uid>,
    /// The folder's latest change that this tells of: ask from here the next time.
    pub up_to: ModSeq,
    /// False: the folder itself is gone.
    pub folder_exists: bool,
}

/// A line of an account's history: who did what to it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// When.
    pub at: UnixTime,
    /// Whose history.
    pub account: AccountId,
    /// Who did it: an address, or the name of a service.
    pub actor: String,
    /// From which network address, if from one.
    pub peer: Option<std::net::IpAddr>,
    /// The request, if one.
    pub audit: Option<AuditId>,
    /// What was done: an API method's name, for example.
    pub action: String,
    /// More about it. Never secrets, never mail.
    pub detail: serde_json::Value,
}
