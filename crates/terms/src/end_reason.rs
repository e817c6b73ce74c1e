//! Why we make a session end.

/// Why we make a session leave. The client is told in its protocol's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// An operator ended the account's sessions; logging in again is welcome.
    LoggedOut,
    /// The password was changed or reset; the old one no longer works.
    PasswordChanged,
    /// The account or its service was suspended or switched off.
    ServiceOff,
    /// The account was deleted.
    Deleted,
    /// The account has a new address, or the alias it was named by is gone.
    Renamed,
    /// The account's domain was disabled or deleted.
    DomainDisabled,
    /// What it was made with is gone: an app password, a token, an administrator's right.
    CredentialRevoked,
    /// The server stops.
    Shutdown,
    /// Nothing was heard from the client for too long.
    Inactive,
}

impl EndReason {
    /// The name in logs and records.
    pub fn name(self) -> &'static str {
        match self {
            EndReason::LoggedOut => "logged_out",
            EndReason::PasswordChanged => "password_changed",
            EndReason::ServiceOff => "service_off",
            EndReason::Deleted => "deleted",
            EndReason::Renamed => "renamed",
            EndReason::DomainDisabled => "domain_disabled",
            EndReason::CredentialRevoked => "credential_revoked",
            EndReason::Shutdown => "shutdown",
            EndReason::Inactive => "inactive",
        }
    }
}
