//! What a client is told when we end its session.

use terms::EndReason;

/// The line that the connection says at a seam when it ends a session: `* BYE` with the code of
/// RFC 5530 that tells the client's program what to do, and a sentence for a person.
///
/// Nothing a caller of the API wrote stands in it.
pub fn farewell(reason: EndReason) -> &'static [u8] {
    match reason {
        EndReason::LoggedOut => {
            b"* BYE [UNAVAILABLE] Your sessions were ended by an administrator, log in again\r\n"
        }
        EndReason::PasswordChanged => {
            b"* BYE [AUTHENTICATIONFAILED] Your password was changed, log in with the new one\r\n"
        }
        EndReason::ServiceOff => {
            b"* BYE [CONTACTADMIN] This account may not use IMAP any longer\r\n"
        }
        EndReason::Deleted => b"* BYE [AUTHENTICATIONFAILED] This account was deleted\r\n",
        EndReason::Renamed => {
            b"* BYE [AUTHENTICATIONFAILED] This account was renamed, log in with its new name\r\n"
        }
        EndReason::DomainDisabled => b"* BYE [CONTACTADMIN] This account's domain is disabled\r\n",
        EndReason::CredentialRevoked => {
            b"* BYE [EXPIRED] The password or token of this session is no longer valid\r\n"
        }
        EndReason::Shutdown => b"* BYE [UNAVAILABLE] The server is shutting down\r\n",
        EndReason::Inactive => b"* BYE Nothing was heard from you for too long\r\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_one_line() {
        let reasons = [
            EndReason::LoggedOut,
            EndReason::PasswordChanged,
            EndReason::ServiceOff,
            EndReason::Deleted,
            EndReason::Renamed,
            EndReason::DomainDisabled,
            EndReason::CredentialRevoked,
            EndReason::Shutdown,
            EndReason::Inactive,
        ];
        for reason in reasons {
            let line = farewell(reason);
            assert!(line.starts_with(b"* BYE ") && line.ends_with(b"\r\n"), "{reason:?}");
            assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1, "{reason:?}");
        }
    }
}
