//! A folder at one moment, for the session that opens it.

use super::folder::{self, StoredFolder};
use super::keyword::Keywords;
use super::known;
use crate::postgresql::transaction::Read;
use crate::postgresql::{Postgresql, sql};
use crate::{Login, OpenFolder, StorageError, What};
use futures::future::try_join;
use terms::{FolderId, FolderName, Uid};

impl Postgresql {
    /// See [`crate::Storage::open_folder`]. Subscribes first and reads then: what happens in between wakes.
    pub(crate) async fn open_folder(
        &self,
        login: &Login,
        name: &FolderName,
        claim_recent: bool,
    ) -> Result<OpenFolder, StorageError> {
        let mut opened = self.subscribe_and_read(login, name).await?;
        let upto = opened.folder.uid_next;
        if claim_recent && opened.recent_from < upto {
            opened.recent_from = self.claim_recent(login, opened.folder.id, upto).await?;
        }
        Ok(opened)
    }

    async fn subscribe_and_read(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<OpenFolder, StorageError> {
        let mut client = self.client().await?;
        loop {
            // Outside of the transaction whose picture counts.
            let sql = "SELECT id FROM folder WHERE account = $1 AND name = $2";
            let found =
                sql::one(&client, sql, &[&sql::int(login.account.0), &name.as_str()]).await?;
            let wanted = found.map(|row| sql::unsigned(&row, 0)).transpose()?.map(FolderId);
            let subscription = wanted.map(|id| self.feed().subscribe(id));
            let read = Read::begin_as(&mut client, login).await?;
            let subscription = subscription.ok_or(StorageError::NotFound(What::Folder))?;
            let stored = folder::by_name(&read.tx, login.account, name).await?;
            let id = stored.folder.id;
            if wanted != Some(id) {
                // Another folder got the name in between.
                continue;
            }
            let uids = known::uids(self.known(), &read.tx, &stored);
            let ((uids, first_unseen), keywords) =
                try_join(uids, Keywords::of(&read.tx, id)).await?;
            let StoredFolder { folder, recent_from, .. } = stored;
            let recent_from = Uid::new(recent_from).unwrap_or(Uid::MIN);
            let keywords = keywords.all();
            return Ok(OpenFolder {
                folder,
                uids,
                first_unseen,
                recent_from,
                keywords,
                subscription,
            });
        }
    }

    /// See [`crate::Storage::recent`].
    pub(crate) async fn recent(&self, login: &Login, id: FolderId) -> Result<u32, StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin_as(&mut client, login).await?;
        let stored = folder::by_id(&read.tx, login.account, id).await?;
        let sql = "SELECT count(*) FROM entry WHERE folder = $1 AND uid >= $2";
        let from = i64::from(stored.recent_from);
        let row = sql::one(&read.tx, sql, &[&sql::int(id.0), &from]).await?;
        row.map_or(Ok(0), |row| sql::unsigned_32(&row, 0))
    }
}
