//! One connection's dialogue: greeting to goodbye, state by state.
//!
//! Invariants:
//! 1. The maildrop's lock lives in this future: dropping it frees the maildrop at once.
//! 2. Nothing is removed before QUIT; then all that is marked, or nothing.
//! 3. A void login ends the dialogue at once and in silence: the connection says farewell.

use crate::error::{Over, Refusal, refusal};
use crate::wire::{self, Command};
use crate::{authorization, reply, transaction, update};
use carrier::{Gone, Host, Input, LineError, Output};
use folders::MaildropLocks;
use futures::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;
use storage::{Storage, StorageError};
use zeroize::Zeroizing;

/// What all dialogues share.
#[derive(Clone, Debug)]
pub struct Context {
    /// Everything that is kept.
    pub storage: Storage,
    /// Who holds which maildrop.
    pub locks: MaildropLocks,
    /// Our name in the greeting.
    pub hostname: String,
    /// What is allowed.
    pub limits: Limits,
}

/// What is allowed to a client, and what happens beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bad commands in a row; with the last of them the connection closes.
    pub bad_commands: u32,
    /// Failed logins; with the last of them the connection closes.
    pub failed_logins: u32,
    /// Messages of a maildrop. Newer ones are left out of the picture until older ones are removed.
    pub messages: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bad_commands: 20, failed_logins: 5, messages: 500_000 }
    }
}

/// Leads the dialogue until the client has left, is gone, or has to go; answers which.
pub async fn serve<H: Host>(input: Input, output: Output, host: H, context: Arc<Context>) -> Over {
    let mut talk = Talk { input, output, host, limits: context.limits, bad_commands: 0 };
    states(&mut talk, &context).await.err().unwrap_or(Over::Left)
}

async fn states<H: Host>(talk: &mut Talk<H>, context: &Context) -> Result<(), Over> {
    talk.output.say(reply::greeting(&context.hostname).as_bytes());
    let Some(maildrop) = authorization::run(talk, context).await? else {
        return talk.goodbye().await;
    };
    let maildrop = transaction::run(talk, &context.storage, maildrop).await?;
    update::run(talk, &context.storage, maildrop).await
}

/// The client, as every state talks with it.
pub(crate) struct Talk<H> {
    pub(crate) input: Input,
    pub(crate) output: Output,
    pub(crate) host: H,
    limits: Limits,
    /// In a row.
    bad_commands: u32,
}

impl<H: Host> Talk<H> {
    /// The next command that can be understood. The others are answered here.
    pub(crate) async fn command(&mut self) -> Result<Command, Over> {
        loop {
            match self.line().await?.and_then(|line| wire::parse(&line)) {
                Ok(command) => return Ok(command),
                Err(refusal) => self.reject(refusal).await?,
            }
        }
    }

    /// Waits for the client to say something, but not for long; answers whether it did.
    pub(crate) async fn comes_back_soon(&mut self) -> Result<bool, Over> {
        let (ready, long) = (pin!(self.input.ready()), pin!(self.host.keepalive()));
        match select(ready, long).await {
            Either::Left((ready, _)) => Ok(ready.map(|()| true)?),
            Either::Right(_) => Ok(false),
        }
    }

    /// The next line, once the client has taken most of what was said before.
    pub(crate) async fn line(&mut self) -> Result<Result<Zeroizing<Vec<u8>>, Refusal>, Over> {
        self.output.room().await?;
        match self.input.line(wire::LINE_LENGTH).await {
            Ok(line) => Ok(Ok(Zeroizing::new(line))),
            Err(LineError::TooLong) => Ok(Err(Refusal::LineTooLong)),
            Err(LineError::Gone(gone)) => Err(gone.into()),
        }
    }

    /// Says `+OK` with a text.
    pub(crate) fn ok(&mut self, text: &str) {
        self.say(reply::ok(text).as_bytes());
    }

    /// Says a whole reply that is not a refusal.
    pub(crate) fn say(&mut self, reply: &[u8]) {
        self.bad_commands = 0;
        self.output.say(reply);
    }

    /// Says why a proper command was not carried out.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.output.say(refusal.line().as_bytes());
    }

    /// The same for an operation of storage that failed.
    ///
    /// # Errors
    /// [`Over::Void`] if the login is.
    pub(crate) fn refuse_for(&mut self, error: &StorageError) -> Result<(), Over> {
        self.refuse(refusal(error)?);
        Ok(())
    }

    /// Refuses what no proper client sends, and sends away a client that does so again and again.
    pub(crate) async fn reject(&mut self, refusal: Refusal) -> Result<(), Over> {
        self.refuse(refusal);
        self.bad_commands += 1;
        if self.bad_commands >= self.limits.bad_commands {
            return Err(self.send_away(Refusal::TooManyBadCommands).await);
        }
        Ok(())
    }

    /// Refuses for the last time: the connection is to be closed behind it.
    pub(crate) async fn send_away(&mut self, refusal: Refusal) -> Over {
        self.refuse(refusal);
        self.output.conclude();
        // Whether it could be said makes no difference any more.
        let _: Result<(), Gone> = self.output.flushed().await;
        Over::Left
    }

    /// Answers QUIT.
    pub(crate) async fn goodbye(&mut self) -> Result<(), Over> {
        self.ok("goodbye");
        self.output.conclude();
        Ok(self.output.flushed().await?)
    }
}
