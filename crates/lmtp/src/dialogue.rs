//! One connection's dialogue: greeting to goodbye (RFC 2033 §4).
//!
//! Dropping it delivers nothing that was not handed to storage before; what was, is delivered whole,
//! whether or not the client hears of it.

use crate::error::{Ended, Refusal};
use crate::recipient;
use crate::reply;
use crate::transaction::{Trace, Transaction};
use crate::wire::{self, ClientName, Command, Mail, Path};
use carrier::{Gone, Input, LineError, Output};
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::Storage;
use terms::UnixTime;

/// What all dialogues share.
pub struct Context {
    storage: Storage,
    hostname: String,
    limits: Limits,
    /// Transactions so far, for their ids.
    transactions: AtomicU64,
    /// Counts how each recipient was answered.
    count: Box<dyn Fn(Answered) + Send + Sync>,
}

/// How one recipient of a message was answered after its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// 250: it is in the account, on disk.
    Stored,
    /// 4xx: not now, the sender tries again.
    Deferred,
    /// 5xx: never.
    Refused,
}

impl Answered {
    /// By the first digit of the reply.
    fn with(reply: &str) -> Self {
        match reply.as_bytes().first() {
            Some(b'2') => Answered::Stored,
            Some(b'4') => Answered::Deferred,
            _ => Answered::Refused,
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("hostname", &self.hostname).finish_non_exhaustive()
    }
}

/// What is allowed to a client, and what happens beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a message as it is sent. Beyond: read to its end, not stored, answered with 552.
    pub message_size: u64,
    /// Recipients of a message, at least 100 (RFC 5321 §4.5.3.1.8). Beyond: answered with 452.
    pub recipients: usize,
    /// Bad commands in a row; with the last of them the connection closes.
    pub bad_commands: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_size: 50 * 1024 * 1024, recipients: 1_000, bad_commands: 20 }
    }
}

impl Context {
    /// `hostname` is our name in the greeting and in the header field that every message gets;
    /// `count` is told how each recipient of a message was answered.
    pub fn new(
        storage: Storage,
        hostname: String,
        limits: Limits,
        count: impl Fn(Answered) + Send + Sync + 'static,
    ) -> Self {
        Self { storage, hostname, limits, transactions: AtomicU64::new(0), count: Box::new(count) }
    }

    /// A name for a transaction, unique on this node as far as its clock goes forward.
    fn next_id(&self, at: UnixTime) -> String {
        format!("{:x}-{:x}", at.0, self.transactions.fetch_add(1, Ordering::Relaxed))
    }
}

/// Leads the dialogue until the client has left, is gone, or has to go. `now` tells the time.
pub async fn serve(
    input: Input,
    output: Output,
    now: impl Fn() -> UnixTime + Send,
    context: Arc<Context>,
) {
    let mut talk = Talk { input, output, now, bad_commands: 0, client: None, transaction: None };
    // Every end means the same to the connection: there is no more to say.
    let Err(Ended) = talk.run(&context).await;
}

/// The client, and how far we are with it.
struct Talk<N> {
    input: Input,
    output: Output,
    now: N,
    /// In a row.
    bad_commands: u32,
    /// Known since LHLO.
    client: Option<ClientName>,
    /// Open since MAIL.
    transaction: Option<Transaction>,
}

impl<N: Fn() -> UnixTime + Send> Talk<N> {
    /// Until the end.
    async fn run(&mut self, context: &Context) -> Result<Infallible, Ended> {
        self.say(&reply::greeting(&context.hostname));
        loop {
            let answered = match self.command().await? {
                Ok(command) => self.answer(context, command).await?,
                Err(refusal) => Err(refusal),
            };
            if let Err(refusal) = answered {
                self.refuse(context, refusal).await?;
            }
        }
    }

