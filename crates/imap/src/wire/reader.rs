//! Reads one command at a time from the client: its lines, and the literals that it announces.
//!
//! Each time a line announces a literal, what was read so far is parsed: the literal is read only
//! where the grammar takes one, and is within the limits; APPEND's message is left to the dialogue.
//! Whatever else a client announced and sends unasked is skipped (RFC 7888 §4). So:
//!
//! 1. No byte of a literal is ever read as a command.
//! 2. No more is held than [`ReadLimits::line`] and [`ReadLimits::literal`] together.
//! 3. After an error, except [`ReadError::Unskippable`] and [`ReadError::Gone`], the next byte on the
//!    input begins a command.

use super::SyntaxError;
use super::command_line::{Stopped, parse, tag};
use super::lexer::{Lexer, Stop, announced_by};
use super::request::{LiteralSize, Request, Tag};
use carrier::{Gone, Input, Line, Output};

/// How much a client may send in one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of its lines together, without line ends.
    pub line: usize,
    /// Bytes of its literals together; APPEND's message does not count.
    pub literal: usize,
    /// How many literals.
    pub literals: usize,
    /// Bytes that are read only to be dropped, when a command is refused whose literals come unasked.
    pub skip: u64,
}

impl ReadLimits {
    /// For clients that have not logged in.
    pub const BEFORE_LOGIN: Self =
        Self { line: 8 * 1024, literal: 1024, literals: 10, skip: 64 * 1024 };

    /// For clients that have. What may be skipped is the size of a large message.
    pub const AFTER_LOGIN: Self =
        Self { line: 64 * 1024, literal: 64 * 1024, literals: 100, skip: 256 * 1024 * 1024 };
}

/// Why there is no command. Displays as text for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It does not follow the grammar: BAD.
    #[error("{error}")]
    Bad {
        /// Whose answer this is; untagged if unknown.
        tag: Option<Tag>,
        /// What is wrong.
        error: SyntaxError,
    },
    /// Its lines are too long: BAD.
    #[error("Command line too long")]
    TooLong {
        /// Whose answer this is; untagged if unknown.
        tag: Option<Tag>,
    },
    /// Its literals are too large or too many: NO, with the code LIMIT (RFC 5530).
    #[error("Literal too large")]
    TooBig {
        /// Whose answer this is.
        tag: Option<Tag>,
    },
    /// More than may be skipped is on its way: BYE, and the connection must be closed.
    #[error("Too much data to skip")]
    Unskippable,
    /// The client is gone.
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// Reads the next command, over several lines if it has literals. Asks for synchronizing literals.
/// Empty lines before it are ignored.
///
/// # Errors
/// See [`ReadError`].
pub async fn read_request(
    input: &mut Input,
    output: &mut Output,
    limits: &ReadLimits,
) -> Result<(Tag, Request), ReadError> {
    let mut command = Vec::new();
    let mut lines = 0;
    let mut literals = 0;
    let mut literal_bytes = 0;
    loop {
        let line = match input.line_or_ends(limits.line - lines).await? {
            Line::Whole(line) => line,
            Line::TooLong { head, tail } => {
                let start = if command.is_empty() { &head } else { &command };
                let error = ReadError::TooLong { tag: tag_of(start) };
                return Err(refuse(input, announced_by(&tail), limits, error).await);
            }
        };
        if line.is_empty() && command.is_empty() {
            continue;
        }
        lines += line.len();
        let announced = announced_by(&line);
        command.extend_from_slice(&line);
        if announced.is_some() {
            command.extend_from_slice(b"\r\n");
        }
        let (tag, literal) = match parse(&command, announced.is_some()) {
            Ok(tagged_request) => return Ok(tagged_request),
            Err(Stopped { tag, stop: Stop::Bad(error) }) => {
                return Err(refuse(input, announced, limits, ReadError::Bad { tag, error }).await);
            }
            Err(Stopped { tag, stop: Stop::Literal(literal) }) => (tag, literal),
        };
        let room = limits.literal - literal_bytes;
        if literal.size > room as u64 || literals == limits.literals {
            return Err(refuse(input, announced, limits, ReadError::TooBig { tag }).await);
        }
        if literal.synchronizing {
            output.say(b"+ Ready\r\n");
        }
        literals += 1;
        literal_bytes += read_literal(input, literal, &mut command).await?;
    }
}

