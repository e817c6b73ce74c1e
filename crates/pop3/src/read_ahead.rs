//! Small messages read before they are asked for, several in one trip to storage.
//!
//! Only for a client that asks for message after message in ascending order. What is held for one that pipelines is
//! dropped when it pauses, but for as little as is held for one that waits for each answer; and that is dropped when
//! it pauses for long. What was read is used only while nothing has happened that could have made the login void:
//! otherwise it is read anew, under the login's eyes.

use crate::maildrop::{Maildrop, Message};
use crate::wire::Number;
use bytes::Bytes;
use std::collections::VecDeque;
use storage::{BlobRange, FenceMark, Storage, StorageError};

/// How much of a message is read at a time. Smaller messages are read whole.
pub(crate) const CHUNK: usize = 64 * 1024;

/// At most this many messages are read at a time, of at most so many bytes together.
const MESSAGES: usize = 32;
const BYTES: u64 = 256 * 1024;
/// The bytes for a client that waits for each answer: so many are held while it thinks.
const BYTES_WAITING: u64 = 64 * 1024;

/// What is expected to be asked for next.
#[derive(Debug, Default)]
pub(crate) struct ReadAhead {
    /// First chunks, or why they cannot be read, by ascending number.
    ready: VecDeque<(Number, Result<Bytes, StorageError>)>,
    as_of: Option<FenceMark>,
    latest: Option<Number>,
    pace: Pace,
}

/// What the client is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It has sent more commands already.
    Pipelining,
    /// It waits for the answer.
    #[default]
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
        if !self.as_of.is_some_and(|mark| storage.holds_since(mark)) {
            self.clear();
        }
        while let Some((ready, chunk)) = self.ready.pop_front() {
            if ready == number {
                return chunk;
            }
        }
        self.clear();
        let as_of = storage.fence_mark();
        if !in_order || as_of.is_none() {
            return maildrop.read(storage, message, 0, CHUNK).await;
        }
        let batch: Vec<_> = following(maildrop, (number, message), pace).collect();
        let ranges = batch.iter().map(|(_, message)| first_range(*message)).collect();
        let found = storage.read_ranges(&maildrop.login, maildrop.folder, ranges).await?;
        self.ready = batch.into_iter().map(|(number, _)| number).zip(found).collect();
        (self.as_of, self.pace) = (as_of, pace);
        match self.ready.pop_front() {
            Some((_, chunk)) => chunk,
            // The batch begins with the message itself, so this does not happen.
            None => maildrop.read(storage, message, 0, CHUNK).await,
        }
    }

    /// The client has paused. Lets go of more than is held for a client that waits; answers whether anything
    /// is still held.
    pub(crate) fn pause(&mut self) -> bool {
        if self.pace == Pace::Pipelining {
            self.clear();
        }
        !self.ready.is_empty()
    }

    /// Lets go of what was read.
    pub(crate) fn clear(&mut self) {
        self.ready = VecDeque::new();
    }
}

fn first_range(Message { uid, blob, .. }: Message) -> BlobRange {
    BlobRange { uid, blob, offset: 0, length: CHUNK }
}

/// A message, and those behind it that fit into one read together with it.
fn following(
    maildrop: &Maildrop,
    (number, message): (Number, Message),
    pace: Pace,
) -> impl Iterator<Item = (Number, Message)> {
    let bound = match pace {
        Pace::Pipelining => BYTES,
        Pace::Waiting => BYTES_WAITING,
    };
    let mut bytes = message.blob.size;
    let others = (1..MESSAGES as u32).map_while(move |step| {
        let next = Number(number.0.checked_add(step)?);
        let message = maildrop.message(next).ok()?;
        bytes = bytes.saturating_add(message.blob.size);
        (message.blob.size <= CHUNK as u64 && bytes <= bound).then_some((next, message))
    });
    std::iter::once((number, message)).chain(others)
}
