//! Times of latest logins, and attempts to log in, that are not written yet.
//!
//! A login is no reason for an fsync: times are kept here, merged per account, written with the next
//! group (or after a few seconds), and lost in a crash.

use super::directory::attempt;
use super::sql;
use crate::attempts::{Attempts, Line};
use crate::{AttemptResult, LastLogin, LoginAttempt, StorageError};
use parking_lot::Mutex;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use terms::{AccountId, Protocol};

/// Accounts whose attempts are written with one group.
const ATTEMPTS: usize = 100;

/// See the module's head.
#[derive(Debug, Default)]
pub(super) struct Logins {
    noted: Mutex<HashMap<AccountId, LastLogin>>,
    attempts: Attempts,
}

/// What is written with one group.
#[derive(Debug, Default)]
pub(super) struct Written {
    latest: Vec<(AccountId, LastLogin)>,
    attempts: Vec<(AccountId, Vec<Line>)>,
}

impl Logins {
    /// Notes an attempt to log in.
    pub(super) fn note(&self, attempt: LoginAttempt) {
        if attempt.result == AttemptResult::Succeeded {
            let mut noted = self.noted.lock();
            let latest = noted.entry(attempt.account).or_default();
            let time = match attempt.protocol {
                Protocol::Imap => &mut latest.imap4,
                Protocol::Pop3 => &mut latest.pop3,
            };
            *time = (*time).max(Some(attempt.at));
        }
        self.attempts.note(attempt);
    }

    /// From now on nothing waits for others: the store is being closed.
    pub(super) fn hurry(&self) {
        self.attempts.hurry();
    }

    /// What is known here on top of what is stored.
    pub(super) fn merged(&self, account: AccountId, stored: LastLogin) -> LastLogin {
        let noted = self.noted.lock().get(&account).copied().unwrap_or_default();
        LastLogin { imap4: stored.imap4.max(noted.imap4), pop3: stored.pop3.max(noted.pop3) }
    }

    /// How many accounts wait to be written.
    pub(super) fn waiting(&self) -> usize {
        self.noted.lock().len() + self.attempts.due()
    }

    /// Writes up to `most`, in the running transaction; give the answer to [`Logins::written`] after its commit.
    pub(super) fn write(&self, conn: &Connection, most: usize) -> Result<Written, StorageError> {
        let attempts = self.attempts.take(ATTEMPTS);
        for (id, lines) in &attempts {
            attempt::add(conn, *id, lines)?;
        }
        let latest: Vec<_> =
            self.noted.lock().iter().take(most).map(|(id, login)| (*id, *login)).collect();
        for (id, login) in &latest {
            sql::run(
                conn,
                "UPDATE account SET login_imap4 = coalesce(max(?2, coalesce(login_imap4, ?2)), login_imap4),
                                    login_pop3 = coalesce(max(?3, coalesce(login_pop3, ?3)), login_pop3)
                 WHERE id = ?1",
                params![sql::int(id.0), login.imap4.map(|t| t.0), login.pop3.map(|t| t.0)],
            )?;
        }
        Ok(Written { latest, attempts })
    }

    /// Forgets what is written now, unless there is news.
    pub(super) fn written(&self, some: &Written) {
        self.attempts.written(&some.attempts);
        let mut noted = self.noted.lock();
        for (id, login) in &some.latest {
            if noted.get(id) == Some(login) {
                noted.remove(id);
            }
        }
    }
}
