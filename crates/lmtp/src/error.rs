//! What fails, and the one place where it becomes a reply code (RFC 5321 §4.2, RFC 3463).
//!
//! At a 4xx code the peer keeps the mail and tries again; at a 5xx code it tells the sender that the
//! message was not delivered. Three choices:
//! - **Over quota** is permanent, 552 5.2.2: the sender is told at once, instead of after days of tries.
//! - **Disabled** (service, domain) is permanent; **suspended** is temporary, since an administrator
//!   takes mail away for a while with it, and what comes meanwhile shall not be lost.
//! - **A full disk**, or storage that cannot serve, is always temporary.

use carrier::Gone;
use storage::StorageError;

/// The dialogue is over: the client has left, is gone, or was sent away. All has been said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended;

impl From<Gone> for Ended {
    fn from(Gone: Gone) -> Self {
        Ended
    }
}

/// Why a command, or the delivery to one recipient, was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownCommand,
    NotOffered,
    /// EHLO or HELO (RFC 2033 §4.1).
    NotSmtp,
    /// Carries the text to say.
    Syntax(&'static str),
    LineTooLong,
    TooManyBadCommands,
    UnknownParameter,
    MalformedSender,
    MalformedRecipient,
    LhloFirst,
    MailFirst,
    MailTwice,
    NoRecipients,

    TooManyRecipients,
    UnknownRecipient,
    RecipientDisabled,
    RecipientSuspended,
    /// An account whose mail is to be passed on.
    NotStoredHere,
    OverQuota,
    MessageTooLarge,
    DiskFull,
    StorageUnavailable,
}

impl Refusal {
    /// The whole line.
    pub(crate) fn line(&self) -> String {
        format!("{} {}\r\n", self.code(), self.text())
    }

    /// Whether only a broken or hostile client comes to this: a proper one, too, passes on odd
    /// addresses and asks for accounts that do not exist.
    pub(crate) fn is_bad_command(&self) -> bool {
        matches!(
            self,
            Refusal::UnknownCommand
                | Refusal::NotOffered
                | Refusal::NotSmtp
                | Refusal::Syntax(_)
                | Refusal::LineTooLong
                | Refusal::LhloFirst
                | Refusal::MailFirst
                | Refusal::MailTwice
        )
    }

    /// Reply code and enhanced status code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Refusal::UnknownCommand | Refusal::NotSmtp => "500 5.5.1",
            Refusal::LineTooLong => "500 5.5.2",
            Refusal::Syntax(_) => "501 5.5.4",
            Refusal::MalformedSender => "501 5.1.7",
            Refusal::MalformedRecipient => "501 5.1.3",
            Refusal::NotOffered => "502 5.5.1",
            Refusal::LhloFirst | Refusal::MailFirst | Refusal::MailTwice => "503 5.5.1",
            Refusal::NoRecipients => "503 5.5.1",
            Refusal::UnknownParameter => "555 5.5.4",
            Refusal::TooManyBadCommands => "421 4.7.0",

            Refusal::RecipientSuspended => "450 4.2.1",
            Refusal::StorageUnavailable => "451 4.3.0",
            Refusal::DiskFull => "452 4.3.1",
            Refusal::TooManyRecipients => "452 4.5.3",
            Refusal::UnknownRecipient => "550 5.1.1",
            Refusal::RecipientDisabled => "550 5.2.1",
            Refusal::NotStoredHere => "550 5.3.3",
            Refusal::OverQuota => "552 5.2.2",
            Refusal::MessageTooLarge => "552 5.3.4",
        }
    }

    /// What is told to people.
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Refusal::UnknownCommand => "unknown command",
            Refusal::NotOffered => "command not offered",
            Refusal::NotSmtp => "this is LMTP, use LHLO",
            Refusal::Syntax(text) => text,
            Refusal::LineTooLong => "line too long",
            Refusal::TooManyBadCommands => "too many bad commands, closing",
            Refusal::UnknownParameter => "parameter not offered",
            Refusal::MalformedSender => "malformed sender address",
            Refusal::MalformedRecipient => "malformed recipient address",
            Refusal::LhloFirst => "LHLO first",
            Refusal::MailFirst => "MAIL first",
            Refusal::MailTwice => "sender already given",
            Refusal::NoRecipients => "no valid recipients",
            Refusal::TooManyRecipients => "too many recipients",
            Refusal::UnknownRecipient => "no such account here",
            Refusal::RecipientDisabled => "the account does not receive mail",
            Refusal::RecipientSuspended => "the account does not receive mail at the moment",
            Refusal::NotStoredHere => "mail to this account is not kept here",
            Refusal::OverQuota => "the account is over its quota",
            Refusal::MessageTooLarge => "message too large",
            Refusal::DiskFull => "no space left at the moment",
            Refusal::StorageUnavailable => "storage is unavailable at the moment",
        }
    }
}

/// What a storage error means for a recipient; the cause goes to the log, for the operator.
pub(crate) fn refusal(error: &StorageError) -> Refusal {
    match error {
        StorageError::OverQuota => Refusal::OverQuota,
        StorageError::NotFound(storage::What::Address) => Refusal::UnknownRecipient,
        StorageError::Full => {
            tracing::error!(%error, "LMTP delivery put off");
            Refusal::DiskFull
        }
        StorageError::NotFound(_)
        | StorageError::Void
        | StorageError::Exists(_)
        | StorageError::Limit(_)
        | StorageError::Refused(_)
        | StorageError::Unavailable(_)
        | StorageError::Corrupt(_) => {
            tracing::error!(%error, "LMTP delivery put off");
            Refusal::StorageUnavailable
        }
    }
}
