//! A folder: a named list of entries.

use crate::{Subscription, UidRuns};
use terms::{FolderId, FolderName, ModSeq, Uid, UidValidity};

/// A folder as it is kept, with its counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its number; stays through renames, is never reused.
    pub id: FolderId,
    /// Its name.
    pub name: FolderName,
    /// The era of its UIDs; never comes back for this name.
    pub uid_validity: UidValidity,
    /// The UID that the next entry gets.
    pub uid_next: Uid,
    /// The latest change.
    pub highest_mod_seq: ModSeq,
    /// Entries.
    pub messages: u32,
    /// Entries without `\Seen`.
    pub unseen: u32,
    /// Entries with `\Deleted`.
    pub deleted: u32,
    /// Bytes of all entries.
    pub size: u64,
    /// Its special use, if any.
    pub special_use: Option<SpecialUse>,
}

/// What a folder is for (RFC 6154).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialUse {
    /// `\Drafts`
    Drafts,
    /// `\Junk`
    Junk,
    /// `\Sent`
    Sent,
    /// `\Trash`
    Trash,
    /// `\Archive`
    Archive,
}

/// A name on the list of subscriptions. The folder need not exist (RFC 9051 §6.3.7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subscribed(pub FolderName);

/// A folder that was opened: the picture as of `folder.highest_mod_seq`, and a subscription to what
/// comes after it.
#[derive(Debug)]
pub struct OpenFolder {
    /// The folder and its counters.
    pub folder: Folder,
    /// Every entry's UID, ascending.
    pub uids: UidRuns,
    /// The UID of the first entry without `\Seen`.
    pub first_unseen: Option<Uid>,
    /// Entries with a UID at or above this one are recent to the session that opened the folder
    /// read-write (RFC 3501 §2.3.2): no session was told of them before.
    pub recent_from: Uid,
    /// Keywords in use in the folder.
    pub keywords: Vec<terms::Keyword>,
    /// Wakes when the folder changes.
    pub subscription: Subscription,
}

/// Storage used and allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes used by entries of all folders.
    pub bytes: u64,
    /// Entries in all folders.
    pub messages: u64,
    /// Bytes allowed; absent: no limit.
    pub bytes_limit: Option<u64>,
}

/// The names below `name` are at or after the first of these, and before the second, in the order of bytes.
pub(crate) fn below(name: &FolderName) -> (String, String) {
    // '0' follows '/'.
    (format!("{name}/"), format!("{name}0"))
}
