//! A mail transaction: MAIL, RCPT, DATA, and one outcome per recipient (RFC 2033 §4.2).

use crate::data::Unstuffer;
use crate::error::{Refusal, refusal};
use crate::recipient::Accepted;
use crate::reply;
use crate::wire::{ClientName, Mail, Sender};
use carrier::{Gone, Input};
use folders::Incoming;
use storage::{Recipient, Storage, StorageError};
use terms::{AccountId, Flags, FolderName, InternalDate, UnixTime};

/// What is known of a message before it comes.
#[derive(Debug)]
pub(crate) struct Transaction {
    sender: Sender,
    size_announced: Option<u64>,
    recipients: Vec<Accepted>,
}

/// What the message's own header fields say of its way to us.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trace<'a> {
    pub(crate) client: &'a ClientName,
    pub(crate) hostname: &'a str,
    pub(crate) id: &'a str,
    pub(crate) at: UnixTime,
}

impl Transaction {
    /// Begun by MAIL.
    pub(crate) fn new(mail: Mail) -> Self {
        Self { sender: mail.sender, size_announced: mail.size, recipients: Vec::new() }
    }

    /// The recipients accepted so far.
    pub(crate) fn recipients(&self) -> &[Accepted] {
        &self.recipients
    }

    /// Adds a recipient.
    pub(crate) fn add(&mut self, recipient: Accepted) {
        self.recipients.push(recipient);
    }

    /// Reads the message up to its end, whatever becomes of it, and delivers it. Answers one reply
    /// per accepted recipient, in order.
    ///
    /// # Errors
    /// [`Gone`] if the client goes before the end: then nothing is delivered.
    pub(crate) async fn deliver(
        self,
        storage: &Storage,
        input: &mut Input,
        limit: u64,
        trace: Trace<'_>,
    ) -> Result<Vec<String>, Gone> {
        let outcomes = match self.receive(storage, input, limit, trace).await? {
            Ok(incoming) => self.store(storage, incoming, trace.at).await,
            Err(refusal) => vec![Err(refusal); self.recipients.len()],
        };
        let answer = |(recipient, outcome): (&Accepted, Result<(), Refusal>)| match outcome {
            Ok(()) => reply::delivered(&recipient.text, trace.id),
            Err(refusal) => {
                format!("{} <{}> {}\r\n", refusal.code(), recipient.text, refusal.text())
            }
        };
        Ok(self.recipients.iter().zip(outcomes).map(answer).collect())
    }

    /// Takes the message from the client. One that cannot be kept is read to its end all the same:
    /// only there can the client be told.
    async fn receive(
        &self,
        storage: &Storage,
        input: &mut Input,
        limit: u64,
        trace: Trace<'_>,
    ) -> Result<Result<Incoming, Refusal>, Gone> {
        let header = self.header(trace);
        let hint = self.size_announced.map(|size| size.saturating_add(header.len() as u64));
        let mut kept = keep(Incoming::new(storage, hint), header.as_bytes()).await;
        let mut unstuffer = Unstuffer::default();
        let mut size = 0;
        while !unstuffer.is_over() {
            let content = input.scan(|bytes| content(&mut unstuffer, bytes)).await?;
            size += content.len() as u64;
            if size > limit {
                // Gives back at once what was taken so far.
                kept = Err(Refusal::MessageTooLarge);
            }
            kept = match kept {
                Ok(incoming) => keep(incoming, &content).await,
                refused => refused,
            };
        }
        Ok(kept)
    }

    /// Delivers to every account once, and tells each recipient how that went.
    async fn store(
        &self,
        storage: &Storage,
        incoming: Incoming,
        at: UnixTime,
    ) -> Vec<Result<(), Refusal>> {
        let mut accounts: Vec<AccountId> =
            self.recipients.iter().map(|recipient| recipient.account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let outcomes = match deliver(storage, incoming, &accounts, at).await {
            Ok(outcomes) => outcomes,
            Err(error) => vec![Err(refusal(&error)); accounts.len()],
        };
        let outcome = |recipient: &Accepted| {
            let place = accounts.binary_search(&recipient.account).ok();
            let outcome = place.and_then(|place| outcomes.get(place)).cloned();
            outcome.unwrap_or(Err(Refusal::StorageUnavailable))
        };
        self.recipients.iter().map(outcome).collect()
    }

    /// The fields that go before the message (RFC 5321 §4.4). All recipients share the stored bytes,
    /// so nothing in here may tell one of another.
    fn header(&self, trace: Trace<'_>) -> String {
        let sender = match &self.sender {
            Sender::Nobody => "",
            Sender::Somebody(path) => &path.text,
        };
        let Trace { client: ClientName(client), hostname, id, at } = trace;
        format!(
            "Return-Path: <{sender}>\r\n\
             Received: from {client}\r\n\tby {hostname} with LMTP id {id};\r\n\t{}\r\n",
            reply::date(at)
        )
    }
}

/// How far the bytes belong to the message, and what they mean.
fn content(unstuffer: &mut Unstuffer, bytes: &[u8]) -> (usize, Vec<u8>) {
    let mut content = Vec::with_capacity(bytes.len());
    let taken = unstuffer.push(bytes, &mut content);
    (taken, content)
}

/// Takes some more; gives up what was taken if that fails.
async fn keep(mut incoming: Incoming, bytes: &[u8]) -> Result<Incoming, Refusal> {
    match incoming.write(bytes).await {
        Ok(()) => Ok(incoming),
        Err(error) => Err(refusal(&error)),
    }
}

async fn deliver(
    storage: &Storage,
    incoming: Incoming,
    accounts: &[AccountId],
    at: UnixTime,
) -> Result<Vec<Result<(), Refusal>>, StorageError> {
    let received = incoming.finish().await?;
    let entry = received.into_entry(Flags::default(), InternalDate { at, offset_minutes: 0 });
    let recipient =
        |account: &AccountId| Recipient { account: *account, folder: FolderName::inbox() };
    let outcomes = storage.deliver(entry, accounts.iter().map(recipient).collect()).await?;
    Ok(outcomes.iter().map(|outcome| outcome.as_ref().map(drop).map_err(refusal)).collect())
}
