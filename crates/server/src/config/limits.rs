//! Every limit: its default, its unit, and what happens when it is reached.

use super::section::section;
use super::setting::Size;
use std::time::Duration;
use terms::Network;

section! {
    /// Every limit has a default, a unit, and a stated reaction.
    "limits" Limits {
        /// Live sessions of one account, over all protocols and addresses. Further logins are
        /// refused: IMAP NO [LIMIT], POP3 -ERR [SYS/TEMP].
        sessions_per_account: u32 = 100,
        /// Live sessions of one account from one address. Further logins from there are refused
        /// the same way.
        sessions_per_account_and_address: u32 = 50,
        /// One message, as delivered or appended. Larger ones are refused and nothing of them is
        /// kept: IMAP NO [TOOBIG], LMTP 552.
        message_size: Size = Size::mib(50),
        /// Networks exempt from throttling and from limits per address: webmail, proxies, test
        /// drivers. X-Forwarded-For is believed from here only.
        trusted_networks: Vec<Network> = Vec::new(),

        /// IMAP and POP3 connections at once. Further ones are closed at once.
        connections: u32 = 20_000,
        /// Those of them from one address (IPv6: from one /64) that are not logged in. Further ones
        /// are closed at once.
        connections_per_address: u32 = 100,

        /// From connection to login, TLS included. Then the connection is closed.
        login_timeout: Duration = Duration::from_secs(60),
        /// Silence on a logged-in IMAP connection. Then its session is ended with BYE. At least 30m
        /// (RFC 9051 §5.4). A client in IDLE hears from us every two minutes, and is not ended.
        imap_idle_timeout: Duration = Duration::from_secs(30 * 60),
        /// Silence of a logged-in POP3 client. Then its session is ended without removing
        /// anything. At least 10m (RFC 1939 §3).
        pop3_idle_timeout: Duration = Duration::from_secs(10 * 60),
        /// Silence of an LMTP client. Then its connection is closed; what it was not told is
        /// delivered, is not.
        lmtp_idle_timeout: Duration = Duration::from_secs(5 * 60),
        /// How long a client may take nothing of what is being sent to it. Then its connection is
        /// reset.
        send_timeout: Duration = Duration::from_secs(5 * 60),
        /// How long a request of the API may take, ending sessions included. Then logout_user (or
        /// whatever was asked) answers with a failure that says so; calling again is safe.
        logout_timeout: Duration = Duration::from_secs(5),

        /// LMTP connections at once. Further ones are closed at once.
        lmtp_connections: u32 = 1000,
        /// Those of them from one address (IPv6: from one /64). Further ones are closed at once. Local
        /// sockets have no address.
        lmtp_connections_per_address: u32 = 500,
        /// Recipients of one LMTP transaction. Further ones get 452: the sender sends them in
        /// another one (RFC 5321 §4.5.3.1.10).
        lmtp_recipients: u32 = 1000,

        /// HTTP connections of the API at once. Further ones are closed at once. (The metrics have
        /// 100 of their own.)
        http_connections: u32 = 2000,
        /// Those of them from one address (IPv6: from one /64). Further ones are closed at once.
        http_connections_per_address: u32 = 500,
        /// All header lines of an HTTP request; at least 8KiB. Larger: 431.
        http_header_size: Size = Size::kib(16),
        /// The body of an HTTP request. Larger: 413.
        http_body_size: Size = Size::mib(4),
        /// From the beginning of an HTTP connection, or the end of an answer, to the end of the next
        /// request's header. Then the connection is closed.
        http_header_timeout: Duration = Duration::from_secs(30),
        /// From the header of an HTTP request to the end of its body. Then 408.
        http_body_timeout: Duration = Duration::from_secs(30),
    }
}
