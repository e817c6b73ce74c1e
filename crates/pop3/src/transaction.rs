//! The TRANSACTION state: reading and marking (RFC 1939 §5, §7).

use crate::capability;
use crate::dialogue::Talk;
use crate::error::{Ended, Refusal};
use crate::maildrop::{Maildrop, Message};
use crate::multiline::{Stuffer, TopExtent};
use crate::reply;
use crate::wire::{Command, Number};
use carrier::Host;
use storage::Storage;

/// How much of a message is read at a time, and how much at first for TOP.
const CHUNK: usize = 64 * 1024;
const FIRST_CHUNK_OF_TOP: usize = 8 * 1024;

/// Listings are said in slices of about this many bytes.
const SLICE: usize = 16 * 1024;

/// Until QUIT.
pub(crate) async fn run<H: Host>(
    talk: &mut Talk<H>,
    storage: &Storage,
    mut maildrop: Maildrop,
) -> Result<Maildrop, Ended> {
    loop {
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
            Command::Retr(number) => retr(talk, storage, &mut maildrop, number).await?,
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

async fn list<H: Host>(talk: &mut Talk<H>, maildrop: &Maildrop) -> Result<(), Ended> {
    let lines =
        maildrop.unmarked().map(|(number, message)| format!("{number} {}\r\n", message.blob.size));
    listing(talk, &maildrop.summary(), lines).await
}

async fn uidl<H: Host>(talk: &mut Talk<H>, maildrop: &Maildrop) -> Result<(), Ended> {
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
) -> Result<(), Ended> {
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
    number: Number,
) -> Result<(), Ended> {
    let message = match maildrop.message(number) {
        Ok(message) => message,
        Err(refusal) => {
            talk.refuse(refusal);
            return Ok(());
        }
    };
    let title = format!("{} octets", message.blob.size);
    let source = Source { storage, maildrop, message };
    if send(talk, source, &title, None).await? == Sent::Whole {
        maildrop.note_retrieved(number);
    }
    Ok(())
}

async fn top<H: Host>(
    talk: &mut Talk<H>,
    storage: &Storage,
    maildrop: &Maildrop,
    number: Number,
    lines: u32,
) -> Result<(), Ended> {
    match maildrop.message(number) {
        Ok(message) => {
            let source = Source { storage, maildrop, message };
            send(talk, source, "top of message follows", Some(TopExtent::new(lines))).await?;
        }
        Err(refusal) => talk.refuse(refusal),
    }
    Ok(())
}

/// A message's bytes in storage.
#[derive(Clone, Copy)]
struct Source<'a> {
    storage: &'a Storage,
    maildrop: &'a Maildrop,
    message: Message,
}

/// What came of sending a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// All that was asked for.
    Whole,
    /// Nothing; the client was told why.
    Refused,
}

/// Sends a message, or its top, chunk by chunk and no faster than the client takes it.
///
/// The first chunk is read before anything is said, so that what cannot be read can be refused.
/// Behind that, a failure leaves only one way to say so: the reply never ends.
async fn send<H: Host>(
    talk: &mut Talk<H>,
    source: Source<'_>,
    title: &str,
    mut extent: Option<TopExtent>,
) -> Result<Sent, Ended> {
    let Source { storage, maildrop, message: Message { uid, blob, .. } } = source;
    let mut stuffer = Stuffer::default();
    let mut slice = Vec::new();
    let mut offset = 0;
    let mut length = if extent.is_some() { FIRST_CHUNK_OF_TOP } else { CHUNK };
    loop {
        let read =
            storage.read_blob(&maildrop.login, maildrop.folder, uid, blob, offset, length).await;
        let chunk = match read {
            Ok(chunk) => chunk,
            Err(error) if offset == 0 => {
                talk.refuse_for(&error)?;
                return Ok(Sent::Refused);
            }
            Err(error) => {
                tracing::warn!(%error, "a message could not be sent to its end");
                return Err(Ended);
            }
        };
        if offset == 0 {
            slice.extend_from_slice(reply::ok(title).as_bytes());
        }
        offset += chunk.len() as u64;
        let wanted = extent.as_mut().map_or(chunk.len(), |extent| extent.take(&chunk));
        stuffer.push(&chunk[..wanted], &mut slice);
        if offset >= blob.size || extent.as_ref().is_some_and(TopExtent::is_over) {
            stuffer.finish(&mut slice);
            talk.say(&slice);
            return Ok(Sent::Whole);
        }
        if chunk.is_empty() {
            tracing::error!(%uid, "a stored message is shorter than its size says");
            return Err(Ended);
        }
        talk.output.say_part(&slice);
        talk.output.room().await?;
        slice.clear();
        length = CHUNK.min(length * 2);
    }
}
