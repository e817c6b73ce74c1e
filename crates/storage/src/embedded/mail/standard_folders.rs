//! The folders that every account starts with.

use super::{folder_change, quota, subscription};
use crate::embedded::committer::Write;
use crate::{SpecialUse, StorageError};
use terms::{AccountId, FolderName};

/// Makes a new account's folders and subscribes to them.
pub(crate) fn create(write: &mut Write<'_>, account: AccountId) -> Result<(), StorageError> {
    quota::start(write.conn, account)?;
    let others = [
        ("Drafts", SpecialUse::Drafts),
        ("Sent", SpecialUse::Sent),
        ("Spam", SpecialUse::Junk),
        ("Trash", SpecialUse::Trash),
    ];
    let inbox = std::iter::once((FolderName::inbox(), None));
    let others = others
        .into_iter()
        .filter_map(|(name, special_use)| Some((FolderName::parse(name).ok()?, Some(special_use))));
    for (name, special_use) in inbox.chain(others) {
        folder_change::insert(write.conn, account, &name, special_use)?;
        subscription::set(write.conn, account, &name, true)?;
    }
    Ok(())
}
