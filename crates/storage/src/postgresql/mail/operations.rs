//! The operations of [`crate::Storage`] of these names that look at folders or change mail.

use super::{folder, folder_change, quota, subscription};
use crate::postgresql::transaction::{Read, Write};
use crate::postgresql::{Postgresql, carried_out};
use crate::{Folder, Login, StorageError, Subscribed, Usage};
use terms::{AccountId, FolderId, FolderName, Uid};

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
}
