//! The two kinds of transaction.
//!
//! [`Read`] is one picture of the database. [`Write`] changes it, and keeps the order of things by locks: **whoever
//! changes anything of an account, its epoch included, first locks the account's row in `usage`; of several
//! accounts in ascending order.** So an account's changes happen one after the other: UIDs and mod-sequences grow in
//! the order of commits, and a raise of the epoch waits for the changes that were allowed before it, while those
//! that come after it see it. (Isolation is READ COMMITTED: what is read after the lock is what is stored.)
//!
//! What is locked besides is locked in this order: domains, names of domains, accounts, addresses (`directory/name.rs`), and
//! last the row of `store`, from which UIDVALIDITYs are taken. So no two transactions wait for each other.

use super::fault::damaged;
use super::{fence, sql};
use crate::feed::Feed;
use crate::{Login, StorageError};
use deadpool_postgres::{Client, Transaction};
use std::sync::Arc;
use terms::{AccountId, FolderId};
use tokio_postgres::IsolationLevel;

/// A transaction that reads one picture.
pub(crate) struct Read<'a> {
    /// What statements go to.
    pub(super) tx: Transaction<'a>,
}

impl<'a> Read<'a> {
    /// For administration.
    pub(super) async fn begin(client: &'a mut Client) -> Result<Self, StorageError> {
        let picture = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
        Ok(Self { tx: picture.read_only(true).start().await? })
    }

    /// For a session. `Void`.
    pub(super) async fn begin_as(
        client: &'a mut Client,
        login: &Login,
    ) -> Result<Self, StorageError> {
        let read = Self::begin(client).await?;
        fence::check(&read.tx, login).await?;
        Ok(read)
    }
}

/// A transaction that changes something. Dropped without [`Write::commit`], nothing of it has happened.
pub(crate) struct Write<'a> {
    /// What statements go to.
    pub(super) tx: Transaction<'a>,
    feed: Arc<Feed>,
    changed: Vec<FolderId>,
}

impl<'a> Write<'a> {
    /// For administration. Locks nothing yet.
    pub(super) async fn begin(
        client: &'a mut Client,
        feed: &Arc<Feed>,
    ) -> Result<Self, StorageError> {
        let (tx, feed) = (client.transaction().await?, Arc::clone(feed));
        Ok(Self { tx, feed, changed: Vec::new() })
    }

    /// For a session: locks its account. `Void`.
    pub(super) async fn begin_as(
        client: &'a mut Client,
        feed: &Arc<Feed>,
        login: &Login,
    ) -> Result<Self, StorageError> {
        let write = Self::begin(client, feed).await?;
        // False: there is no such account, which the fence says.
        write.lock(login.account).await?;
        fence::check(&write.tx, login).await?;
        Ok(write)
    }

    /// Locks an account, deleted or not; see the module's head. False: there is none of that number.
    pub(super) async fn lock(&self, account: AccountId) -> Result<bool, StorageError> {
        let sql = "SELECT 1 FROM usage WHERE account = $1 FOR UPDATE";
        Ok(sql::one(&self.tx, sql, &[&sql::int(account.0)]).await?.is_some())
    }

    /// Locks several, in the order that keeps two from waiting for each other.
    pub(super) async fn lock_all(&self, accounts: &[AccountId]) -> Result<(), StorageError> {
        let sql = "SELECT 1 FROM usage WHERE account = ANY ($1) ORDER BY account FOR UPDATE";
        sql::all(&self.tx, sql, &[&sql::numbers(accounts)]).await?;
        Ok(())
    }

    /// Notes that a folder changed: those who follow it wake after the commit.
    pub(super) fn changed(&mut self, folder: FolderId) {
        if !self.changed.contains(&folder) {
            self.changed.push(folder);
        }
    }

    /// Makes it so, durably, and wakes those who follow the folders that changed.
    pub(super) async fn commit(self) -> Result<(), StorageError> {
        let committed = self.tx.commit().await;
        // Also when the answer was lost: it may have been done.
        self.feed.publish(&self.changed);
        Ok(committed?)
    }

    /// Takes `count` UIDVALIDITYs that no folder ever had; answers the last of them. `Limit`.
    ///
    /// Everyone who makes folders waits here for each other until the end of their transactions, so nobody
    /// locks an account after it.
    pub(super) async fn uid_validities(&self, count: i64) -> Result<i64, StorageError> {
        let sql = "UPDATE store SET uid_validity = uid_validity + $1 RETURNING uid_validity";
        let row = sql::one(&self.tx, sql, &[&count]).await?;
        let last = sql::unsigned(&row.ok_or_else(|| damaged("no row in store"))?, 0)?;
        match u32::try_from(last) {
            Ok(last) => Ok(last.into()),
            Err(_) => Err(StorageError::Limit("UIDVALIDITYs")),
        }
    }
}
