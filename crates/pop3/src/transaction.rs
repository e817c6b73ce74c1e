//! The TRANSACTION state: reading and marking (RFC 1939 §5, §7).

use crate::capability;
use crate::dialogue::Talk;
use crate::error::{Over, Refusal};
use crate::maildrop::{Maildrop, Message};
use crate::multiline::{Stuffer, TopExtent};
use crate::read_ahead::{CHUNK, Pace, ReadAhead};
use crate::reply;
use crate::wire::{Command, Number};
use bytes::Bytes;
use carrier::Host;
use storage::{Storage, StorageError};

/// How much of a message is read at first for TOP.
const TOP_CHUNK: usize = 8 * 1024;

/// Listings are said in slices of about this many bytes.
const SLICE: usize = 16 * 1024;

/// Until QUIT.
pub(crate) async fn run<H: Host>(
    talk: &mut Talk<H>,
    storage: &Storage,
    mut maildrop: Maildrop,
) -> Result<Maildrop, Over> {
    let mut ahead = ReadAhead::default();
    loop {
        if !talk.input.is_waiting() && ahead.pause() && !talk.comes_back_soon().await? {
            ahead.clear();
        }
        match talk.command().await? {
            Command::Stat => talk.ok(&format!("{} {}", maildrop.count(), maildrop.octets())),
            Command::List(None) => list(talk, &maildrop).await?,
            Command::List(Some(number)) => {
                one(talk, &maildrop, number, |message| message.blob.size.to_string());
            }
            Command::Uidl(None) => uidl(talk, &maildrop).await?,
            Command::Uidl(Some(number)) => {
                one(talk, &maildrop, number, |message| maildrop.unique_id(message));
            }
            Command::Retr(number) => {
                retr(talk, storage, &mut maildrop, &mut ahead, number).await?;
            }
            Command::Top(number, lines) => top(talk, storage, &maildrop, number, lines).await?,
            Command::Dele(number) => match maildrop.mark(number) {
                Ok(()) => talk.ok("marked"),
                Err(refusal) => talk.refuse(refusal),
            },
            Command::Rset => {
                maildrop.unmark_all();
                talk.ok(&format!("maildrop has {}", maildrop.summary()));
            }
            Command::Noop => talk.ok("nothing done"),
            Command::Capa => talk.say(capability::reply(talk.host.security()).as_bytes()),
            Command::Quit => return Ok(maildrop),
            Command::Auth(_) | Command::Pass(_) | Command::Stls | Command::User(_) => {
                talk.reject(Refusal::WrongState).await?;
            }
        }
    }
}

async fn list<H: Host>(talk: &mut Talk<H>, maildrop: &Maildrop) -> Result<(), Over> {
    let lines =
        maildrop.unmarked().map(|(number, message)| format!("{number} {}\r\n", message.blob.size));
    listing(talk, &maildrop.summary(), lines).await
}

async fn uidl<H: Host>(talk: &mut Talk<H>, maildrop: &Maildrop) -> Result<(), Over> {
    let lines = maildrop
        .unmarked()
        .map(|(number, message)| format!("{number} {}\r\n", maildrop.unique_id(message)));
    listing(talk, "unique ids follow", lines).await
}

/// Says a listing in slices, no faster than the client takes them.
async fn listing<H: Host>(
    talk: &mut Talk<H>,
    title: &str,
    lines: impl Iterator<Item = String>,
) -> Result<(), Over> {
    let mut slice = reply::ok(title);
    for line in lines {
        slice.push_str(&line);
        if slice.len() >= SLICE {
            talk.output.say_part(slice.as_bytes());
            slice.clear();
            talk.output.room().await?;
        }
    }
    let mut slice = slice.into_bytes();
    slice.extend_from_slice(reply::END);
    talk.say(&slice);
    Ok(())
}

/// Answers LIST or UIDL about one message.
fn one<H: Host>(
    talk: &mut Talk<H>,
    maildrop: &Maildrop,
    number: Number,
    value: impl FnOnce(&Message) -> String,
) {
    match maildrop.message(number) {
        Ok(message) => talk.ok(&format!("{} {}", number.0, value(&message))),
        Err(refusal) => talk.refuse(refusal),
    }
}

