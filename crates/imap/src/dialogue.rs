//! One connection's dialogue: greeting, commands one after the other, goodbye.
//!
//! An idle client costs little: while nothing comes, the dialogue is suspended in a small future;
//! reading and carrying out a command happen in a boxed one that is gone when it is done.
//!
//! A folder that is deleted while sessions have it open ends those sessions with BYE (RFC 2180 §3.3):
//! their clients reconnect and find out. Only the session that deleted it goes on, with no folder open.

use crate::capability;
use crate::command::{self, After, IfGone, Row, When};
use crate::context::{Context, Limits};
use crate::error::{Failure, Over};
use crate::reply::{Code, Reply, Status};
use crate::selected::{Presence, Selected};
use crate::view::Numbers;
use crate::wire::reader::{ReadError, ReadLimits, read_request, skip_append};
use crate::wire::request::{Request, Tag};
use carrier::{Host, Input, Output};
use std::sync::Arc;
use storage::{Login, Storage};

/// Leads the dialogue until the client has left, is gone, or has to go.
///
/// Both pipes are dropped on return; what was said is still to be sent. A session is ended by dropping
/// this future, at any point.
pub async fn serve<H: Host>(input: Input, output: Output, host: H, context: Arc<Context>) {
    let talk = Talk { input, output, host, context };
    let state = State::NotAuthenticated;
    let mut dialogue = Dialogue { talk, state, bad_commands: 0, failed_logins: 0 };
    dialogue.greet();
    while dialogue.turn().await.is_ok() {}
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

/// Where the dialogue stands (RFC 3501 §3). The fourth state, logout, is its end.
///
/// ```text
/// NotAuthenticated ──LOGIN, AUTHENTICATE──► Authenticated ──SELECT, EXAMINE──► Selected
///                                                 ▲                               │
///                                                 └──CLOSE, UNSELECT, SELECT failed, DELETE of it
/// ```
#[derive(Debug)]
pub(crate) enum State {
    /// Nobody is logged in.
    NotAuthenticated,
    /// Logged in, no folder open.
    Authenticated(Login),
    /// Logged in, a folder open.
    Selected(Box<Selected>),
}

impl State {
    /// Whether a command with this condition may run now.
    fn admits(&self, when: When) -> bool {
        match when {
            When::Anytime => true,
            When::BeforeLogin => matches!(self, State::NotAuthenticated),
            When::LoggedIn => !matches!(self, State::NotAuthenticated),
            When::FolderOpen => matches!(self, State::Selected(_)),
        }
    }

    /// The login.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn login(&self) -> Result<&Login, Reply> {
        match self {
            State::NotAuthenticated => Err(out_of_place(When::LoggedIn)),
            State::Authenticated(login) => Ok(login),
            State::Selected(selected) => Ok(&selected.login),
        }
    }

    /// The open folder.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn selected(&mut self) -> Result<&mut Selected, Reply> {
        match self {
            State::Selected(selected) => Ok(selected),
            State::NotAuthenticated | State::Authenticated(_) => {
                Err(out_of_place(When::FolderOpen))
            }
        }
    }

    /// Closes the folder, if one is open.
    pub(crate) fn close_folder(&mut self) -> WasOpen {
        let State::Selected(selected) = self else { return WasOpen::No };
        *self = State::Authenticated(selected.login.clone());
        WasOpen::Yes
    }
}

/// Whether a folder was open before it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WasOpen {
    Yes,
    No,
}

fn out_of_place(when: When) -> Reply {
    let text = match when {
        When::Anytime => "Not now",
        When::BeforeLogin => "You are logged in already",
        When::LoggedIn => "Log in first",
        When::FolderOpen => "Select a folder first",
    };
    Reply::bad(text).with(Code::ClientBug)
}

