//! The folders that every account starts with.

use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::standard_folders::standard_folders;
use crate::{StorageError, words};
use terms::AccountId;

/// Makes a new account's folders, subscribes to them, and starts counting its usage.
pub(in crate::postgresql) async fn create(
    write: &Write<'_>,
    account: AccountId,
) -> Result<(), StorageError> {
    let id = sql::int(account.0);
    let (names, uses): (Vec<String>, Vec<Option<i64>>) = standard_folders()
        .map(|(name, special_use)| {
            (name.as_str().to_owned(), special_use.map(words::special_use_number))
        })
        .unzip();
    let last = write.uid_validities(sql::int(names.len() as u64)).await?;
    sql::run(
        &write.tx,
        "WITH named AS (
             SELECT * FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS n (name, special_use, position)
         ), made AS (
             INSERT INTO folder (account, name, uid_validity, special_use)
             SELECT $1, name, $4::bigint - cardinality($2) + position, special_use FROM named ORDER BY position
         ), subscribed AS (
             INSERT INTO subscription (account, name) SELECT $1, name FROM named
         )
         INSERT INTO usage (account, folders) SELECT $1, count(*) FROM named",
        &[&id, &names, &uses, &last],
    )
    .await?;
    Ok(())
}
