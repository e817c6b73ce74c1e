//! One connection's dialogue: greeting, commands one after the other, goodbye.
//!
//! An idle client costs little: while nothing comes, the dialogue is suspended in a small future. What
//! reads a command, carries it out, or looks at the folder is boxed and gone when it is done, so that
//! IDLE, which may go on for days, holds nothing but what it needs.
//!
//! A folder that is deleted while sessions have it open ends those sessions with BYE (RFC 2180 §3.3):
//! their clients reconnect and find out. Only the session that deleted it goes on, with no folder open.

use crate::capability;
use crate::command::{self, After, IfGone, Row};
use crate::context::{Context, Limits};
use crate::error::{End, Failure};
use crate::reply::{Code, Reply, Status};
use crate::selected::{Look, Presence};
use crate::state::{State, out_of_place};
use crate::view::Numbers;
use crate::wire::reader::{ReadError, ReadLimits, read_request, skip_append};
use crate::wire::request::{Request, Tag};
use carrier::{Host, Input, Output, Over};
use std::sync::Arc;
use storage::Storage;

/// Leads the dialogue until the client has left, is gone, or has to go; answers which.
///
/// Both pipes are dropped on return; what was said is still to be sent. A session is ended by dropping
/// this future, at any point.
pub fn serve<H: Host>(
    input: Input,
    output: Output,
    host: H,
    context: Arc<Context>,
) -> impl Future<Output = Over> + Send {
    let talk = Talk { input, output, host, context };
    let state = State::NotAuthenticated;
    let mut dialogue = Dialogue { talk, state, bad_commands: 0, failed_logins: 0 };
    // Not an `async fn`: that would keep room for its arguments beside the dialogue made of them.
    async move {
        dialogue.greet();
        loop {
            match dialogue.turn().await {
                Ok(()) => {}
                Err(End::Silently(over)) => return over,
                Err(End::WithBye(text)) => {
                    dialogue.talk.output.say(format!("* BYE {text}\r\n").as_bytes());
                    dialogue.talk.output.conclude();
                    return Over::Left;
                }
            }
        }
    }
}

/// What a command may use: the client, the connection, and what all dialogues share.
pub(crate) struct Talk<H> {
    pub(crate) input: Input,
    pub(crate) output: Output,
    pub(crate) host: H,
    pub(crate) context: Arc<Context>,
}

impl<H> Talk<H> {
    /// Everything that is kept.
    pub(crate) fn storage(&self) -> &Storage {
        &self.context.storage
    }

    /// What is allowed.
    pub(crate) fn limits(&self) -> &Limits {
        &self.context.limits
    }
}

struct Dialogue<H> {
    talk: Talk<H>,
    state: State,
    /// In a row.
    bad_commands: u32,
    failed_logins: u32,
}

impl<H: Host> Dialogue<H> {
    fn greet(&mut self) {
        let list = capability::before_login(self.talk.host.security());
        let text = format!("{} Posthouse is ready", self.talk.context.hostname);
        Reply::ok(text).with(Code::Capability(list)).say_untagged(&mut self.talk.output);
    }

    /// One command.
    async fn turn(&mut self) -> Result<(), End> {
        // Who does not read what was said before is not asked for more.
        self.talk.output.room().await?;
        self.talk.input.ready().await?;
        Box::pin(self.exchange()).await
    }

    async fn exchange(&mut self) -> Result<(), End> {
        let (tag, request) = match Box::pin(self.read()).await {
            Ok(command) => command,
            Err(error) => return self.no_command(error),
        };
        let row = command::row(&request);
        if !self.state.admits(row.when) {
            if let Request::Append { literal, .. } = request {
                let limits = self.read_limits();
                let skipped = Box::pin(skip_append(&mut self.talk.input, literal, &limits)).await;
                if let Err(error) = skipped {
                    return self.no_command(error);
                }
            }
            return self.reject(Some(&tag), out_of_place(row.when));
        }
        tracing::trace!(command = row.name, "begins");
        let carried_out = command::carry_out(&tag, request, &mut self.talk, &mut self.state);
        let reply = match carried_out.await {
            Ok(reply) | Err(Failure::Refused(reply)) => reply,
            Err(Failure::End(end)) => return Err(end),
        };
        let reply = Box::pin(self.tell(&row, reply)).await?;
        if reply.status == Status::Bad {
            return self.reject(Some(&tag), reply);
        }
        self.bad_commands = 0;
        reply.say(&tag, &mut self.talk.output);
        self.after(&row, &reply).await
    }

