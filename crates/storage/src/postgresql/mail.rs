//! What is kept, as rows: one module per subject.

pub(crate) mod blob;
mod changes;
pub(super) mod compaction;
mod deleted;
pub(super) mod entry;
pub(crate) mod folder;
pub(crate) mod folder_change;
pub(crate) mod keyword;
mod known;
mod operations;
mod picture;
pub(super) mod purge;
pub(crate) mod quota;
pub(crate) mod subscription;
