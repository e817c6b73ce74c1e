//! What we say when nothing has failed.

use terms::UnixTime;

/// The greeting.
pub(crate) fn greeting(hostname: &str) -> String {
    format!("220 {hostname} LMTP ready\r\n")
}

/// The answer to LHLO: what we offer (RFC 2033 §4.1, §5).
pub(crate) fn hello(hostname: &str, message_size: u64) -> String {
    format!(
        "250-{hostname}\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n\
         250 SIZE {message_size}\r\n"
    )
}

pub(crate) const OK: &str = "250 2.0.0 OK\r\n";
pub(crate) const SENDER_OK: &str = "250 2.1.0 sender OK\r\n";
pub(crate) const RECIPIENT_OK: &str = "250 2.1.5 recipient OK\r\n";
pub(crate) const SEND_DATA: &str = "354 send the message, end with <CRLF>.<CRLF>\r\n";
pub(crate) const TRY_IT: &str = "252 2.0.0 try to deliver, then we shall see\r\n";
pub(crate) const HELP: &str = "214 2.0.0 LHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT\r\n";
pub(crate) const GOODBYE: &str = "221 2.0.0 goodbye\r\n";

/// That one recipient has the message.
pub(crate) fn delivered(recipient: &str, id: &str) -> String {
    format!("250 2.0.0 <{recipient}> {id} delivered\r\n")
}

/// A point in time as header fields have it (RFC 5322 §3.3), in UTC.
pub(crate) fn date(at: UnixTime) -> String {
    // A clock beyond the year 9999 is wrong anyway; the epoch shows it plainly.
    let at = jiff::Timestamp::from_second(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(UnixTime(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
        assert_eq!(date(UnixTime(1_795_348_800)), "Sun, 22 Nov 2026 12:00:00 +0000");
        assert_eq!(date(UnixTime(i64::MAX)), "Thu, 01 Jan 1970 00:00:00 +0000");
    }
}
