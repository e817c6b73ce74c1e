//! Times of latest logins that are not written yet.
//!
//! A login is no reason for an fsync: times are kept here, merged per account, written with the next
//! group (or after a few seconds), and lost in a crash.

use super::sql;
use crate::{LastLogin, StorageError};
use parking_lot::Mutex;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use terms::{AccountId, Protocol, UnixTime};

/// See the module's head.
#[derive(Debug, Default)]
pub(super) struct Logins {
    noted: Mutex<HashMap<AccountId, LastLogin>>,
}

impl Logins {
    /// Notes a login.
    pub(super) fn note(&self, account: AccountId, protocol: Protocol, at: UnixTime) {
        let mut noted = self.noted.lock();
        let latest = noted.entry(account).or_default();
        let time = match protocol {
            Protocol::Imap => &mut latest.imap4,
            Protocol::Pop3 => &mut latest.pop3,
        };
        *time = (*time).max(Some(at));
    }

    /// What is known here on top of what is stored.
    pub(super) fn merged(&self, account: AccountId, stored: LastLogin) -> LastLogin {
        let noted = self.noted.lock().get(&account).copied().unwrap_or_default();
        LastLogin { imap4: stored.imap4.max(noted.imap4), pop3: stored.pop3.max(noted.pop3) }
    }

    /// How many accounts wait to be written.
    pub(super) fn waiting(&self) -> usize {
        self.noted.lock().len()
    }

    /// Writes up to `most`, in the running transaction; give the answer to [`Logins::written`] after its commit.
    pub(super) fn write(
        &self,
        conn: &Connection,
        most: usize,
    ) -> Result<Vec<(AccountId, LastLogin)>, StorageError> {
        let some: Vec<_> =
            self.noted.lock().iter().take(most).map(|(id, login)| (*id, *login)).collect();
        for (id, login) in &some {
            sql::run(
                conn,
                "UPDATE account SET login_imap4 = coalesce(max(?2, coalesce(login_imap4, ?2)), login_imap4),
                                    login_pop3 = coalesce(max(?3, coalesce(login_pop3, ?3)), login_pop3)
                 WHERE id = ?1",
                params![sql::int(id.0), login.imap4.map(|t| t.0), login.pop3.map(|t| t.0)],
            )?;
        }
        Ok(some)
    }

    /// Forgets what is written now, unless there is news.
    pub(super) fn written(&self, some: &[(AccountId, LastLogin)]) {
        let mut noted = self.noted.lock();
        for (id, login) in some {
            if noted.get(id) == Some(login) {
                noted.remove(id);
            }
        }
    }
}
