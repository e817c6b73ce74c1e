//! CAPA (RFC 2449): what is offered as the connection is now.
//!
//! The list is the same before and after login, as RFC 2449 §6 has it for each of these, and
//! differs before and after TLS.

use carrier::Security;

/// The whole reply.
pub(crate) fn reply(security: Security) -> String {
    let mut reply = String::from("+OK capabilities follow\r\n");
    let mut offer = |line: &str| {
        reply.push_str(line);
        reply.push_str("\r\n");
    };
    offer("TOP");
    offer("UIDL");
    offer("RESP-CODES");
    offer("AUTH-RESP-CODE");
    offer("PIPELINING");
    if security.starttls {
        offer("STLS");
    }
    if security.plaintext_login {
        offer("USER");
        offer("SASL PLAIN");
    }
    offer("EXPIRE NEVER");
    offer("IMPLEMENTATION Posthouse");
    offer(".");
    reply
}

/// The answer to AUTH without arguments, which some clients ask instead of CAPA.
pub(crate) fn mechanisms(security: Security) -> &'static str {
    if security.plaintext_login {
        "+OK mechanisms follow\r\nPLAIN\r\n.\r\n"
    } else {
        "+OK mechanisms follow\r\n.\r\n"
    }
}
