//! The folder that a session has open: its view, and how that follows the folder.

use crate::error::Failure;
use crate::reply::{Code, Reply};
use crate::untagged;
use crate::view::{Numbers, View};
use crate::wire::request::{Numbering, SequenceSet};
use carrier::Output;
use std::ops::Range;
use std::sync::Arc;
use storage::{Changes, Login, OpenFolder, Storage, Subscription};
use terms::{FolderId, Uid};

/// Whether the folder was opened by SELECT or by EXAMINE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    ReadWrite,
    ReadOnly,
}

/// Whether the folder must be looked at even if nothing has told of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    IfWoken,
    Now,
}

/// Whether the folder is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    There,
    /// It was deleted meanwhile.
    Gone,
}

/// An open folder.
#[derive(Debug)]
pub(crate) struct Selected {
    /// Whose.
    pub(crate) login: Arc<Login>,
    /// Which.
    pub(crate) folder: FolderId,
    /// How it was opened.
    access: Access,
    /// What the client knows of it.
    pub(crate) view: View,
    /// Wakes when it changes.
    subscription: Subscription,
    look: Look,
}

impl Selected {
    /// A folder just opened.
    pub(crate) fn new(login: Arc<Login>, open: OpenFolder, access: Access) -> Self {
        let OpenFolder { folder, uids, recent_from, keywords, subscription, .. } = open;
        let view = View::new(&uids, recent_from, folder.highest_mod_seq, keywords);
        Self { login, folder: folder.id, access, view, subscription, look: Look::IfWoken }
    }

    /// How the folder was opened.
    pub(crate) fn access(&self) -> Access {
        self.access
    }

    /// Refuses commands that would change a folder opened by EXAMINE (RFC 3501 §6.3.2).
    pub(crate) fn writable(&self) -> Result<(), Reply> {
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => Err(Reply::no("The folder was opened read-only")),
        }
    }

    /// `* FLAGS` and PERMANENTFLAGS, to be said when the client does not know all keywords.
    pub(crate) fn flag_lists(&self) -> Vec<u8> {
        untagged::flag_lists(&self.view, self.access)
    }

    /// Makes the next [`Selected::sync`] look at the folder: something was changed just now.
    pub(crate) fn look_next_time(&mut self) {
        self.look = Look::Now;
    }

    /// Waits for the folder to change. May be dropped and called again.
    pub(crate) async fn changed(&mut self) {
        self.subscription.changed().await;
        self.look = Look::Now;
    }

    /// Tells the client what happened to the folder.
    ///
    /// # Errors
    /// If storage could not say; the next call asks again.
    pub(crate) async fn sync(
        &mut self,
        storage: &Storage,
        output: &mut Output,
        numbers: Numbers,
        numbering: Numbering,
    ) -> Result<Presence, Failure> {
        let untold = numbers == Numbers::MayChange && self.view.has_untold_expunges();
        let woken = self.subscription.has_changed();
        if !untold && !woken && self.look == Look::IfWoken {
            return Ok(Presence::There);
        }
        // Boxed: hardly ever needed, and most of what would make waiting in IDLE large.
        Box::pin(self.look(storage, output, numbers, numbering)).await
    }

    /// Looks at the folder, and tells what is new.
    async fn look(
        &mut self,
        storage: &Storage,
        output: &mut Output,
        numbers: Numbers,
        numbering: Numbering,
    ) -> Result<Presence, Failure> {
        // Marked before the look: what happens after it wakes us again.
        self.subscription.mark_seen();
        self.look = Look::Now;
        let mut changes = storage.changes(&self.login, self.folder, self.view.told()).await?;
        if !changes.folder_exists {
            self.look = Look::IfWoken;
            return Ok(Presence::Gone);
        }
        self.claim_recent(storage, &mut changes).await?;
        self.look = Look::IfWoken;
        let news = self.view.take_in(changes, numbers);
        untagged::say_news(output, &self.view, self.access, news, numbering).await?;
        Ok(Presence::There)
    }

    /// Makes what arrived recent in this session and in no other, unless another was faster. Who only
    /// reads takes nothing from others (RFC 3501 §2.3.2, §6.3.2).
    async fn claim_recent(&self, storage: &Storage, changes: &mut Changes) -> Result<(), Failure> {
        let (Some(last), Access::ReadWrite) = (changes.arrived.last(), self.access) else {
            return Ok(());
        };
        if changes.recent_from.is_some_and(|from| from > last.uid) {
            return Ok(());
        }
        let upto = Uid::new(last.uid.value().saturating_add(1)).unwrap_or(Uid::MAX);
        match storage.claim_recent(&self.login, self.folder, upto).await.map_err(Failure::from) {
            Ok(from) => changes.recent_from = Some(from),
            Err(end @ Failure::End(_)) => return Err(end),
            // A full disk is no reason not to tell of mail: it is recent then in more than one session.
            Err(Failure::Refused(_)) => {}
        }
        Ok(())
    }

    /// Takes note of what was expunged meanwhile, without telling.
    pub(crate) async fn notice_expunges(&mut self, storage: &Storage) -> Result<(), Failure> {
        if self.subscription.has_changed() {
            let changes = storage.changes(&self.login, self.folder, self.view.told()).await?;
            self.view.note_gone(&changes.expunged);
        }
        Ok(())
    }

    /// The messages that a set names, as ranges of places in the view, ascending. UIDs that the client
    /// does not know are passed over.
    ///
    /// # Errors
    /// A sequence number that no message has (RFC 3501 §9, `seq-number`): the client is confused.
    pub(crate) fn places(
        &self,
        numbering: Numbering,
        set: &SequenceSet,
    ) -> Result<Vec<Range<usize>>, Reply> {
        if numbering == Numbering::Uid {
            return Ok(self.view.places_of(&set.resolve(self.view.largest_uid())));
        }
        let count = u32::try_from(self.view.count()).unwrap_or(u32::MAX);
        let numbers = set.resolve(count);
        if numbers.is_empty() || numbers.largest().is_some_and(|largest| largest > count) {
            return Err(Reply::bad("There is no message of that number").with(Code::ClientBug));
        }
        let place = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(numbers.iter().map(|run| place(*run.start()) - 1..place(*run.end())).collect())
    }

    /// The UIDs of the messages that a set names, ascending.
    ///
    /// # Errors
    /// As [`Selected::places`].
    pub(crate) fn uids(&self, numbering: Numbering, set: &SequenceSet) -> Result<Vec<Uid>, Reply> {
        let places = self.places(numbering, set)?;
        Ok(places.into_iter().flat_map(|run| self.view.uids(run)).collect())
    }

    /// Refuses a set of sequence numbers with messages that another session has expunged
    /// (RFC 2180 §4). UIDs that are gone are passed over in silence instead.
    pub(crate) fn all_there(&self, numbering: Numbering, uids: &[Uid]) -> Result<(), Reply> {
        match numbering {
            Numbering::Sequence if uids.iter().any(|uid| self.view.is_gone(*uid)) => Err(gone()),
            _ => Ok(()),
        }
    }
}

/// Some of the messages that were named by number are not there any more.
pub(crate) fn gone() -> Reply {
    Reply::no("Someone else has expunged some of these messages").with(Code::ExpungeIssued)
}
