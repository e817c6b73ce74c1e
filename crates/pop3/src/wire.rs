//! Command lines: bytes to [`Command`] (RFC 1939 §3, RFC 2449 §4).
//!
//! Which state a command belongs to is not decided here.

use crate::error::Refusal;
use terms::Secret;
use zeroize::Zeroizing;

/// The longest command line without its CRLF: 255 octets with it (RFC 2449 §4).
const COMMAND_LENGTH: usize = 253;

/// The longest line of a SASL exchange, AUTH with its initial response included. RFC 5034 names no
/// number; this is what RFC 4954 §4 asks of SMTP.
pub(crate) const LINE_LENGTH: usize = 12_288;

/// What a client may ask.
#[derive(Debug)]
pub(crate) enum Command {
    Auth(Option<Auth>),
    Capa,
    Dele(Number),
    List(Option<Number>),
    Noop,
    Pass(Secret),
    Quit,
    Retr(Number),
    Rset,
    Stat,
    Stls,
    Top(Number, u32),
    Uidl(Option<Number>),
    User(String),
}

/// The arguments of AUTH. Without any, clients ask for the names of mechanisms.
#[derive(Debug)]
pub(crate) struct Auth {
    /// In upper case.
    pub(crate) mechanism: String,
    /// Still in base64.
    pub(crate) initial_response: Option<Zeroizing<Vec<u8>>>,
}

/// A message number as a client wrote it: whether there is such a message is the maildrop's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) u32);

/// Understands a command line, given without its line end.
pub(crate) fn parse(line: &[u8]) -> Result<Command, Refusal> {
    let (keyword, argument) = match memchr::memchr(b' ', line) {
        Some(space) => (&line[..space], Some(&line[space + 1..])),
        None => (line, None),
    };
    let keyword = keyword.to_ascii_uppercase();
    if line.len() > COMMAND_LENGTH && keyword != b"AUTH" {
        return Err(Refusal::LineTooLong);
    }
    // RFC 1939 §4 lets a password hold spaces; everywhere else those at the end mean nothing.
    let words = argument.map(<[u8]>::trim_ascii_end).filter(|words| !words.is_empty());
    let bare = |command| match words {
        None => Ok(command),
        Some(_) => Err(Refusal::Syntax("no argument expected")),
    };
    match keyword.as_slice() {
        b"AUTH" => words.map(auth).transpose().map(Command::Auth),
        b"CAPA" => bare(Command::Capa),
        b"DELE" => one(words, "usage: DELE message").map(Command::Dele),
        b"LIST" => perhaps(words, "usage: LIST [message]").map(Command::List),
        b"NOOP" => bare(Command::Noop),
        b"PASS" => argument.map(pass).ok_or(Refusal::Syntax("usage: PASS password")),
        b"QUIT" => bare(Command::Quit),
        b"RETR" => one(words, "usage: RETR message").map(Command::Retr),
        b"RSET" => bare(Command::Rset),
        b"STAT" => bare(Command::Stat),
        b"STLS" => bare(Command::Stls),
        b"TOP" => top(words),
        b"UIDL" => perhaps(words, "usage: UIDL [message]").map(Command::Uidl),
        b"USER" => words.map(user).ok_or(Refusal::Syntax("usage: USER name")),
        _ => Err(Refusal::UnknownCommand),
    }
}

fn auth(words: &[u8]) -> Result<Auth, Refusal> {
    let mut parts = words.splitn(2, |byte| *byte == b' ');
    let mechanism = parts.next().unwrap_or_default();
    // RFC 4422 §3.1: up to 20 letters, digits, hyphens and underscores.
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if mechanism.is_empty() || mechanism.len() > 20 || !mechanism.iter().all(fits) {
        return Err(Refusal::Syntax("usage: AUTH mechanism [initial-response]"));
    }
    Ok(Auth {
        mechanism: String::from_utf8_lossy(mechanism).to_ascii_uppercase(),
        initial_response: parts.next().map(|response| Zeroizing::new(response.to_vec())),
    })
}

/// What is not UTF-8 becomes a name that nobody has, and is refused like any other such name.
fn user(name: &[u8]) -> Command {
    Command::User(String::from_utf8_lossy(name).into_owned())
}

fn pass(password: &[u8]) -> Command {
    Command::Pass(Secret::new(String::from_utf8_lossy(password)))
}

fn top(words: Option<&[u8]>) -> Result<Command, Refusal> {
    const USAGE: Refusal = Refusal::Syntax("usage: TOP message lines");
    let words = words.ok_or(USAGE)?;
    let space = memchr::memchr(b' ', words).ok_or(USAGE)?;
    let message = digits(&words[..space]).ok_or(USAGE)?;
    let lines = digits(&words[space + 1..]).ok_or(USAGE)?;
    Ok(Command::Top(Number(message), lines))
}

