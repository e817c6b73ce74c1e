//! AUTHENTICATE PLAIN: name, password and possibly another account to open (RFC 3501 §6.2.2, RFC 4616,
//! with the initial response of RFC 4959). No other mechanism is offered.

use super::{Outcome, login};
use crate::dialogue::Talk;
use crate::error::Failure;
use crate::reply::{Code, Reply};
use crate::state::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carrier::{Host, LoginError};
use terms::Secret;
use zeroize::Zeroizing;

/// Longer responses hold no credentials of ours.
const MAX_RESPONSE: usize = 4096;

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &mut State,
    mechanism: String,
    initial: Option<Secret>,
) -> Outcome {
    if mechanism != "PLAIN" {
        return Err(Reply::no("Only PLAIN is offered").with(Code::Cannot).into());
    }
    login::may_send_password(talk)?;
    let response = match &initial {
        Some(initial) if initial.reveal() == "=" => Zeroizing::new(Vec::new()),
        Some(initial) => decode(initial.reveal().as_bytes())?,
        None => ask(talk).await?,
    };
    let plain = Plain::parse(&response)?;
    login::log_in(talk, state, plain.name, plain.on_behalf_of, plain.password).await
}

/// Asks for the response in a line of its own; `*` cancels.
async fn ask<H: Host>(talk: &mut Talk<H>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    talk.output.say(b"+ \r\n");
    let line = Zeroizing::new(talk.input.line(MAX_RESPONSE).await?);
    if line.as_slice() == b"*" {
        return Err(Reply::bad("Authentication cancelled").into());
    }
    decode(&line)
}

fn decode(base64: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    STANDARD
        .decode(base64)
        .map(Zeroizing::new)
        .map_err(|_| Reply::bad("That is not base64").with(Code::ClientBug).into())
}

/// The message of RFC 4616 §2: `[authzid] NUL authcid NUL passwd`.
#[derive(Debug)]
struct Plain {
    name: String,
    on_behalf_of: Option<String>,
    password: Secret,
}

impl Plain {
    fn parse(message: &[u8]) -> Result<Self, Failure> {
        let malformed = || Reply::bad("That is no PLAIN message").with(Code::ClientBug);
        let mut fields = message.split(|byte| *byte == 0);
        let (Some(other), Some(name), Some(password), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(malformed().into());
        };
        let text = |field| std::str::from_utf8(field).map_err(|_| malformed());
        let (other, name, password) = (text(other)?, text(name)?, text(password)?);
        if name.is_empty() || password.is_empty() {
            return Err(LoginError::Invalid.into());
        }
        // Naming oneself is the same as naming nobody.
        let on_behalf_of = Some(other).filter(|other| !other.is_empty() && *other != name);
        Ok(Self {
            name: name.to_owned(),
            on_behalf_of: on_behalf_of.map(str::to_owned),
            password: Secret::new(password),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        let check = |message: &[u8], expected: Option<(&str, Option<&str>, &str)>| {
            let plain = Plain::parse(message).ok();
            let plain = plain.as_ref().map(|plain| {
                (plain.name.as_str(), plain.on_behalf_of.as_deref(), plain.password.reveal())
            });
            assert_eq!(plain, expected, "{message:?}");
        };
        // RFC 4616 §4
        check(b"\0tim\0tanstaaftanstaaf", Some(("tim", None, "tanstaaftanstaaf")));
        check(b"Ursel\0Kurt\0xipj3plmq", Some(("Kurt", Some("Ursel"), "xipj3plmq")));
        check(b"tim\0tim\0secret", Some(("tim", None, "secret")));
        for bad in [&b""[..], b"\0tim", b"\0tim\0a\0b", b"\0\0secret", b"\0tim\0", b"\0\xff\0x"] {
            check(bad, None);
        }
    }
}
