//! The PLAIN mechanism (RFC 4616), as a POP3 client sends it: in base64.

use base64::{Engine, engine::general_purpose::STANDARD};
use carrier::Attempt;
use terms::{Protocol, Secret};
use zeroize::Zeroizing;

/// Understands a client's response: `[authzid] NUL authcid NUL passwd`, in base64; `=` stands for
/// an empty one (RFC 5034 §4), which PLAIN does not know. Nothing if it is malformed.
pub(crate) fn attempt(response: &[u8]) -> Option<Attempt> {
    let decoded = Zeroizing::new(STANDARD.decode(response).ok()?);
    let text = std::str::from_utf8(&decoded).ok()?;
    let mut parts = text.split('\0');
    let (authorization, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || name.is_empty() || password.is_empty() {
        return None;
    }
    let other = !authorization.is_empty() && authorization != name;
    Some(Attempt {
        protocol: Protocol::Pop3,
        name: name.to_owned(),
        on_behalf_of: other.then(|| authorization.to_owned()),
        secret: Secret::new(password),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(response: &[u8]) -> Option<String> {
        let attempt = attempt(&STANDARD.encode(response).into_bytes())?;
        let behalf = attempt.on_behalf_of.unwrap_or_default();
        Some(format!("{behalf}|{}|{}", attempt.name, attempt.secret.reveal()))
    }

    #[test]
    fn responses() {
        // RFC 4616 §4.
        assert_eq!(shown(b"\0tim\0tanstaaftanstaaf").as_deref(), Some("|tim|tanstaaftanstaaf"));
        assert_eq!(shown(b"Ursel\0Kurt\0xipj3plmq").as_deref(), Some("Ursel|Kurt|xipj3plmq"));
        assert_eq!(shown(b"tim\0tim\0x").as_deref(), Some("|tim|x"));
        assert_eq!(shown("\0käthe\0ü ".as_bytes()).as_deref(), Some("|käthe|ü "));
        for bad in [
            &b""[..],
            b"\0",
            b"tim\0x",
            b"\0\0x",
            b"\0tim\0",
            b"\0tim\0x\0",
            b"\0t\xff\0x",
            b"\0\0\0\0",
        ] {
            assert_eq!(shown(bad), None, "{bad:?}");
        }
        for bad in [&b"="[..], b"!", b"dGlt\r\n", b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm=", b"*", b" "] {
            assert!(attempt(bad).is_none(), "{bad:?}");
        }
    }
}