fn one(words: Option<&[u8]>, usage: &'static str) -> Result<Number, Refusal> {
    words.and_then(digits).map(Number).ok_or(Refusal::Syntax(usage))
}

fn perhaps(words: Option<&[u8]>, usage: &'static str) -> Result<Option<Number>, Refusal> {
    words.map(|words| one(Some(words), usage)).transpose()
}

/// A decimal number; one beyond 32 bits is as good as the largest.
fn digits(text: &[u8]) -> Option<u32> {
    let all_digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    all_digits.then(|| {
        let add =
            |sum: u32, digit: &u8| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
        text.iter().fold(0, add)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The command in a form that can be compared, secrets shown.
    fn shown(line: &[u8]) -> String {
        match parse(line) {
            Ok(Command::Pass(secret)) => format!("Pass({:?})", secret.reveal()),
            Ok(Command::Auth(Some(auth))) => {
                let response =
                    auth.initial_response.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                format!("Auth({} {response:?})", auth.mechanism)
            }
            Ok(command) => format!("{command:?}"),
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    #[test]
    fn commands() {
        let rows: &[(&str, &str)] = &[
            ("STAT", "Stat"),
            ("stat", "Stat"),
            ("StAt ", "Stat"),
            ("LIST", "List(None)"),
            ("LIST ", "List(None)"),
            ("LIST 2", "List(Some(Number(2)))"),
            ("RETR 1", "Retr(Number(1))"),
            ("RETR 0", "Retr(Number(0))"),
            ("RETR 0001", "Retr(Number(1))"),
            ("RETR 99999999999999999999", "Retr(Number(4294967295))"),
            ("DELE 1 ", "Dele(Number(1))"),
            ("NOOP", "Noop"),
            ("RSET", "Rset"),
            ("QUIT", "Quit"),
            ("TOP 1 10", "Top(Number(1), 10)"),
            ("TOP 1 0", "Top(Number(1), 0)"),
            ("UIDL", "Uidl(None)"),
            ("UIDL 2", "Uidl(Some(Number(2)))"),
            ("USER mrose", "User(\"mrose\")"),
            ("USER m rose", "User(\"m rose\")"),
            ("PASS secret", "Pass(\"secret\")"),
            ("PASS  two spaces ", "Pass(\" two spaces \")"),
            ("PASS ", "Pass(\"\")"),
            ("CAPA", "Capa"),
            ("STLS", "Stls"),
            ("AUTH", "Auth(None)"),
            ("AUTH plain", "Auth(PLAIN None)"),
            ("AUTH PLAIN =", "Auth(PLAIN Some(\"=\"))"),
            ("AUTH PLAIN dGVzdAB0ZXN0AHRlc3Q=", "Auth(PLAIN Some(\"dGVzdAB0ZXN0AHRlc3Q=\"))"),
        ];
        for (line, expected) in rows {
            assert_eq!(shown(line.as_bytes()), *expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_command() {
        let unknown =
            ["", " ", " STAT", "STAT\0", "STATS", "LAST", "APOP mrose c4c9334b", "XYZZY 1"];
        for line in unknown {
            assert_eq!(shown(line.as_bytes()), "UnknownCommand", "{line:?}");
        }
        let syntax = [
            "STAT 1",
            "QUIT now",
            "NOOP x",
            "RETR",
            "RETR ",
            "RETR one",
            "RETR -1",
            "RETR +1",
            "RETR 1 2",
            "RETR  1",
            "DELE",
            "LIST x",
            "LIST 1 2",
            "TOP",
            "TOP 1",
            "TOP 1 -1",
            "TOP 1 2 3",
            "UIDL *",
            "USER",
            "USER ",
            "PASS",
            "AUTH PLA!N",
            "CAPA x",
            "STLS 1",
            "AUTH AVERYLONGMECHANISMNAME",
        ];
        for line in syntax {
            assert!(shown(line.as_bytes()).starts_with("Syntax"), "{line:?}");
        }
    }

    #[test]
    fn lengths() {
        let long = |keyword: &str, length: usize| {
            let mut line = format!("{keyword} ").into_bytes();
            line.resize(length, b'a');
            line
        };
        assert!(matches!(parse(&long("USER", 253)), Ok(Command::User(_))));
        assert!(matches!(parse(&long("USER", 254)), Err(Refusal::LineTooLong)));
        assert!(matches!(parse(&long("AUTH PLAIN", 12_000)), Ok(Command::Auth(_))));
    }

    proptest! {
        #[test]
        fn noise_is_answered(line in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&line);
        }

        #[test]
        fn noise_after_a_keyword_is_answered(
            keyword in "(AUTH|LIST|PASS|TOP|UIDL|USER|RETR) ?",
            rest in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let _ = parse(&[keyword.as_bytes(), &rest].concat());
        }
    }
}
