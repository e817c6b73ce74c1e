//! The maildrop: a session's fixed picture of the inbox (RFC 1939 §3, §5).
//!
//! Taken once, at login. What arrives later is not in it; what another session expunges keeps its
//! number and cannot be read any more, but for what is being sent at the time.

use crate::error::Refusal;
use crate::wire::Number;
use bytes::Bytes;
use folders::MaildropLock;
use storage::{BlobRef, Entry, EntryQuery, HeldBlob, Login, Storage, StorageError};
use terms::{FolderId, FolderName, SystemFlag, Uid, UidValidity};

/// How many entries are read from storage at a time.
const PAGE: usize = 1_000;

/// The inbox as it was at login, and what is to become of it.
#[derive(Debug)]
pub(crate) struct Maildrop {
    pub(crate) login: Login,
    pub(crate) folder: FolderId,
    uid_validity: UidValidity,
    messages: Vec<Message>,
    /// Messages without a mark, and their octets.
    count: usize,
    octets: u64,
    /// No other session opens this maildrop while this one does.
    _lock: MaildropLock,
}

/// A message of the maildrop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub(crate) uid: Uid,
    pub(crate) blob: BlobRef,
    /// To be removed at QUIT.
    marked: bool,
    seen: Seen,
}

/// Whether a message carries `\Seen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    No,
    Already,
    /// To be set at QUIT.
    Now,
}

impl Maildrop {
    /// Takes the picture: the inbox's first messages, `limit` at most.
    ///
    /// # Errors
    /// Those of storage; also if the login is void.
    pub(crate) async fn open(
        storage: &Storage,
        login: Login,
        lock: MaildropLock,
        limit: usize,
    ) -> Result<Self, StorageError> {
        let inbox = storage.folder(&login, &FolderName::inbox()).await?;
        let mut messages = Vec::with_capacity(limit.min(inbox.messages as usize));
        let mut from = Some(Uid::MIN);
        while let Some(first) = from
            && messages.len() < limit
        {
            let asked = PAGE.min(limit - messages.len());
            let page = storage
                .entries(&login, inbox.id, first..=Uid::MAX, asked, EntryQuery::Plain)
                .await?;
            messages.extend(page.iter().map(Message::new));
            from = match page.last() {
                Some(last) if page.len() == asked => Uid::new(last.uid.value().saturating_add(1)),
                _ => None,
            };
        }
        let mut maildrop = Self {
            login,
            folder: inbox.id,
            uid_validity: inbox.uid_validity,
            messages,
            count: 0,
            octets: 0,
            _lock: lock,
        };
        maildrop.unmark_all();
        Ok(maildrop)
    }

    /// Up to `length` bytes of a message from `offset` on.
    ///
    /// # Errors
    /// Those of storage; also if another session expunged it, or the login is void.
    pub(crate) async fn read(
        &self,
        storage: &Storage,
        message: Message,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        let Message { uid, blob, .. } = message;
        storage.read_blob(&self.login, self.folder, uid, blob, offset, length).await
    }

    /// Opens a message for several reads: from now on, no other session can take it away.
    ///
    /// # Errors
    /// As [`Maildrop::read`].
    pub(crate) async fn hold(
        &self,
        storage: &Storage,
        message: Message,
    ) -> Result<HeldBlob, StorageError> {
        storage.hold_blob(&self.login, self.folder, message.uid, message.blob).await
    }

    /// How many messages without a mark there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// How many octets they have.
    pub(crate) fn octets(&self) -> u64 {
        self.octets
    }

    /// Both, for people.
    pub(crate) fn summary(&self) -> String {
        format!("{} messages ({} octets)", self.count, self.octets)
    }

    /// The message of that number.
    ///
    /// # Errors
    /// If there is none, or it is marked.
    pub(crate) fn message(&self, number: Number) -> Result<Message, Refusal> {
        match self.messages.get(index(number)) {
            None => Err(Refusal::NoSuchMessage),
            Some(message) if message.marked => Err(Refusal::MessageMarked),
            Some(message) => Ok(*message),
        }
    }

    /// The messages without a mark, with their numbers.
    pub(crate) fn unmarked(&self) -> impl Iterator<Item = (usize, &Message)> {
        self.messages
            .iter()
            .enumerate()
            .filter(|(_, message)| !message.marked)
            .map(|(index, message)| (index + 1, message))
    }

    /// The name of a message that stays the same over sessions (RFC 1939 §7, UIDL).
    pub(crate) fn unique_id(&self, message: &Message) -> String {
        format!("{}-{}", self.uid_validity, message.uid)
    }

    /// Marks a message: it is to be removed at QUIT.
    ///
    /// # Errors
    /// As [`Maildrop::message`].
    pub(crate) fn mark(&mut self, number: Number) -> Result<(), Refusal> {
        let size = self.message(number)?.blob.size;
        self.messages[index(number)].marked = true;
        self.count -= 1;
        self.octets -= size;
        Ok(())
    }

    /// Takes all marks back.
    pub(crate) fn unmark_all(&mut self) {
        self.messages.iter_mut().for_each(|message| message.marked = false);
        self.count = self.messages.len();
        self.octets = self.messages.iter().map(|message| message.blob.size).sum();
    }

    /// Notes that the client has been sent all of a message.
    pub(crate) fn note_retrieved(&mut self, number: Number) {
        if let Some(message) = self.messages.get_mut(index(number))
            && message.seen == Seen::No
        {
            message.seen = Seen::Now;
        }
    }

    /// What QUIT removes.
    pub(crate) fn marked(&self) -> Vec<Uid> {
        self.messages.iter().filter(|message| message.marked).map(|message| message.uid).collect()
    }

    /// What stays and was read for the first time.
    pub(crate) fn newly_seen(&self) -> Vec<Uid> {
        let newly = |message: &&Message| !message.marked && message.seen == Seen::Now;
        self.messages.iter().filter(newly).map(|message| message.uid).collect()
    }
}

impl Message {
    fn new(entry: &Entry) -> Self {
        let seen = if entry.flags.has(SystemFlag::Seen) { Seen::Already } else { Seen::No };
        Self { uid: entry.uid, blob: entry.blob, marked: false, seen }
    }
}

/// Where a message of that number stands; for 0, where none does.
fn index(number: Number) -> usize {
    number.0.checked_sub(1).map_or(usize::MAX, |index| index as usize)
}
