//! An entry: a message's place in one folder.

use crate::BlobRef;
use bytes::Bytes;
use terms::{AccountId, Flags, FolderName, InternalDate, ModSeq, Uid, UidValidity};

/// A message's place in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the folder.
    pub uid: Uid,
    /// Its latest change.
    pub mod_seq: ModSeq,
    /// Its marks.
    pub flags: Flags,
    /// When it arrived.
    pub internal_date: InternalDate,
    /// Its bytes; `blob.size` is RFC822.SIZE.
    pub blob: BlobRef,
    /// What `message` made of it at delivery; empty unless asked for.
    pub digest: Bytes,
}

/// Which members of [`Entry`] to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryQuery {
    /// Without the digest.
    Plain,
    /// With the digest.
    WithDigest,
}

/// An entry to be made from a stored blob.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// The message's bytes, already stored.
    pub blob: BlobRef,
    /// What `message` made of them; opaque here.
    pub digest: Bytes,
    /// Its marks.
    pub flags: Flags,
    /// When it arrived.
    pub internal_date: InternalDate,
}

/// One account to deliver a message to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The account.
    pub account: AccountId,
    /// The folder; made if it does not exist.
    pub folder: FolderName,
}

/// Where the entries of a COPY, MOVE or APPEND went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The target's era of UIDs.
    pub uid_validity: UidValidity,
    /// Source and target UID of each, ascending by source. For an append both are the new UID.
    pub uids: Vec<(Uid, Uid)>,
}

/// New flags of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Which entry.
    pub uid: Uid,
    /// Its latest change.
    pub mod_seq: ModSeq,
    /// Its marks now.
    pub flags: Flags,
}

/// What a change of flags came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreOutcome {
    /// The entries addressed that exist, with their flags now, ascending. Those whose flags were
    /// already as wanted are listed too, with their old mod-sequence.
    pub updates: Vec<Update>,
    /// Entries left alone because they changed after the mod-sequence given.
    pub modified: Vec<Uid>,
    /// The mod-sequence that this change got, and all entries it changed; none if it changed nothing.
    pub changed_at: Option<ModSeq>,
}
