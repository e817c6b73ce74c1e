//! What a command comes to: its tagged reply, with the response codes of RFC 3501 §7.1, RFC 4315,
//! RFC 5530 and RFC 7889 that we use.
//!
//! Untagged data is rendered where it arises; errors become replies in `error.rs` alone.

use crate::wire::{request::Tag, sequence_set};
use carrier::Output;
use std::borrow::Cow;
use terms::{Uid, UidValidity};

/// How a command went (RFC 3501 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Done.
    Ok,
    /// Not done.
    No,
    /// Not understood, or not possible in this state.
    Bad,
}

/// A response code: tells a program what the text tells a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    AlreadyExists,
    AppendUid(UidValidity, Uid),
    AuthenticationFailed,
    BadCharset,
    Cannot,
    Capability(String),
    ClientBug,
    ContactAdmin,
    CopyUid { era: UidValidity, from: Vec<Uid>, to: Vec<Uid> },
    ExpungeIssued,
    Limit,
    NonExistent,
    OverQuota,
    PrivacyRequired,
    ReadOnly,
    ReadWrite,
    ServerBug,
    TooBig,
    TryCreate,
    Unavailable,
}

impl Code {
    /// The code as it stands between the brackets.
    pub(crate) fn render(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Code::AlreadyExists => "ALREADYEXISTS",
            Code::AuthenticationFailed => "AUTHENTICATIONFAILED",
            Code::BadCharset => "BADCHARSET (US-ASCII UTF-8)",
            Code::Cannot => "CANNOT",
            Code::ClientBug => "CLIENTBUG",
            Code::ContactAdmin => "CONTACTADMIN",
            Code::ExpungeIssued => "EXPUNGEISSUED",
            Code::Limit => "LIMIT",
            Code::NonExistent => "NONEXISTENT",
            Code::OverQuota => "OVERQUOTA",
            Code::PrivacyRequired => "PRIVACYREQUIRED",
            Code::ReadOnly => "READ-ONLY",
            Code::ReadWrite => "READ-WRITE",
            Code::ServerBug => "SERVERBUG",
            Code::TooBig => "TOOBIG",
            Code::TryCreate => "TRYCREATE",
            Code::Unavailable => "UNAVAILABLE",
            Code::AppendUid(era, uid) => return format!("APPENDUID {era} {uid}").into(),
            Code::Capability(list) => return format!("CAPABILITY {list}").into(),
            Code::CopyUid { era, from, to } => {
                return format!("COPYUID {era} {} {}", uid_set(from), uid_set(to)).into();
            }
        })
    }
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: Status,
    code: Option<Code>,
    text: Cow<'static, str>,
}

impl Reply {
    /// Done.
    pub(crate) fn ok(text: impl Into<Cow<'static, str>>) -> Self {
        Self { status: Status::Ok, code: None, text: text.into() }
    }

    /// Not done.
    pub(crate) fn no(text: impl Into<Cow<'static, str>>) -> Self {
        Self { status: Status::No, code: None, text: text.into() }
    }

    /// Not understood.
    pub(crate) fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self { status: Status::Bad, code: None, text: text.into() }
    }

    /// The same with a response code.
    pub(crate) fn with(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same with a response code, unless it has one.
    pub(crate) fn or_with(self, code: Code) -> Self {
        Self { code: Some(self.code.unwrap_or(code)), ..self }
    }

    /// Whether it has this response code.
    pub(crate) fn has(&self, code: &Code) -> bool {
        self.code.as_ref() == Some(code)
    }

    /// Says it under the command's tag.
    pub(crate) fn say(&self, tag: &Tag, output: &mut Output) {
        output.say(&self.render(&tag.0));
    }

    /// Says it untagged.
    pub(crate) fn say_untagged(&self, output: &mut Output) {
        output.say(&self.render("*"));
    }

    fn render(&self, tag: &str) -> Vec<u8> {
        let status = match self.status {
            Status::Ok => "OK",
            Status::No => "NO",
            Status::Bad => "BAD",
        };
        let mut line = format!("{tag} {status} ").into_bytes();
        if let Some(code) = &self.code {
            line.extend_from_slice(format!("[{}] ", code.render()).as_bytes());
        }
        line.extend_from_slice(self.text.as_bytes());
        line.extend_from_slice(b"\r\n");
        line
    }
}

/// UIDs in their order as a `uid-set` (RFC 4315 §4).
fn uid_set(uids: &[Uid]) -> String {
    let mut set = Vec::new();
    sequence_set::write(&mut set, uids.iter().map(|uid| uid.value()));
    String::from_utf8(set).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies() {
        let check = |reply: Reply, line: &str| {
            assert_eq!(String::from_utf8(reply.render("a1")).unwrap(), format!("{line}\r\n"));
        };
        let era = UidValidity::new(38505).unwrap();
        check(Reply::ok("Done"), "a1 OK Done");
        check(Reply::no("Full").with(Code::OverQuota), "a1 NO [OVERQUOTA] Full");
        check(Reply::bad("What?"), "a1 BAD What?");
        check(
            Reply::ok("Done").with(Code::AppendUid(era, Uid::new(3955).unwrap())),
            "a1 OK [APPENDUID 38505 3955] Done",
        );
        let uids = |numbers: &[u32]| numbers.iter().filter_map(|n| Uid::new(*n)).collect();
        check(
            Reply::ok("Done").with(Code::CopyUid {
                era,
                from: uids(&[304, 319, 320]),
                to: uids(&[3956, 3957, 3958]),
            }),
            "a1 OK [COPYUID 38505 304,319:320 3956:3958] Done",
        );
    }
}
