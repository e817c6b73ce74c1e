//! The UPDATE state: what was marked goes, all or none (RFC 1939 §6).
//!
//! Entered by QUIT alone. The removal is one operation of storage, which is carried out whole or not
//! at all even if this dialogue is dropped while it waits; the client hears `+OK` when it is durable.

use crate::dialogue::Talk;
use crate::error::{Over, Refusal, refusal};
use crate::maildrop::Maildrop;
use carrier::Host;
use futures::future::join;
use storage::{Storage, StorageError};
use terms::{FlagChange, Flags, SystemFlag};

/// Until goodbye.
pub(crate) async fn run<H: Host>(
    talk: &mut Talk<H>,
    storage: &Storage,
    maildrop: Maildrop,
) -> Result<(), Over> {
    // Side by side, so that both become durable in one go.
    let (removed, ()) = join(remove_marked(storage, &maildrop), set_seen(storage, &maildrop)).await;
    // A client that hears of the end may come again at once, and must find the maildrop free.
    drop(maildrop);
    match removed {
        Ok(()) => talk.goodbye().await,
        Err(error) => {
            // Logs the cause; ends in silence if the login is void.
            refusal(&error)?;
            Err(talk.send_away(Refusal::NotRemoved).await)
        }
    }
}

async fn remove_marked(storage: &Storage, maildrop: &Maildrop) -> Result<(), StorageError> {
    let marked = maildrop.marked();
    if !marked.is_empty() {
        storage.expunge(&maildrop.login, maildrop.folder, marked).await?;
    }
    Ok(())
}

/// Sets `\Seen` on what was read. Nothing was promised to the client here: a failure is only logged.
async fn set_seen(storage: &Storage, maildrop: &Maildrop) {
    let uids = maildrop.newly_seen();
    if uids.is_empty() {
        return;
    }
    let seen = Flags::from_iter([SystemFlag::Seen]);
    let set = storage
        .set_flags(&maildrop.login, maildrop.folder, uids, FlagChange::Add, seen, None)
        .await;
    if let Err(error) = set
        && error != StorageError::Void
    {
        tracing::warn!(%error, "retrieved messages could not be flagged as seen");
    }
}
