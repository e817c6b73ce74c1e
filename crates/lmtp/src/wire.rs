//! Command lines: bytes to [`Command`] (RFC 5321 §4.1, RFC 2033 §4).
//!
//! Whether a command fits at this point is not decided here.

use crate::error::Refusal;

/// The longest command line, without its CRLF. RFC 5321 §4.5.3.1.4 asks for 512, extensions add some.
pub(crate) const LINE_LENGTH: usize = 2048;

/// The longest path, without its angle brackets. RFC 5321 §4.5.3.1.3 asks for 256; senders that were
/// rewritten on the way (SRS, VERP) come longer.
const PATH_LENGTH: usize = 512;

/// What a client may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Data,
    Help,
    Lhlo(ClientName),
    Mail(Mail),
    Noop,
    Quit,
    Rcpt(Path),
    Rset,
    Vrfy,
}

/// What the client calls itself: a domain or an address literal, printable and without parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientName(pub(crate) String);

/// MAIL and what we understand of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) sender: Sender,
    /// The octets announced (RFC 1870).
    pub(crate) size: Option<u64>,
}

/// The reverse-path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// `<>`: the message is itself a notice about another one.
    Nobody,
    /// Somebody who is told if delivery fails.
    Somebody(Path),
}

/// The address of somebody, here or elsewhere (RFC 5321 §4.1.2). Printable ASCII only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// As the client wrote it, without source route.
    pub(crate) text: String,
    /// The local part, unquoted.
    pub(crate) local: String,
    /// The domain or address literal.
    pub(crate) domain: String,
}

/// Understands a command line, given without its line end.
pub(crate) fn parse(line: &[u8]) -> Result<Command, Refusal> {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (verb, rest) = line.split_at(end);
    let rest = rest.trim_ascii();
    let bare = |command| match rest {
        b"" => Ok(command),
        _ => Err(Refusal::Syntax("no argument expected")),
    };
    match verb.to_ascii_uppercase().as_slice() {
        b"DATA" => bare(Command::Data),
        b"HELP" => Ok(Command::Help),
        b"LHLO" => client_name(rest).map(Command::Lhlo),
        b"MAIL" => mail(rest).map(Command::Mail),
        b"NOOP" => Ok(Command::Noop),
        b"QUIT" => bare(Command::Quit),
        b"RCPT" => rcpt(rest).map(Command::Rcpt),
        b"RSET" => bare(Command::Rset),
        b"VRFY" => Ok(Command::Vrfy),
        b"EHLO" | b"HELO" => Err(Refusal::NotSmtp),
        b"AUTH" | b"BDAT" | b"ETRN" | b"EXPN" | b"STARTTLS" | b"TURN" => Err(Refusal::NotOffered),
        _ => Err(Refusal::UnknownCommand),
    }
}

fn client_name(text: &[u8]) -> Result<ClientName, Refusal> {
    // Also what no domain may hold but host names do, and address literals (RFC 5321 §4.1.3).
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(byte);
    if text.is_empty() || text.len() > 255 || !text.iter().all(fits) {
        return Err(Refusal::Syntax("usage: LHLO domain"));
    }
    Ok(ClientName(ascii(text)))
}

fn mail(rest: &[u8]) -> Result<Mail, Refusal> {
    let (sender, parameters) = bracketed(after(rest, b"FROM:").ok_or(MAIL_USAGE)?, MAIL_USAGE)?;
    let sender = match sender {
        b"" => Sender::Nobody,
        sender => Sender::Somebody(path(sender).ok_or(Refusal::MalformedSender)?),
    };
    let mut size = None;
    for parameter in parameters {
        let equals = memchr::memchr(b'=', parameter).unwrap_or(parameter.len());
        let (keyword, value) = parameter.split_at(equals);
        let value = value.strip_prefix(b"=");
        match keyword.to_ascii_uppercase().as_slice() {
            b"SIZE" if size.is_none() => {
                let octets = value.and_then(octets);
                size = Some(octets.ok_or(Refusal::Syntax("usage: SIZE=octets"))?);
            }
            b"BODY" if value.is_some_and(is_body_type) => {}
            _ => return Err(Refusal::UnknownParameter),
        }
    }
    Ok(Mail { sender, size })
}

