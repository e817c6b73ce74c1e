//! What is kept, as rows: one module per subject.

pub(crate) mod arrival;
pub(crate) mod blob;
pub(crate) mod changes;
pub(crate) mod compaction;
pub(crate) mod deleted;
pub(crate) mod delivery;
pub(crate) mod entry;
pub(crate) mod expunge;
pub(crate) mod flags;
pub(crate) mod folder;
pub(crate) mod folder_change;
mod keyword;
pub(super) mod known;
pub(crate) mod picture;
pub(crate) mod purge;
pub(crate) mod quota;
pub(crate) mod rename;
mod runs;
pub(crate) mod standard_folders;
pub(crate) mod subscription;
pub(crate) mod transfer;

pub(super) use entry::blob as stored_blob;
