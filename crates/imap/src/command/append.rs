//! APPEND: puts a message into a folder (RFC 3501 §6.3.11), and says which UID it got (RFC 4315 §3).
//!
//! All that can be refused is refused before the message is sent; a message that a client sends unasked
//! (RFC 7888) is skipped then. Its bytes go straight to storage. Nothing is kept before the client has
//! sent all of the command, and then all of it.

use super::Outcome;
use crate::context::Context;
use crate::dialogue::Talk;
use crate::error::{Failure, for_target};
use crate::reply::{Code, Reply};
use crate::state::State;
use crate::wire::reader::{read_append_rest, skip_append};
use crate::wire::request::{AppendOptions, LiteralSize, Name, Tag};
use carrier::Host;
use folders::{Incoming, Received};
use storage::{Login, StorageError};
use terms::{FolderName, InternalDate};

/// How many bytes are taken from the client at a time.
const CHUNK: usize = 64 * 1024;

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &State,
    tag: &Tag,
    folder: Name,
    options: AppendOptions,
    literal: LiteralSize,
) -> Outcome {
    let login = state.login()?;
    let target = match admit(&talk.context, login, &folder, literal.size).await {
        Ok(target) => target,
        Err(failure) => return Err(skip(talk, literal, failure).await),
    };
    if literal.synchronizing {
        talk.output.say(b"+ Ready\r\n");
    }
    let received = receive(talk, tag, literal.size).await?;
    let now = InternalDate { at: talk.host.now(), offset_minutes: 0 };
    let entry = received.into_entry(options.flags, options.date.unwrap_or(now));
    let added = talk.storage().append(login, &target, vec![entry]).await.map_err(for_target)?;
    let reply = Reply::ok("Added");
    Ok(match added.uids.first() {
        Some((uid, _)) => reply.with(Code::AppendUid(added.uid_validity, *uid)),
        None => reply,
    })
}

/// Whether a message of that size may come, before it comes.
async fn admit(
    context: &Context,
    login: &Login,
    folder: &str,
    size: u64,
) -> Result<FolderName, Failure> {
    let limit = context.limits.message_size;
    if size > limit {
        let text = format!("Messages may have {limit} bytes at most");
        return Err(Reply::no(text).with(Code::TooBig).into());
    }
    if size == 0 {
        return Err(Reply::no("A message has at least one byte").with(Code::Cannot).into());
    }
    let target = FolderName::parse(folder)?;
    context.storage.folder(login, &target).await.map_err(for_target)?;
    let usage = context.storage.usage(login).await?;
    match usage.bytes_limit {
        Some(limit) if usage.bytes.saturating_add(size) > limit => {
            Err(StorageError::OverQuota.into())
        }
        _ => Ok(target),
    }
}

/// Takes the message and the end of the command.
async fn receive<H: Host>(talk: &mut Talk<H>, tag: &Tag, size: u64) -> Result<Received, Failure> {
    let mut incoming = Incoming::new(talk.storage(), Some(size));
    // If storage fails on the way, the rest is still read, so that the dialogue stays in step.
    let mut trouble = None;
    let mut left = size;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let bytes = talk.input.chunk(wanted).await?;
        left -= bytes.len() as u64;
        if trouble.is_none() {
            trouble = incoming.write(&bytes).await.err();
        }
    }
    let limits = talk.limits().after_login;
    read_append_rest(&mut talk.input, tag, &limits).await?;
    match trouble {
        Some(error) => Err(error.into()),
        None => Ok(incoming.finish().await?),
    }
}

/// Skips a message that comes although it was refused.
async fn skip<H: Host>(talk: &mut Talk<H>, literal: LiteralSize, failure: Failure) -> Failure {
    if matches!(failure, Failure::End(_)) {
        return failure;
    }
    let limits = talk.limits().after_login;
    match skip_append(&mut talk.input, literal, &limits).await {
        Ok(()) => failure,
        Err(error) => error.into(),
    }
}