const MAIL_USAGE: Refusal = Refusal::Syntax("usage: MAIL FROM:<address> [parameters]");
const RCPT_USAGE: Refusal = Refusal::Syntax("usage: RCPT TO:<address>");

fn rcpt(rest: &[u8]) -> Result<Path, Refusal> {
    let (recipient, mut parameters) =
        bracketed(after(rest, b"TO:").ok_or(RCPT_USAGE)?, RCPT_USAGE)?;
    let recipient = path(recipient).ok_or(Refusal::MalformedRecipient)?;
    match parameters.next() {
        None => Ok(recipient),
        Some(_) => Err(Refusal::UnknownParameter),
    }
}

/// Both are stored alike (RFC 6152 §3).
fn is_body_type(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"7BIT") || value.eq_ignore_ascii_case(b"8BITMIME")
}

/// Up to 20 digits (RFC 1870 §3); a number beyond 64 bits is as good as the largest.
fn octets(value: &[u8]) -> Option<u64> {
    let fits = (1..=20).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    fits.then(|| ascii(value).parse().unwrap_or(u64::MAX))
}

/// What follows a prefix in any letter case; spaces behind it are forgiven.
fn after<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| rest.trim_ascii_start())
}

/// Splits `<path> parameters`, without the angle brackets.
fn bracketed(text: &[u8], usage: Refusal) -> Result<(&[u8], impl Iterator<Item = &[u8]>), Refusal> {
    let Some(inside) = text.strip_prefix(b"<") else { return Err(usage) };
    let Some(end) = closing_bracket(inside) else { return Err(usage) };
    let (path, rest) = (&inside[..end], &inside[end + 1..]);
    if !rest.is_empty() && !rest.starts_with(b" ") {
        return Err(usage);
    }
    Ok((path, rest.split(|byte| *byte == b' ').filter(|word| !word.is_empty())))
}

/// Where the path ends: at the first `>` outside of quotes.
fn closing_bracket(text: &[u8]) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// `[source-route] local-part@domain`; the route is dropped (RFC 5321 §4.1.1.3).
fn path(text: &[u8]) -> Option<Path> {
    if text.len() > PATH_LENGTH {
        return None;
    }
    let text = match text {
        [b'@', ..] => &text[memchr::memchr(b':', text)? + 1..],
        _ => text,
    };
    let (local, rest) = match text {
        [b'"', inside @ ..] => quoted(inside)?,
        _ => dotted(text)?,
    };
    let domain = rest.strip_prefix(b"@")?;
    is_domain(domain).then(|| Path { text: ascii(text), local, domain: ascii(domain) })
}

/// A dot-string (RFC 5321 §4.1.2), and what follows it. Forgives dots in odd places, which some
/// senders have in their addresses.
fn dotted(text: &[u8]) -> Option<(String, &[u8])> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(byte);
    let end = text.iter().position(|byte| !fits(byte))?;
    (end > 0).then(|| (ascii(&text[..end]), &text[end..]))
}

/// A quoted string behind its first quote (RFC 5321 §4.1.2), and what follows it.
fn quoted(text: &[u8]) -> Option<(String, &[u8])> {
    let mut local = Vec::new();
    let mut bytes = text.iter().enumerate();
    loop {
        match bytes.next()? {
            (at, b'"') => return (!local.is_empty()).then(|| (ascii(&local), &text[at + 1..])),
            (_, b'\\') => local.push(*bytes.next()?.1),
            (_, byte) => local.push(*byte),
        }
        local.last().filter(|byte| (b' '..=b'~').contains(*byte))?;
    }
}