    async fn read(&mut self) -> Result<(Tag, Request), ReadError> {
        let limits = self.read_limits();
        read_request(&mut self.talk.input, &mut self.talk.output, &limits).await
    }

    fn read_limits(&self) -> ReadLimits {
        let limits = self.talk.limits();
        match self.state {
            State::NotAuthenticated => limits.before_login,
            State::Authenticated(_) | State::Selected(_) => limits.after_login,
        }
    }

    /// Before the tagged reply: what happened to the open folder, as far as the table allows.
    async fn tell(&mut self, row: &Row, reply: Reply) -> Result<Reply, End> {
        let (After::Tell { numbers, look, if_gone }, State::Selected(selected)) =
            (row.after, &mut self.state)
        else {
            return Ok(reply);
        };
        if look == Look::Now {
            selected.look_next_time();
        }
        let Talk { output, context, .. } = &mut self.talk;
        match selected.sync(&context.storage, output, numbers, row.numbering).await {
            // What could not be looked at now is told with the next command.
            Ok(Presence::There) | Err(Failure::Refused(_)) => {}
            Err(Failure::End(end)) => return Err(end),
            Ok(Presence::Gone) if if_gone == IfGone::Close => {
                self.state.close_folder();
                self.talk.host.folder_opened(None);
                self.talk.output.say(command::CLOSED);
                return Ok(reply);
            }
            Ok(Presence::Gone) => return Err(End::FOLDER_GONE),
        }
        Ok(if numbers == Numbers::Stay && selected.view.has_untold_expunges() {
            reply.or_with(Code::ExpungeIssued)
        } else {
            reply
        })
    }

    /// After the tagged reply: what the table says comes then.
    async fn after(&mut self, row: &Row, reply: &Reply) -> Result<(), End> {
        match row.after {
            After::Nothing | After::Tell { .. } => {}
            After::Leave => {
                self.talk.output.conclude();
                return Err(Over::Left.into());
            }
            After::LoggedIn if reply.status == Status::No => {
                self.failed_logins += 1;
                if self.failed_logins >= self.talk.limits().failed_logins {
                    return Err(End::TOO_MANY_FAILURES);
                }
            }
            After::LoggedIn => {}
            After::StartTls => {
                self.talk.output.flushed().await?;
                // What was sent before TLS must not count after it: anyone may have put it there
                // (RFC 3501 §6.2.1).
                self.talk.input.discard();
                self.talk.host.start_tls().await?;
            }
        }
        Ok(())
    }

    /// The answer to bytes that are no command.
    fn no_command(&mut self, error: ReadError) -> Result<(), End> {
        let tag = match &error {
            ReadError::Bad { tag, .. } | ReadError::TooLong { tag } | ReadError::TooBig { tag } => {
                tag.clone()
            }
            ReadError::Unskippable | ReadError::Gone(_) => None,
        };
        match Failure::from(error) {
            Failure::Refused(reply) => self.reject(tag.as_ref(), reply),
            Failure::End(end) => Err(end),
        }
    }

    /// Refuses what no proper client sends, and sends away a client that does so again and again.
    fn reject(&mut self, tag: Option<&Tag>, reply: Reply) -> Result<(), End> {
        match tag {
            Some(tag) => reply.say(tag, &mut self.talk.output),
            None => reply.say_untagged(&mut self.talk.output),
        }
        self.bad_commands += 1;
        let limits = self.talk.limits();
        let allowed = match self.state {
            State::NotAuthenticated => limits.bad_commands_before_login,
            State::Authenticated(_) | State::Selected(_) => limits.bad_commands,
        };
        if self.bad_commands < allowed { Ok(()) } else { Err(End::NO_SENSE) }
    }
}
