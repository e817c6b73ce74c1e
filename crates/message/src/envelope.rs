//! The envelope: the fields of a message header that IMAP shows in one glance (RFC 3501 §7.4.2).

use crate::RawText;
use crate::address_list::Listed;
use crate::date::{self, SentDate};

/// A summary of a message header. Absent fields are `None` or empty; the rule that Sender and
/// Reply-To stand in From's place is left to whoever shows it ([`Envelope::sender_or_from`]).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// Date, as sent.
    pub date: Option<RawText>,
    /// Subject, RFC 2047 words undecoded.
    pub subject: Option<RawText>,
    /// From.
    pub from: Vec<Listed>,
    /// Sender.
    pub sender: Vec<Listed>,
    /// Reply-To.
    pub reply_to: Vec<Listed>,
    /// To.
    pub to: Vec<Listed>,
    /// Cc.
    pub cc: Vec<Listed>,
    /// Bcc.
    pub bcc: Vec<Listed>,
    /// In-Reply-To, as sent.
    pub in_reply_to: Option<RawText>,
    /// Message-ID, angle brackets included.
    pub message_id: Option<RawText>,
}

impl Envelope {
    /// When the message says it was sent; `None` without a Date we can read.
    pub fn sent(&self) -> Option<SentDate> {
        date::parse(self.date.as_ref()?.as_bytes())
    }

    /// Sender, or From if there is none (RFC 3501 §7.4.2).
    pub fn sender_or_from(&self) -> &[Listed] {
        if self.sender.is_empty() { &self.from } else { &self.sender }
    }

    /// Reply-To, or From if there is none (RFC 3501 §7.4.2).
    pub fn reply_to_or_from(&self) -> &[Listed] {
        if self.reply_to.is_empty() { &self.from } else { &self.reply_to }
    }
}