fn is_domain(text: &[u8]) -> bool {
    match text {
        [b'[', inside @ .., b']'] => {
            !inside.is_empty()
                && inside.iter().all(|b| b.is_ascii_graphic() && !b"[\\]<>".contains(b))
        }
        // The underscore is no letter of a domain name, but of some hosts' names.
        _ => {
            let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
            !text.is_empty() && text.len() <= 255 && text.iter().all(fits)
        }
    }
}

/// Text of bytes that were found to be ASCII.
fn ascii(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(line: &str) -> String {
        match parse(line.as_bytes()) {
            Ok(Command::Mail(Mail { sender, size })) => {
                let sender = match sender {
                    Sender::Nobody => "nobody".to_owned(),
                    Sender::Somebody(path) => shown_path(&path),
                };
                format!("mail {sender} {size:?}")
            }
            Ok(Command::Rcpt(path)) => format!("rcpt {}", shown_path(&path)),
            Ok(Command::Lhlo(name)) => format!("lhlo {}", name.0),
            Ok(command) => format!("{command:?}"),
            Err(Refusal::Syntax(_)) => "syntax".to_owned(),
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    fn shown_path(path: &Path) -> String {
        format!("{}|{}|{}", path.text, path.local, path.domain)
    }

    fn check(rows: &[(&str, &str)]) {
        for (line, expected) in rows {
            assert_eq!(shown(line), *expected, "{line:?}");
        }
    }

    #[test]
    fn verbs() {
        check(&[
            ("LHLO foo.edu", "lhlo foo.edu"),
            ("lhlo [192.0.2.1]", "lhlo [192.0.2.1]"),
            ("LHLO [IPv6:2001:db8::1]", "lhlo [IPv6:2001:db8::1]"),
            ("LHLO my_host ", "lhlo my_host"),
            ("LHLO", "syntax"),
            ("LHLO a b", "syntax"),
            ("LHLO a(b)", "syntax"),
            ("DATA", "Data"),
            ("data ", "Data"),
            ("DATA x", "syntax"),
            ("QUIT", "Quit"),
            ("RSET", "Rset"),
            ("NOOP", "Noop"),
            ("NOOP ignored", "Noop"),
            ("VRFY chris", "Vrfy"),
            ("HELP", "Help"),
            ("HELP me", "Help"),
            ("HELO foo.edu", "NotSmtp"),
            ("EHLO foo.edu", "NotSmtp"),
            ("STARTTLS", "NotOffered"),
            ("BDAT 10 LAST", "NotOffered"),
            ("", "UnknownCommand"),
            (" DATA", "UnknownCommand"),
            ("DATA\0", "UnknownCommand"),
            ("GET / HTTP/1.1", "UnknownCommand"),
        ]);
    }

    #[test]
    fn senders() {
        check(&[
            ("MAIL FROM:<chris@bar.com>", "mail chris@bar.com|chris|bar.com None"),
            ("mail from:<chris@bar.com>", "mail chris@bar.com|chris|bar.com None"),
            ("MAIL FROM: <chris@bar.com>", "mail chris@bar.com|chris|bar.com None"),
            ("MAIL FROM:<>", "mail nobody None"),
            ("MAIL FROM:<> SIZE=12 BODY=8BITMIME", "mail nobody Some(12)"),
            ("MAIL FROM:<a@b> body=7bit size=0", "mail a@b|a|b Some(0)"),
            (
                "MAIL FROM:<a@b> SIZE=99999999999999999999",
                "mail a@b|a|b Some(18446744073709551615)",
            ),
            ("MAIL FROM:<@x,@y.z:a@b>", "mail a@b|a|b None"),
            ("MAIL FROM:<a@[192.0.2.1]>", "mail a@[192.0.2.1]|a|[192.0.2.1] None"),
            ("MAIL FROM:<\"a b>\\\"\\\\\"@c>", "mail \"a b>\\\"\\\\\"@c|a b>\"\\|c None"),
            ("MAIL FROM:<a..b.@c>", "mail a..b.@c|a..b.|c None"),
            ("MAIL FROM:<SRS0=x+y=z@c_d.e>", "mail SRS0=x+y=z@c_d.e|SRS0=x+y=z|c_d.e None"),
            ("MAIL FROM:<a@b> SIZE=", "syntax"),
            ("MAIL FROM:<a@b> SIZE=-1", "syntax"),
            ("MAIL FROM:<a@b> SIZE=1 SIZE=2", "UnknownParameter"),
            ("MAIL FROM:<a@b> BODY=BINARYMIME", "UnknownParameter"),
            ("MAIL FROM:<a@b> SMTPUTF8", "UnknownParameter"),
            ("MAIL FROM:<a@b> AUTH=<>", "UnknownParameter"),
            ("MAIL FROM:a@b", "syntax"),
            ("MAIL FROM:<a@b>SIZE=1", "syntax"),
            ("MAIL FROM:<a@b", "syntax"),
            ("MAIL FROM:<\"a@b>", "syntax"),
            ("MAIL FROM <a@b>", "syntax"),
            ("MAIL TO:<a@b>", "syntax"),
            ("MAIL", "syntax"),
            ("MAIL FR", "syntax"),
            ("MAIL FROM:<a>", "MalformedSender"),
            ("MAIL FROM:<a@>", "MalformedSender"),
            ("MAIL FROM:<@b>", "MalformedSender"),
            ("MAIL FROM:<@b:>", "MalformedSender"),
            ("MAIL FROM:<a b@c>", "MalformedSender"),
            ("MAIL FROM:<a@b c>", "MalformedSender"),
            ("MAIL FROM:<ä@b>", "MalformedSender"),
            ("MAIL FROM:<\"\"@b>", "MalformedSender"),
            ("MAIL FROM:<\"a\r\"@b>", "MalformedSender"),
            ("MAIL FROM:<\"a\\\x01\"@b>", "MalformedSender"),
            ("MAIL FROM:<a@[b]c]>", "MalformedSender"),
        ]);
    }

    #[test]
    fn recipients() {
        check(&[
            ("RCPT TO:<pat@foo.edu>", "rcpt pat@foo.edu|pat|foo.edu"),
            ("rcpt to:<Pat@Foo.EDU>", "rcpt Pat@Foo.EDU|Pat|Foo.EDU"),
            ("RCPT TO:<pat+box@foo.edu>", "rcpt pat+box@foo.edu|pat+box|foo.edu"),
            ("RCPT TO:<\"pat\"@foo.edu>", "rcpt \"pat\"@foo.edu|pat|foo.edu"),
            ("RCPT TO:<\"p@t\"@foo.edu>", "rcpt \"p@t\"@foo.edu|p@t|foo.edu"),
            ("RCPT TO:<>", "MalformedRecipient"),
            ("RCPT TO:<postmaster>", "MalformedRecipient"),
            ("RCPT TO:<pat@foo.edu> NOTIFY=NEVER", "UnknownParameter"),
            ("RCPT FROM:<pat@foo.edu>", "syntax"),
            ("RCPT", "syntax"),
        ]);
        let long = format!("RCPT TO:<{}@foo.edu>", "a".repeat(PATH_LENGTH));
        assert_eq!(shown(&long), "MalformedRecipient");
    }

    proptest! {
        #[test]
        fn noise_is_answered(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&line);
        }

        #[test]
        fn noise_in_a_path_yields_printable_text(rest in "[\\x00-\\x7f]{0,12}", close in "[>@:\"\\\\ ]{0,4}") {
            for line in [format!("MAIL FROM:<{rest}@b{close}>"), format!("MAIL FROM:<\"{rest}\"@b{close}>")] {
                if let Ok(Command::Mail(Mail { sender: Sender::Somebody(sender), .. })) = parse(line.as_bytes()) {
                    prop_assert!(sender.text.bytes().all(|b| (b' '..=b'~').contains(&b)), "{}", sender.text);
                }
            }
        }
    }
}
