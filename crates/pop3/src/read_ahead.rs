//! Small messages read before they are asked for, several at a time.
//!
//! Only for a client that pipelines RETR after RETR in ascending order: it would otherwise wait for
//! storage once per message. What was read is dropped as soon as the client pauses.

use crate::maildrop::{Maildrop, Message};
use crate::wire::Number;
use bytes::Bytes;
use futures::future::join_all;
use std::collections::VecDeque;
use storage::{Storage, StorageError};

/// How much of a message is read at a time. Smaller messages are read whole.
pub(crate) const CHUNK: usize = 64 * 1024;

/// At most this many messages are read at a time, of at most so many bytes together.
const MESSAGES: usize = 16;
const BYTES: u64 = 256 * 1024;

/// What is expected to be asked for next.
#[derive(Debug, Default)]
pub(crate) struct ReadAhead {
    /// First chunks, or why they cannot be read, by ascending number.
    ready: VecDeque<(Number, Result<Bytes, StorageError>)>,
    latest: Option<Number>,
}

/// What the client is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It has sent more commands already.
    Pipelining,
    /// It waits for the answer.
    Waiting,
}

impl ReadAhead {
    /// The first chunk of a message.
    ///
    /// # Errors
    /// Those of storage.
    pub(crate) async fn first_chunk(
        &mut self,
        storage: &Storage,
        maildrop: &Maildrop,
        (number, message): (Number, Message),
        pace: Pace,
    ) -> Result<Bytes, StorageError> {
        let in_order = self.latest.is_some_and(|latest| latest.0.checked_add(1) == Some(number.0));
        self.latest = Some(number);
        while let Some((ready, chunk)) = self.ready.pop_front() {
            if ready == number {
                return chunk;
            }
        }
        let mut batch = vec![(number, message)];
        if in_order && pace == Pace::Pipelining {
            batch.extend(following(maildrop, number, message.blob.size));
        }
        let read = |(number, message): (Number, Message)| async move {
            let chunk = maildrop.read(storage, message, 0, CHUNK).await;
            (number, chunk)
        };
        self.ready = join_all(batch.into_iter().map(read)).await.into();
        match self.ready.pop_front() {
            Some((_, chunk)) => chunk,
            // The batch begins with the message itself, so this does not happen.
            None => maildrop.read(storage, message, 0, CHUNK).await,
        }
    }

    /// Lets go of what was read: the client has paused.
    pub(crate) fn clear(&mut self) {
        self.ready = VecDeque::new();
    }
}

/// The messages behind `number` that fit into one read together with one of `size` bytes.
fn following(
    maildrop: &Maildrop,
    number: Number,
    size: u64,
) -> impl Iterator<Item = (Number, Message)> {
    let mut bytes = size;
    (1..MESSAGES as u32).map_while(move |step| {
        let next = Number(number.0.checked_add(step)?);
        let message = maildrop.message(next).ok()?;
        bytes = bytes.saturating_add(message.blob.size);
        (message.blob.size <= CHUNK as u64 && bytes <= BYTES).then_some((next, message))
    })
}
