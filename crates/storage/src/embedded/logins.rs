//! Writing down logins that were noted.

use super::directory::attempt;
use super::sql;
use crate::StorageError;
use crate::logins::{Due, Logins};
use rusqlite::{Connection, params};

/// Writes times of up to `most` accounts, and some attempts, in the running transaction; give the answer to
/// [`Logins::written`] after its commit.
pub(super) fn write(conn: &Connection, logins: &Logins, most: usize) -> Result<Due, StorageError> {
    let due = logins.due(most);
    for (id, lines) in &due.attempts {
        attempt::add(conn, *id, lines)?;
    }
    for (id, login) in &due.latest {
        sql::run(
            conn,
            "UPDATE account SET login_imap4 = coalesce(max(?2, coalesce(login_imap4, ?2)), login_imap4),
                                login_pop3 = coalesce(max(?3, coalesce(login_pop3, ?3)), login_pop3)
             WHERE id = ?1",
            params![sql::int(id.0), login.imap4.map(|t| t.0), login.pop3.map(|t| t.0)],
        )?;
    }
    Ok(due)
}
