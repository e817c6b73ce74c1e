//! The folders that every account starts with.

use super::{folder_change, quota, subscription};
use crate::StorageError;
use crate::embedded::committer::Write;
use crate::standard_folders::standard_folders;
use terms::AccountId;

/// Makes a new account's folders and subscribes to them.
pub(crate) fn create(write: &mut Write<'_>, account: AccountId) -> Result<(), StorageError> {
    quota::start(write.conn, account)?;
    for (name, special_use) in standard_folders() {
        folder_change::insert(write.conn, account, &name, special_use)?;
        subscription::set(write.conn, account, &name, true)?;
    }
    Ok(())
}
