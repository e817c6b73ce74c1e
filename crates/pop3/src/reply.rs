//! What we say when nothing has failed, and when we end the session.

use terms::EndReason;

/// The greeting. No `<…@…>` in it: that would announce APOP (RFC 1939 §7).
pub(crate) fn greeting(hostname: &str) -> String {
    format!("+OK {hostname} POP3 ready\r\n")
}

/// `+OK` with a text.
pub(crate) fn ok(text: &str) -> String {
    format!("+OK {text}\r\n")
}

/// The end of a reply of several lines.
pub(crate) const END: &[u8] = b".\r\n";

/// A server challenge without data (RFC 5034 §4).
pub(crate) const EMPTY_CHALLENGE: &[u8] = b"+ \r\n";

/// What the connection says, at a seam, when it ends the session: what happened, and by its code
/// (RFC 3206) whether to try again (`SYS/TEMP`), to ask for a password (`AUTH`), or neither.
pub fn farewell(reason: EndReason) -> &'static [u8] {
    match reason {
        EndReason::LoggedOut => b"-ERR [SYS/TEMP] logged out by an administrator\r\n",
        EndReason::PasswordChanged => b"-ERR [AUTH] the password was changed\r\n",
        EndReason::ServiceOff => b"-ERR [SYS/PERM] POP3 was switched off for this account\r\n",
        EndReason::Deleted => b"-ERR [AUTH] the account was deleted\r\n",
        EndReason::Renamed => b"-ERR [AUTH] the account was renamed\r\n",
        EndReason::DomainDisabled => b"-ERR [SYS/PERM] the domain was disabled\r\n",
        EndReason::CredentialRevoked => b"-ERR [AUTH] the credential was revoked\r\n",
        EndReason::Shutdown => b"-ERR [SYS/TEMP] the server is stopping\r\n",
        EndReason::Inactive => b"-ERR [SYS/TEMP] disconnected for inactivity\r\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn farewells_are_single_lines_with_a_known_code() {
        let reasons = [
            (EndReason::LoggedOut, "SYS/TEMP"),
            (EndReason::PasswordChanged, "AUTH"),
            (EndReason::ServiceOff, "SYS/PERM"),
            (EndReason::Deleted, "AUTH"),
            (EndReason::Renamed, "AUTH"),
            (EndReason::DomainDisabled, "SYS/PERM"),
            (EndReason::CredentialRevoked, "AUTH"),
            (EndReason::Shutdown, "SYS/TEMP"),
            (EndReason::Inactive, "SYS/TEMP"),
        ];
        for (reason, code) in reasons {
            let text = std::str::from_utf8(farewell(reason)).unwrap();
            assert!(text.starts_with(&format!("-ERR [{code}] ")), "{text}");
            assert_eq!(text.find("\r\n"), Some(text.len() - 2), "{text}");
        }
    }
}
