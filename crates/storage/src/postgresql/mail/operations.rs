//! The operations of [`crate::Storage`] of these names that look at folders or change mail.

use super::{
    arrival, expunge, flags, folder, folder_change, quota, rename, subscription, transfer,
};
use crate::postgresql::transaction::{Read, Write};
use crate::postgresql::{Postgresql, carried_out};
use crate::{
    Copied, Folder, Login, NewEntry, Recipient, StorageError, StoreOutcome, Subscribed, Usage,
};
use terms::{AccountId, FlagChange, Flags, FolderId, FolderName, ModSeq, Uid};

impl Postgresql {
    pub(crate) async fn folders(&self, login: &Login) -> Result<Vec<Folder>, StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin_as(&mut client, login).await?;
        folder::all(&read.tx, login.account).await
    }

    pub(crate) async fn folder(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<Folder, StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin_as(&mut client, login).await?;
        Ok(folder::by_name(&read.tx, login.account, name).await?.folder)
    }

    pub(crate) async fn subscriptions(
        &self,
        login: &Login,
    ) -> Result<Vec<Subscribed>, StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin_as(&mut client, login).await?;
        subscription::all(&read.tx, login.account).await
    }

    pub(crate) async fn usage(&self, login: &Login) -> Result<Usage, StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin_as(&mut client, login).await?;
        quota::usage(&read.tx, login.account).await
    }

    pub(crate) async fn account_usage(
        &self,
        account: AccountId,
    ) -> Result<(Usage, Vec<FolderName>), StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin(&mut client).await?;
        let usage = quota::usage(&read.tx, account).await?;
        Ok((usage, folder::names(&read.tx, account).await?))
    }

    pub(crate) async fn set_subscription(
        &self,
        login: &Login,
        name: &FolderName,
        on: bool,
    ) -> Result<(), StorageError> {
        let (engine, login, name) = (self.clone(), login.clone(), name.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            if on {
                subscription::add(&write, login.account, std::slice::from_ref(&name)).await?;
            } else {
                subscription::remove(&write, login.account, &name).await?;
            }
            write.commit().await
        })
        .await
    }

    pub(crate) async fn create_folder(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<Folder, StorageError> {
        let (engine, login, name) = (self.clone(), login.clone(), name.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            let folder = folder_change::create(&write, login.account, &name).await?;
            write.commit().await?;
            Ok(folder)
        })
        .await
    }

    pub(crate) async fn claim_recent(
        &self,
        login: &Login,
        folder: FolderId,
        upto: Uid,
    ) -> Result<Uid, StorageError> {
        let (engine, login) = (self.clone(), login.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            let from = folder_change::claim_recent(&write, login.account, folder, upto).await?;
            write.commit().await?;
            Ok(from)
        })
        .await
    }

    pub(crate) async fn delete_folder(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<(), StorageError> {
        let (engine, login, name) = (self.clone(), login.clone(), name.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let mut write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            folder_change::delete(&mut write, engine.tuning(), login.account, &name).await?;
            write.commit().await
        })
        .await
    }

    pub(crate) async fn rename_folder(
        &self,
        login: &Login,
        from: &FolderName,
        to: &FolderName,
    ) -> Result<(), StorageError> {
        let (engine, login, from, to) = (self.clone(), login.clone(), from.clone(), to.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let mut write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            rename::rename(&mut write, engine.tuning(), login.account, &from, &to).await?;
            write.commit().await
        })
        .await
    }

    pub(crate) async fn append(
        &self,
        login: &Login,
        folder: &FolderName,
        entries: Vec<NewEntry>,
    ) -> Result<Copied, StorageError> {
        let (engine, login, folder) = (self.clone(), login.clone(), folder.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let mut write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            let done =
                arrival::append(&mut write, engine.fresh(), login.account, &folder, &entries)
                    .await?;
            write.commit().await?;
            Ok(done)
        })
        .await
    }

    pub(crate) async fn set_flags(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
        change: FlagChange,
        flags: Flags,
        unchanged_since: Option<ModSeq>,
    ) -> Result<StoreOutcome, StorageError> {
        let (engine, login) = (self.clone(), login.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let mut write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            let done = flags::set(
                &mut write,
                login.account,
                folder,
                uids,
                (change, &flags),
                unchanged_since,
            )
            .await?;
            write.commit().await?;
            Ok(done)
        })
        .await
    }

    pub(crate) async fn copy(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
        to: &FolderName,
    ) -> Result<Copied, StorageError> {
        let (engine, login, to) = (self.clone(), login.clone(), to.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let mut write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            let done = transfer::copy(&mut write, login.account, folder, uids, &to).await?;
            write.commit().await?;
            Ok(done)
        })
        .await
    }

    pub(crate) async fn move_entries(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
        to: &FolderName,
    ) -> Result<Copied, StorageError> {
        let (engine, login, to) = (self.clone(), login.clone(), to.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let mut write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            let done =
                transfer::move_some(&mut write, engine.tuning(), login.account, folder, uids, &to)
                    .await?;
            write.commit().await?;
            Ok(done)
        })
        .await
    }

    pub(crate) async fn expunge_marked(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Option<Vec<Uid>>,
    ) -> Result<Vec<Uid>, StorageError> {
        let (engine, login) = (self.clone(), login.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let mut write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            let done =
                expunge::marked(&mut write, engine.tuning(), login.account, folder, uids).await?;
            write.commit().await?;
            Ok(done)
        })
        .await
    }

    pub(crate) async fn expunge(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
    ) -> Result<Vec<Uid>, StorageError> {
        let (engine, login) = (self.clone(), login.clone());
        carried_out(async move {
            let mut client = engine.client().await?;
            let mut write = Write::begin_as(&mut client, engine.feed(), &login).await?;
            let done =
                expunge::whatever_flags(&mut write, engine.tuning(), login.account, folder, uids)
                    .await?;
            write.commit().await?;
            Ok(done)
        })
        .await
    }

    pub(crate) async fn deliver(
        &self,
        entry: NewEntry,
        recipients: Vec<Recipient>,
    ) -> Result<Vec<Result<Uid, StorageError>>, StorageError> {
        self.committer().deliver(self, entry, recipients).await
    }
}
