//! Delivery: one message into several accounts, each with its own outcome.

use super::{arrival, folder_change};
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::{NewEntry, Recipient, StorageError, What};
use terms::Uid;

/// See [`crate::Storage::deliver`].
pub(crate) fn deliver(
    write: &mut Write<'_>,
    entry: &NewEntry,
    recipients: &[Recipient],
) -> Vec<Result<Uid, StorageError>> {
    recipients
        .iter()
        .map(|recipient| write.whole(|write| deliver_one(write, entry, recipient)))
        .collect()
}

fn deliver_one(
    write: &mut Write<'_>,
    entry: &NewEntry,
    recipient: &Recipient,
) -> Result<Uid, StorageError> {
    let account = sql::int(recipient.account.0);
    let sql = "SELECT 1 FROM account WHERE id = ?1 AND deleted IS NULL";
    sql::one(write.conn, sql, [account], |_| Ok(()))?
        .ok_or(StorageError::NotFound(What::Address))?;
    let folder = folder_change::find_or_create(write, recipient.account, &recipient.folder)?;
    let uids = arrival::take_in(write, &folder, std::slice::from_ref(entry))?;
    uids.first().copied().ok_or(StorageError::NotFound(What::Entry))
}
