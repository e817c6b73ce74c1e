//! Who holds an account's maildrop: one POP3 session at a time (RFC 1939 §8).

use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::Arc;
use terms::AccountId;

/// The maildrops that are held on this node. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct MaildropLocks {
    held: Arc<Mutex<HashSet<AccountId>>>,
}

/// Holds one account's maildrop; lets go when dropped.
#[derive(Debug)]
pub struct MaildropLock {
    account: AccountId,
    held: Arc<Mutex<HashSet<AccountId>>>,
}

impl MaildropLocks {
    /// Takes the account's maildrop, unless another session holds it.
    pub fn take(&self, account: AccountId) -> Option<MaildropLock> {
        let taken = self.held.lock().insert(account);
        taken.then(|| MaildropLock { account, held: self.held.clone() })
    }
}

impl Drop for MaildropLock {
    fn drop(&mut self) {
        self.held.lock().remove(&self.account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let locks = MaildropLocks::default();
        let held = locks.take(AccountId(1)).unwrap();
        assert!(locks.take(AccountId(1)).is_none());
        assert!(locks.take(AccountId(2)).is_some());
        drop(held);
        assert!(locks.take(AccountId(1)).is_some());
    }
}
