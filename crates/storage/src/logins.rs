//! Times of latest logins, and attempts to log in, that are not written yet.
//!
//! A login is no reason for an fsync: times are kept here, merged per account, written by the engine some seconds
//! later together with others, and lost in a crash.

use crate::attempts::{Attempts, Line};
use crate::{AttemptResult, LastLogin, LoginAttempt, limits};
use parking_lot::Mutex;
use std::collections::HashMap;
use terms::{AccountId, Protocol};

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    /// Of accounts that exist, so there are not more than those.
    noted: Mutex<HashMap<AccountId, LastLogin>>,
    attempts: Attempts,
}

/// What is written in one transaction.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// Times of latest logins.
    pub(crate) latest: Vec<(AccountId, LastLogin)>,
    /// Attempts to log in.
    pub(crate) attempts: Vec<(AccountId, Vec<Line>)>,
}

impl Logins {
    /// Notes an attempt to log in.
    pub(crate) fn note(&self, attempt: LoginAttempt) {
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
    pub(crate) fn hurry(&self) {
        self.attempts.hurry();
    }

    /// What is known here on top of what is stored.
    pub(crate) fn merged(&self, account: AccountId, stored: LastLogin) -> LastLogin {
        let noted = self.noted.lock().get(&account).copied().unwrap_or_default();
        LastLogin { imap4: stored.imap4.max(noted.imap4), pop3: stored.pop3.max(noted.pop3) }
    }

    /// How many accounts wait to be written.
    pub(crate) fn waiting(&self) -> usize {
        self.noted.lock().len() + self.attempts.due()
    }

    /// What to write now: times of up to `most` accounts, and what attempts are due. Give it to [`Logins::written`]
    /// once it is stored.
    pub(crate) fn due(&self, most: usize) -> Due {
        let latest = self.noted.lock().iter().take(most).map(|(id, login)| (*id, *login)).collect();
        Due { latest, attempts: self.attempts.take(limits::ATTEMPTS_AT_ONCE) }
    }

    /// Forgets what is written now, unless there is news.
    pub(crate) fn written(&self, some: &Due) {
        self.attempts.written(&some.attempts);
        let mut noted = self.noted.lock();
        for (id, login) in &some.latest {
            if noted.get(id) == Some(login) {
                noted.remove(id);
            }
        }
    }
}
