//! The database's schema and its versions.
//!
//! `user_version` counts the numbered files in `schema/`, which are applied one per transaction and never
//! changed once released. `application_id` tells our files from other SQLite files.

use rusqlite::Connection;

/// "Post" in ASCII.
pub(super) const APPLICATION_ID: u32 = 0x506f_7374;

/// What brings a database from version n to n + 1.
pub(super) const STEPS: [&str; 5] = [
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
];

/// The version that this program works with.
pub(super) const VERSION: u32 = STEPS.len() as u32;

/// Brings a database of version `from` to [`VERSION`].
pub(super) fn migrate(conn: &mut Connection, from: u32) -> rusqlite::Result<()> {
    for (version, step) in (1u32..).zip(STEPS).skip(from as usize) {
        let transaction =
            conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