async fn retr<H: Host>(
    talk: &mut Talk<H>,
    storage: &Storage,
    maildrop: &mut Maildrop,
    ahead: &mut ReadAhead,
    number: Number,
) -> Result<(), Over> {
    let message = match maildrop.message(number) {
        Ok(message) => message,
        Err(refusal) => {
            talk.refuse(refusal);
            return Ok(());
        }
    };
    let pace = if talk.input.is_waiting() { Pace::Pipelining } else { Pace::Waiting };
    let first = ahead.first_chunk(storage, maildrop, (number, message), pace).await;
    match first {
        Ok(first) => {
            let title = format!("{} octets", message.blob.size);
            let sending = Sending { message, title: &title, first, extent: None };
            if send(talk, storage, maildrop, sending).await? == Sent::Whole {
                maildrop.note_retrieved(number);
            }
            Ok(())
        }
        Err(error) => talk.refuse_for(&error),
    }
}

async fn top<H: Host>(
    talk: &mut Talk<H>,
    storage: &Storage,
    maildrop: &Maildrop,
    number: Number,
    lines: u32,
) -> Result<(), Over> {
    let message = match maildrop.message(number) {
        Ok(message) => message,
        Err(refusal) => {
            talk.refuse(refusal);
            return Ok(());
        }
    };
    match maildrop.read(storage, message, 0, TOP_CHUNK).await {
        Ok(first) => {
            let extent = Some(TopExtent::new(lines));
            let sending = Sending { message, title: "top of message follows", first, extent };
            send(talk, storage, maildrop, sending).await?;
            Ok(())
        }
        Err(error) => talk.refuse_for(&error),
    }
}

/// A message, or its top, whose first chunk is at hand: what cannot be read at all has been refused.
struct Sending<'a> {
    message: Message,
    title: &'a str,
    first: Bytes,
    extent: Option<TopExtent>,
}

/// Whether a message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Whole,
    /// It was refused before any of it was said.
    Not,
}

/// Sends it chunk by chunk, no faster than the client takes it. What is begun is finished, even if
/// another session expunges it meanwhile.
///
/// # Errors
/// [`Over`] also if the rest cannot be read. There is no way to say so in the midst of a reply, but
/// that the reply never ends.
async fn send<H: Host>(
    talk: &mut Talk<H>,
    storage: &Storage,
    maildrop: &Maildrop,
    sending: Sending<'_>,
) -> Result<Sent, Over> {
    let Sending { message, title, first: mut chunk, mut extent } = sending;
    let mut stuffer = Stuffer::default();
    let mut slice = reply::ok(title).into_bytes();
    let mut offset = 0;
    let mut held = None;
    loop {
        offset += chunk.len() as u64;
        let wanted = extent.as_mut().map_or(chunk.len(), |extent| extent.take(&chunk));
        stuffer.push(&chunk[..wanted], &mut slice);
        if offset >= message.blob.size || extent.as_ref().is_some_and(TopExtent::is_over) {
            stuffer.finish(&mut slice);
            talk.say(&slice);
            talk.output.mark_mail();
            return Ok(Sent::Whole);
        }
        let held = match &held {
            Some(held) => held,
            None => match maildrop.hold(storage, message).await {
                Ok(opened) => held.insert(opened),
                Err(error) => {
                    talk.refuse_for(&error)?;
                    return Ok(Sent::Not);
                }
            },
        };
        talk.output.say_part(&slice);
        talk.output.mark_mail();
        talk.output.room().await?;
        slice.clear();
        chunk = match storage.read_held(&maildrop.login, held, offset, CHUNK).await {
            Ok(chunk) if !chunk.is_empty() => chunk,
            Ok(_) => {
                tracing::error!(uid = %message.uid, "a message is shorter than its size says");
                return Err(Over::Left);
            }
            Err(StorageError::Void) => return Err(Over::Void),
            Err(error) => {
                tracing::warn!(%error, "a message could not be sent to its end");
                return Err(Over::Left);
            }
        };
    }
}
