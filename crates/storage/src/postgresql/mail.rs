//! What is kept, as rows: one module per subject.

pub(crate) mod blob;
pub(crate) mod folder;
pub(crate) mod folder_change;
pub(crate) mod keyword;
mod operations;
pub(crate) mod quota;
pub(crate) mod subscription;