/// Tells the client that the folder it has open was deleted, and that this is the end.
pub(crate) fn folder_gone(output: &mut Output) -> Over {
    output.say(b"* BYE The folder that was open has been deleted\r\n");
    Over
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
    async fn turn(&mut self) -> Result<(), Over> {
        // Who does not read what was said before is not asked for more.
        self.talk.output.room().await?;
        self.talk.input.ready().await?;
        Box::pin(self.exchange()).await
    }

    async fn exchange(&mut self) -> Result<(), Over> {
        let limits = self.read_limits();
        let (tag, request) =
            match read_request(&mut self.talk.input, &mut self.talk.output, &limits).await {
                Ok(command) => command,
                Err(error) => return self.unreadable(error),
            };
        let row = command::row(&request);
        if !self.state.admits(row.when) {
            if let Request::Append { literal, .. } = request
                && let Err(error) = skip_append(&mut self.talk.input, literal, &limits).await
            {
                return self.unreadable(error);
            }
            return self.reject(Some(&tag), out_of_place(row.when));
        }
        tracing::trace!(command = row.name, "begins");
        let reply = match self.carry_out(&tag, request).await {
            Ok(reply) | Err(Failure::Refused(reply)) => reply,
            Err(Failure::Over(over)) => return Err(over),
        };
        let reply = self.tell(&row, reply).await?;
        if reply.status == Status::Bad {
            return self.reject(Some(&tag), reply);
        }
        self.bad_commands = 0;
        reply.say(&tag, &mut self.talk.output);
        self.after(&row, &reply).await
    }

    async fn carry_out(&mut self, tag: &Tag, request: Request) -> Result<Reply, Failure> {
        command::carry_out(tag, request, &mut self.talk, &mut self.state).await
    }

    fn read_limits(&self) -> ReadLimits {
        let limits = self.talk.limits();
        match self.state {
            State::NotAuthenticated => limits.before_login,
            State::Authenticated(_) | State::Selected(_) => limits.after_login,
        }
    }

    /// Before the tagged reply: what happened to the open folder, as far as the table allows.
    async fn tell(&mut self, row: &Row, reply: Reply) -> Result<Reply, Over> {
        let (After::Tell { numbers, look, if_gone }, State::Selected(selected)) =
            (row.after, &mut self.state)
        else {
            return Ok(reply);
        };
        if look == crate::selected::Look::Now {
            selected.look_next_time();
        }
        let Talk { output, context, .. } = &mut self.talk;
        match selected.sync(&context.storage, output, numbers, row.numbering).await {
            // What could not be looked at now is told with the next command.
            Ok(Presence::There) | Err(Failure::Refused(_)) => {}
            Err(Failure::Over(over)) => return Err(over),
            Ok(Presence::Gone) if if_gone == IfGone::Close => {
                self.state.close_folder();
                self.talk.host.folder_opened(None);
                self.talk.output.say(command::CLOSED);
                return Ok(reply);
            }
            Ok(Presence::Gone) => return Err(folder_gone(&mut self.talk.output)),
        }
        Ok(if numbers == Numbers::Stay && selected.view.has_untold_expunges() {
            reply.or_with(Code::ExpungeIssued)
        } else {
            reply
        })
    }

    /// After the tagged reply: what the table says comes then.
    async fn after(&mut self, row: &Row, reply: &Reply) -> Result<(), Over> {
        match row.after {
            After::Nothing | After::Tell { .. } => {}
            After::Leave => return Err(Over),
            After::LoggedIn if reply.status == Status::No => {
                self.failed_logins += 1;
                if self.failed_logins >= self.talk.limits().failed_logins {
                    self.talk.output.say(b"* BYE [UNAVAILABLE] Too many failed logins\r\n");
                    return Err(Over);
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
    fn unreadable(&mut self, error: ReadError) -> Result<(), Over> {
        let text = error.to_string();
        match error {
            ReadError::Gone(_) => Err(Over),
            ReadError::Unskippable => {
                self.talk.output.say(b"* BYE [TOOBIG] Too much data\r\n");
                Err(Over)
            }
            ReadError::Bad { tag, .. } => self.reject(tag.as_ref(), Reply::bad(text)),
            ReadError::TooLong { tag } => {
                self.reject(tag.as_ref(), Reply::bad(text).with(Code::Limit))
            }
            ReadError::TooBig { tag } => {
                self.reject(tag.as_ref(), Reply::no(text).with(Code::Limit))
            }
        }
    }

    /// Refuses what no proper client sends, and sends away a client that does so again and again.
    fn reject(&mut self, tag: Option<&Tag>, reply: Reply) -> Result<(), Over> {
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
        if self.bad_commands < allowed {
            return Ok(());
        }
        self.talk.output.say(b"* BYE [CLIENTBUG] Too many commands that make no sense\r\n");
        Err(Over)
    }
}