/// Reads what follows APPEND's message: nothing but the line end (several messages in one command,
/// RFC 3502, are not taken). Positions in errors count from the end of the message.
///
/// # Errors
/// See [`ReadError`]; the message must not be kept.
pub async fn read_append_rest(
    input: &mut Input,
    tag: &Tag,
    limits: &ReadLimits,
) -> Result<(), ReadError> {
    let line = match input.line_or_ends(limits.line).await? {
        Line::Whole(line) => line,
        Line::TooLong { tail, .. } => {
            let error = ReadError::TooLong { tag: Some(tag.clone()) };
            return Err(refuse(input, announced_by(&tail), limits, error).await);
        }
    };
    match Lexer::new(&line, false).end() {
        Err(Stop::Bad(error)) => {
            let error = ReadError::Bad { tag: Some(tag.clone()), error };
            Err(refuse(input, announced_by(&line), limits, error).await)
        }
        // The end of a command wants no literal.
        Ok(()) | Err(Stop::Literal(_)) => Ok(()),
    }
}

/// Skips what is still to come of an APPEND that is refused before its message was asked for: nothing
/// if the literal is synchronizing, else the message and the rest of the command.
///
/// # Errors
/// [`ReadError::Unskippable`] and [`ReadError::Gone`].
pub async fn skip_append(
    input: &mut Input,
    literal: LiteralSize,
    limits: &ReadLimits,
) -> Result<(), ReadError> {
    skip(input, Some(literal), limits).await
}

/// Skips what is still to come of a command that fails with `error`, and returns that, or a worse one.
async fn refuse(
    input: &mut Input,
    announced: Option<LiteralSize>,
    limits: &ReadLimits,
    error: ReadError,
) -> ReadError {
    match skip(input, announced, limits).await {
        Ok(()) => error,
        Err(worse) => worse,
    }
}

/// Skips the literal that was `announced` last, and all that follows it in the same command. A client
/// waits before it sends a synchronizing literal, so the command ends there.
async fn skip(
    input: &mut Input,
    mut announced: Option<LiteralSize>,
    limits: &ReadLimits,
) -> Result<(), ReadError> {
    let mut left = limits.skip;
    while let Some(LiteralSize { size, synchronizing: false }) = announced {
        left = left.checked_sub(size).ok_or(ReadError::Unskippable)?;
        skip_bytes(input, size).await?;
        let (length, end) = match input.line_or_ends(limits.line).await? {
            Line::Whole(line) => (line.len(), line),
            Line::TooLong { tail, .. } => (limits.line, tail),
        };
        left = left.checked_sub(length as u64).ok_or(ReadError::Unskippable)?;
        announced = announced_by(&end);
    }
    Ok(())
}

async fn skip_bytes(input: &mut Input, count: u64) -> Result<(), Gone> {
    let mut left = count;
    while left > 0 {
        left -= input.chunk(usize::try_from(left).unwrap_or(usize::MAX)).await?.len() as u64;
    }
    Ok(())
}

/// Appends the literal's bytes to the command; returns how many.
async fn read_literal(
    input: &mut Input,
    literal: LiteralSize,
    command: &mut Vec<u8>,
) -> Result<usize, Gone> {
    let start = command.len();
    let mut left = literal.size;
    while left > 0 {
        let chunk = input.chunk(usize::try_from(left).unwrap_or(usize::MAX)).await?;
        left -= chunk.len() as u64;
        command.extend_from_slice(&chunk);
    }
    Ok(command.len() - start)
}

/// The tag of a command of which only the start is known.
fn tag_of(start: &[u8]) -> Option<Tag> {
    let mut lexer = Lexer::new(start, false);
    let tag = tag(&mut lexer).ok()?;
    lexer.space().ok()?;
    Some(tag)
}

#[cfg(test)]
mod tests;
