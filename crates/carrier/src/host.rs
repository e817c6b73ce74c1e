//! What a dialogue may ask of the connection that carries it.

use crate::Gone;
use std::future::Future;
use storage::Login;
use terms::{FolderName, Protocol, Secret, UnixTime};

/// How the connection is protected at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Security {
    /// TLS is on.
    pub tls: bool,
    /// TLS could be switched on now (STARTTLS, STLS).
    pub starttls: bool,
    /// Credentials may be sent as things are.
    pub plaintext_login: bool,
}

/// Credentials as a client presented them.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// For sessions of this protocol.
    pub protocol: Protocol,
    /// The name whose secret is presented (SASL's authentication identity), as the client wrote it.
    pub name: String,
    /// The account to open instead, if another one was named (SASL's authorization identity).
    pub on_behalf_of: Option<String>,
    /// The password or token.
    pub secret: Secret,
}

/// Why a login was refused. What a client is told never shows whether an account exists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// Name or secret is wrong.
    #[error("authentication failed")]
    Invalid,
    /// Right, but this account may not use this protocol: switched off, suspended, domain disabled.
    #[error("the account may not log in here")]
    NotAllowed,
    /// Too many failures from this network or for this account lately.
    #[error("too many failed logins, try again later")]
    Throttled,
    /// The account has as many sessions as it may have.
    #[error("too many sessions")]
    TooManySessions,
    /// Credentials were sent without protection; they were not looked at.
    #[error("not without TLS")]
    NeedsTls,
    /// It cannot be checked at the moment, or was overtaken again and again by acts that make it void.
    #[error("login is unavailable at the moment")]
    Unavailable,
}

/// The connection, as its dialogue sees it.
pub trait Host: Send {
    /// The time.
    fn now(&self) -> UnixTime;

    /// How the connection is protected.
    fn security(&self) -> Security;

    /// Switches TLS on. The dialogue has flushed its output and discarded its input before.
    fn start_tls(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Checks credentials and registers the session; only then may the dialogue say yes.
    /// Takes its time after failures. At most one success per connection.
    fn log_in(
        &mut self,
        attempt: Attempt,
    ) -> impl Future<Output = Result<Login, LoginError>> + Send;

    /// Notes what the client said of itself (IMAP ID), for operators' eyes.
    fn client_named(&mut self, name: &str);

    /// Notes which folder the session has open, for operators' eyes.
    fn folder_opened(&mut self, folder: Option<&FolderName>);

    /// Waits until something should be said to an idle client, a couple of minutes at a time, lest a
    /// firewall forgets the connection.
    fn keepalive(&mut self) -> impl Future<Output = ()> + Send;
}