    /// The next command, once the client has taken most of what was said before.
    async fn command(&mut self) -> Result<Result<Command, Refusal>, Ended> {
        self.output.room().await?;
        match self.input.line(wire::LINE_LENGTH).await {
            Ok(line) => Ok(wire::parse(&line)),
            Err(LineError::TooLong) => Ok(Err(Refusal::LineTooLong)),
            Err(LineError::Gone(Gone)) => Err(Ended),
        }
    }

    async fn answer(
        &mut self,
        context: &Context,
        command: Command,
    ) -> Result<Result<(), Refusal>, Ended> {
        match command {
            Command::Lhlo(client) => {
                self.client = Some(client);
                self.transaction = None;
                self.say(&reply::hello(&context.hostname, context.limits.message_size));
            }
            Command::Mail(mail) => return Ok(self.mail(context, mail)),
            Command::Rcpt(path) => return Ok(self.rcpt(context, path).await),
            Command::Data => return self.data(context).await,
            Command::Rset => {
                self.transaction = None;
                self.say(reply::OK);
            }
            Command::Noop => self.say(reply::OK),
            Command::Vrfy => self.say(reply::TRY_IT),
            Command::Help => self.say(reply::HELP),
            Command::Quit => {
                self.say(reply::GOODBYE);
                self.output.flushed().await?;
                return Err(Ended);
            }
        }
        Ok(Ok(()))
    }

    fn mail(&mut self, context: &Context, mail: Mail) -> Result<(), Refusal> {
        if self.client.is_none() {
            return Err(Refusal::LhloFirst);
        }
        if self.transaction.is_some() {
            return Err(Refusal::MailTwice);
        }
        if mail.size.is_some_and(|size| size > context.limits.message_size) {
            return Err(Refusal::MessageTooLarge);
        }
        self.transaction = Some(Transaction::new(mail));
        self.say(reply::SENDER_OK);
        Ok(())
    }

    async fn rcpt(&mut self, context: &Context, path: Path) -> Result<(), Refusal> {
        let transaction = self.transaction.as_mut().ok_or(Refusal::MailFirst)?;
        if transaction.recipients().len() >= context.limits.recipients {
            return Err(Refusal::TooManyRecipients);
        }
        transaction.add(recipient::resolve(&context.storage, path).await?);
        self.say(reply::RECIPIENT_OK);
        Ok(())
    }

    /// DATA, the message, and the answers. The transaction is over then, however that went.
    async fn data(&mut self, context: &Context) -> Result<Result<(), Refusal>, Ended> {
        let (Some(client), Some(transaction)) = (&self.client, self.transaction.take()) else {
            return Ok(Err(Refusal::MailFirst));
        };
        if transaction.recipients().is_empty() {
            // RFC 2033 §4.2. RCPT may still follow.
            self.transaction = Some(transaction);
            return Ok(Err(Refusal::NoRecipients));
        }
        let at = (self.now)();
        let id = context.next_id(at);
        let trace = Trace { client, hostname: &context.hostname, id: &id, at };
        self.output.say(reply::SEND_DATA.as_bytes());
        let limit = context.limits.message_size;
        let answers = transaction.deliver(&context.storage, &mut self.input, limit, trace).await?;
        answers.iter().for_each(|answer| (context.count)(Answered::with(answer)));
        self.say(&answers.concat());
        Ok(Ok(()))
    }

    /// Says a whole reply that is not a refusal.
    fn say(&mut self, reply: &str) {
        self.bad_commands = 0;
        self.output.say(reply.as_bytes());
    }

    /// Says why not, and sends away a client that does nothing right.
    async fn refuse(&mut self, context: &Context, refusal: Refusal) -> Result<(), Ended> {
        self.output.say(refusal.line().as_bytes());
        if !refusal.is_bad_command() {
            return Ok(());
        }
        self.bad_commands += 1;
        if self.bad_commands < context.limits.bad_commands {
            return Ok(());
        }
        self.output.say(Refusal::TooManyBadCommands.line().as_bytes());
        self.output.flushed().await?;
        Err(Ended)
    }
}
