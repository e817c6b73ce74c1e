//! What is kept, as rows: one module per subject.

mod arrival;
pub(crate) mod blob;
mod changes;
pub(super) mod compaction;
mod deleted;
pub(super) mod delivery;
pub(super) mod entry;
mod expunge;
mod flags;
pub(crate) mod folder;
pub(crate) mod folder_change;
pub(crate) mod keyword;
mod known;
mod operations;
mod picture;
pub(super) mod purge;
pub(crate) mod quota;
mod rename;
pub(super) mod standard_folders;
pub(crate) mod subscription;
mod transfer;

#[cfg(test)]
mod tests;
