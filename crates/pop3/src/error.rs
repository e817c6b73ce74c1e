//! What fails, and the one place where it becomes an `-ERR` line.
//!
//! Response codes are those of RFC 2449 §8 (`IN-USE`) and RFC 3206 (`AUTH`, `SYS/TEMP`, `SYS/PERM`).

pub(crate) use carrier::Over;

use carrier::LoginError;
use storage::StorageError;

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownCommand,
    /// Carries the text to say.
    Syntax(&'static str),
    LineTooLong,
    WrongState,
    TooManyBadCommands,

    NeedsTls,
    TlsNotPossible,
    UserFirst,
    UnknownMechanism,
    MalformedResponse,
    Cancelled,
    Login(LoginError),
    TooManyFailedLogins,
    MaildropInUse,

    NoSuchMessage,
    MessageMarked,
    /// Another session expunged it.
    MessageGone,
    /// UPDATE could not be carried out.
    NotRemoved,
    StorageUnavailable,
    StorageDamaged,
}

impl Refusal {
    /// The whole line.
    pub(crate) fn line(&self) -> String {
        format!("-ERR {}\r\n", self.text())
    }

    fn text(&self) -> &'static str {
        match self {
            Refusal::UnknownCommand => "unknown command",
            Refusal::Syntax(text) => text,
            Refusal::LineTooLong => "line too long",
            Refusal::WrongState => "not in this state",
            Refusal::TooManyBadCommands => "too many bad commands, closing",
            // No code: asking for another password, which [AUTH] means, would not help.
            Refusal::NeedsTls => "start TLS before logging in",
            Refusal::TlsNotPossible => "TLS cannot be started",
            Refusal::UserFirst => "USER first",
            Refusal::UnknownMechanism => "unknown authentication mechanism",
            Refusal::MalformedResponse => "malformed authentication response",
            Refusal::Cancelled => "authentication cancelled",
            Refusal::Login(error) => login_text(error),
            Refusal::TooManyFailedLogins => "[AUTH] too many failed logins, closing",
            Refusal::MaildropInUse => "[IN-USE] the maildrop is in use by another POP3 session",
            Refusal::NoSuchMessage => "no such message",
            Refusal::MessageMarked => "message is marked as deleted",
            Refusal::MessageGone => "message was removed by another session",
            Refusal::NotRemoved => "[SYS/TEMP] the removal of messages is not confirmed",
            Refusal::StorageUnavailable => "[SYS/TEMP] storage is unavailable at the moment",
            Refusal::StorageDamaged => "[SYS/PERM] what is stored cannot be read",
        }
    }
}

fn login_text(error: &LoginError) -> &'static str {
    match error {
        LoginError::Invalid => "[AUTH] authentication failed",
        LoginError::NotAllowed => "[SYS/PERM] this account may not use POP3",
        LoginError::Throttled => "[SYS/TEMP] too many failed logins, try again later",
        LoginError::TooManySessions => "[SYS/TEMP] too many sessions, try again later",
        LoginError::NeedsTls => Refusal::NeedsTls.text(),
        LoginError::Unavailable => "[SYS/TEMP] login is unavailable at the moment",
    }
}

/// What a storage error means to this client; the cause goes to the log, for the operator.
///
/// # Errors
/// [`Over::Void`] if the login is.
pub(crate) fn refusal(error: &StorageError) -> Result<Refusal, Over> {
    match error {
        StorageError::Void => Err(Over::Void),
        StorageError::NotFound(storage::What::Entry) => Ok(Refusal::MessageGone),
        StorageError::Unavailable(_) | StorageError::Full => {
            tracing::warn!(%error, "POP3 command not carried out");
            Ok(Refusal::StorageUnavailable)
        }
        StorageError::NotFound(_)
        | StorageError::Exists(_)
        | StorageError::OverQuota
        | StorageError::Limit(_)
        | StorageError::Refused(_)
        | StorageError::Corrupt(_) => {
            tracing::error!(%error, "POP3 command not carried out");
            Ok(Refusal::StorageDamaged)
        }
    }
}
