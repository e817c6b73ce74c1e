//! What goes wrong, and how the client is told: the only place where NO and BAD codes are chosen for
//! errors that come from below.

use crate::reply::{Code, Reply};
use crate::wire::reader::ReadError;
use carrier::{Gone, LineError, LoginError, Over};
use storage::{StorageError, What};
use terms::FolderNameError;

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The client is told so and goes on.
    Refused(Reply),
    /// There is no going on.
    End(End),
}

/// How the dialogue ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Not a word more.
    Silently(Over),
    /// The client is sent away with a BYE: a code in brackets, perhaps, and a text.
    WithBye(&'static str),
}

impl End {
    /// The folder that the session has open was deleted.
    pub(crate) const FOLDER_GONE: End = End::WithBye("The folder that was open has been deleted");
    /// The client sends more than is worth skipping.
    const TOO_MUCH_DATA: End = End::WithBye("[TOOBIG] Too much data");
    /// Too many bad commands.
    pub(crate) const NO_SENSE: End =
        End::WithBye("[CLIENTBUG] Too many commands that make no sense");
    /// Too many wrong passwords.
    pub(crate) const TOO_MANY_FAILURES: End = End::WithBye("[UNAVAILABLE] Too many failed logins");
}

impl From<Over> for End {
    fn from(over: Over) -> Self {
        End::Silently(over)
    }
}

impl From<Gone> for End {
    fn from(gone: Gone) -> Self {
        End::Silently(gone.into())
    }
}

impl Failure {
    /// Whether what was asked for is not there (any more).
    pub(crate) fn is_of_something_gone(&self) -> bool {
        matches!(self, Failure::Refused(reply) if reply.has(&Code::NonExistent))
    }

    /// Whether just the one thing asked for is not there (any more), or is damaged, so that there is
    /// sense in going on with others.
    pub(crate) fn concerns_one_thing(&self) -> bool {
        let codes = [Code::NonExistent, Code::ServerBug];
        matches!(self, Failure::Refused(reply) if codes.iter().any(|code| reply.has(code)))
    }
}

impl From<Reply> for Failure {
    fn from(reply: Reply) -> Self {
        Failure::Refused(reply)
    }
}

impl From<End> for Failure {
    fn from(end: End) -> Self {
        Failure::End(end)
    }
}

impl From<Over> for Failure {
    fn from(over: Over) -> Self {
        Failure::End(over.into())
    }
}

impl From<Gone> for Failure {
    fn from(gone: Gone) -> Self {
        Failure::End(gone.into())
    }
}

impl From<LineError> for Failure {
    fn from(error: LineError) -> Self {
        match error {
            LineError::TooLong => Reply::bad("Line too long").with(Code::Limit).into(),
            LineError::Gone(gone) => gone.into(),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let text = error.to_string();
        match error {
            ReadError::Gone(gone) => gone.into(),
            ReadError::Unskippable => End::TOO_MUCH_DATA.into(),
            ReadError::Bad { .. } => Reply::bad(text).into(),
            ReadError::TooLong { .. } => Reply::bad(text).with(Code::Limit).into(),
            ReadError::TooBig { .. } => Reply::no(text).with(Code::Limit).into(),
        }
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        let reply = match &error {
            // The login was overtaken. The connection says why; nothing of the mail may be said.
            StorageError::Void => return Over::Void.into(),
            StorageError::NotFound(What::Folder) => {
                Reply::no("There is no such folder").with(Code::NonExistent)
            }
            StorageError::NotFound(_) => {
                Reply::no("Someone else has removed it").with(Code::NonExistent)
            }
            StorageError::Exists(_) => Reply::no("It exists already").with(Code::AlreadyExists),
            StorageError::OverQuota => Reply::no("Not enough storage left").with(Code::OverQuota),
            StorageError::Limit(what) => {
                Reply::no(format!("Too many or too large: {what}")).with(Code::Limit)
            }
            StorageError::Refused(what) => {
                Reply::no(format!("Not possible: {what}")).with(Code::Cannot)
            }
            StorageError::Full => {
                Reply::no("The server has no space left, try again later").with(Code::Unavailable)
            }
            StorageError::Unavailable(_) => {
                Reply::no("Storage is unavailable, try again later").with(Code::Unavailable)
            }
            StorageError::Corrupt(_) => {
                Reply::no("What is stored is damaged").with(Code::ServerBug)
            }
        };
        match error {
            StorageError::Unavailable(_) | StorageError::Full => {
                tracing::warn!(%error, "storage cannot serve a command");
            }
            StorageError::Corrupt(_) => tracing::error!(%error, "stored data is damaged"),
            _ => {}
        }
        Failure::Refused(reply)
    }
}

/// The failure of a command that puts messages into a folder, which the client may have to make first
/// (RFC 3501 §7.1, TRYCREATE).
pub(crate) fn for_target(error: StorageError) -> Failure {
    match error {
        StorageError::NotFound(What::Folder) => {
            Reply::no("There is no such folder").with(Code::TryCreate).into()
        }
        error => error.into(),
    }
}

impl From<FolderNameError> for Failure {
    fn from(error: FolderNameError) -> Self {
        let text = match error {
            FolderNameError::Empty => "A level of the folder's name is empty",
            FolderNameError::Control => "The folder's name holds a control character",
            FolderNameError::TooLong => "The folder's name is too long or too deep",
        };
        Reply::no(text).with(Code::Cannot).into()
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        let reply = match error {
            LoginError::Invalid => {
                Reply::no("Authentication failed").with(Code::AuthenticationFailed)
            }
            LoginError::NotAllowed => {
                Reply::no("This account may not use IMAP").with(Code::ContactAdmin)
            }
            LoginError::Throttled => {
                Reply::no("Too many failed logins, try again later").with(Code::Unavailable)
            }
            LoginError::TooManySessions => {
                Reply::no("Too many sessions at a time").with(Code::Limit)
            }
            LoginError::NeedsTls => {
                Reply::no("Not without TLS, use STARTTLS first").with(Code::PrivacyRequired)
            }
            LoginError::Unavailable => {
                Reply::no("Login is unavailable, try again later").with(Code::Unavailable)
            }
        };
        reply.into()
    }
}
