//! What a client can ask for: the values that the grammar yields.
//!
//! Literals are bytes; names of folders are already decoded from modified UTF-7. The bytes of an
//! APPEND never appear here: they are streamed to storage while the request is read.

use terms::{FlagChange, Flags, InternalDate, Keyword, Secret, SystemFlag};

/// The client's name for a command, echoed in its answer (RFC 3501 §2.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(pub String);

/// A string argument that may hold any bytes but NUL.
pub type Text = Vec<u8>;

/// A folder name or a LIST pattern as the client wrote it, decoded to UTF-8. Not yet checked.
pub type Name = String;

/// Whether a command's numbers are UIDs (`UID FETCH`) or sequence numbers (`FETCH`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// Sequence numbers.
    Sequence,
    /// UIDs.
    Uid,
}

/// A command with its arguments, as the grammar knows it. IDLE's `DONE`, SASL responses and the
/// literals of APPEND are read by the commands themselves.
#[derive(Clone, Debug)]
pub enum Request {
    /// `CAPABILITY`
    Capability,
    /// `NOOP`
    Noop,
    /// `LOGOUT`
    Logout,
    /// `STARTTLS`
    StartTls,
    /// `ID` (RFC 2971): field names and values; empty for `NIL`.
    Id(Vec<(Text, Option<Text>)>),
    /// `AUTHENTICATE`.
    Authenticate {
        /// The mechanism, upper case.
        mechanism: String,
        /// The initial response of RFC 4959, still in base64; `=` stands for an empty one.
        initial: Option<Secret>,
    },
    /// `LOGIN`. A password that is not UTF-8 is converted lossily: it cannot be right anyway.
    Login {
        /// User name.
        user: Text,
        /// Password.
        password: Secret,
    },
    /// `NAMESPACE` (RFC 2342)
    Namespace,
    /// `SELECT`
    Select(Name),
    /// `EXAMINE`
    Examine(Name),
    /// `CREATE`; a trailing separator is kept.
    Create(Name),
    /// `DELETE`
    Delete(Name),
    /// `RENAME` from, to
    Rename(Name, Name),
    /// `SUBSCRIBE`
    Subscribe(Name),
    /// `UNSUBSCRIBE`
    Unsubscribe(Name),
    /// `LIST` reference, pattern
    List(Name, Name),
    /// `LSUB` reference, pattern
    Lsub(Name, Name),
    /// `STATUS`
    Status(Name, Vec<StatusItem>),
    /// `APPEND` up to the announcement of its literal, which follows on the input.
    Append {
        /// Target.
        folder: Name,
        /// Flags and date given.
        options: AppendOptions,
        /// The literal that is announced.
        literal: LiteralSize,
    },
    /// `CHECK`
    Check,
    /// `CLOSE`
    Close,
    /// `UNSELECT` (RFC 3691)
    Unselect,
    /// `EXPUNGE`
    Expunge,
    /// `UID EXPUNGE` (RFC 4315)
    UidExpunge(SequenceSet),
    /// `SEARCH`
    Search {
        /// How to answer, and what bare sets mean: the set keys below always say which they are.
        numbering: Numbering,
        /// The charset given, upper case.
        charset: Option<String>,
        /// All of these must hold.
        keys: Vec<SearchKey>,
    },
    /// `FETCH`
    Fetch {
        /// What `set` means.
        numbering: Numbering,
        /// Which messages.
        set: SequenceSet,
        /// What of them, macros expanded, in the order asked for, without `UID` added.
        items: Vec<FetchItem>,
    },
    /// `STORE`
    Store {
        /// What `set` means.
        numbering: Numbering,
        /// Which messages.
        set: SequenceSet,
        /// How.
        change: FlagChange,
        /// `.SILENT`
        silent: bool,
        /// Which flags.
        flags: Flags,
    },
    /// `COPY`
    Copy {
        /// What `set` means.
        numbering: Numbering,
        /// Which messages.
        set: SequenceSet,
        /// Where to.
        to: Name,
    },
    /// `MOVE` (RFC 6851)
    Move {
        /// What `set` means.
        numbering: Numbering,
        /// Which messages.
        set: SequenceSet,
        /// Where to.
        to: Name,
    },
    /// `IDLE` (RFC 2177)
    Idle,
}

/// What APPEND says of one message, before its literal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppendOptions {
    /// Flags to set. `\Recent` is dropped.
    pub flags: Flags,
    /// Its internal date; absent: now.
    pub date: Option<InternalDate>,
}

/// An announced literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiteralSize {
    /// Bytes.
    pub size: u64,
    /// False for the non-synchronizing form `{n+}` (RFC 7888): the bytes come without being asked for.
    pub synchronizing: bool,
}

/// What STATUS can tell (RFC 3501 §6.3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusItem {
    /// `MESSAGES`
    Messages,
    /// `RECENT`
    Recent,
    /// `UIDNEXT`
    UidNext,
    /// `UIDVALIDITY`
    UidValidity,
    /// `UNSEEN`
    Unseen,
}

/// A number in a set: `*` is the largest in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetNumber {
    /// That number, not 0.
    Number(u32),
    /// `*`
    Largest,
}

/// One element of a set: a range, either way round. A single number is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetItem {
    /// As written first.
    pub first: SetNumber,
    /// As written second.
    pub last: SetNumber,
}

/// A `sequence-set`: not empty, bounded in length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceSet(pub Vec<SetItem>);

/// One thing to fetch (RFC 3501 §6.4.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchItem {
    /// `UID`
    Uid,
    /// `FLAGS`
    Flags,
    /// `INTERNALDATE`
    InternalDate,
    /// `RFC822.SIZE`
    Size,
    /// `ENVELOPE`
    Envelope,
    /// `BODY` without a section: the short structure.
    Body,
    /// `BODYSTRUCTURE`
    BodyStructure,
    /// `BODY[…]<…>` or `BODY.PEEK[…]<…>`
    Section {
        /// Which part of the message.
        section: Section,
        /// `<offset.length>`: length is not 0.
        partial: Option<(u32, u32)>,
        /// `.PEEK`: does not set `\Seen`.
        peek: bool,
    },
    /// `RFC822`: all of it, sets `\Seen`.
    Rfc822,
    /// `RFC822.HEADER`: does not set `\Seen`.
    Rfc822Header,
    /// `RFC822.TEXT`: sets `\Seen`.
    Rfc822Text,
}

/// What stands in `BODY[…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Part numbers, each at least 1; empty for the message itself. Bounded in length.
    pub path: Vec<u32>,
    /// What of the part.
    pub what: SectionPart,
}

/// Which text of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SectionPart {
    /// Nothing said: all of it.
    Whole,
    /// `HEADER`
    Header,
    /// `HEADER.FIELDS (…)`: names as the client wrote them.
    HeaderFields(Vec<Text>),
    /// `HEADER.FIELDS.NOT (…)`
    HeaderFieldsNot(Vec<Text>),
    /// `TEXT`
    Text,
    /// `MIME`; only with a path.
    Mime,
}

/// A calendar day, as SEARCH compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// 0 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, and in that month.
    pub day: u8,
}

/// A search key (RFC 3501 §6.4.4). Nesting is bounded by the grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchKey {
    /// `ALL`
    All,
    /// A bare set.
    Sequence(SequenceSet),
    /// `UID set`
    Uid(SequenceSet),
    /// `ANSWERED`, `DELETED`, `DRAFT`, `FLAGGED`, `SEEN`
    Flag(SystemFlag),
    /// `UNANSWERED` and so on.
    NotFlag(SystemFlag),
    /// `KEYWORD`
    Keyword(Keyword),
    /// `UNKEYWORD`
    NotKeyword(Keyword),
    /// `RECENT`
    Recent,
    /// `OLD`: not recent.
    Old,
    /// `NEW`: recent and unseen.
    New,
    /// `BEFORE`: internal date earlier than that day, in its own zone.
    Before(Day),
    /// `ON`
    On(Day),
    /// `SINCE`
    Since(Day),
    /// `SENTBEFORE`: by the Date: header, without regard to time and zone.
    SentBefore(Day),
    /// `SENTON`
    SentOn(Day),
    /// `SENTSINCE`
    SentSince(Day),
    /// `LARGER`
    Larger(u64),
    /// `SMALLER`
    Smaller(u64),
    /// `BCC`, `CC`, `FROM`, `SUBJECT`, `TO` and `HEADER`: the field's name, and what it must
    /// contain; empty: it must be there.
    Header(Text, Text),
    /// `BODY`
    Body(Text),
    /// `TEXT`
    Text(Text),
    /// `NOT`
    Not(Box<SearchKey>),
    /// `OR`
    Or(Box<SearchKey>, Box<SearchKey>),
    /// A parenthesized list: all of them.
    And(Vec<SearchKey>),
}
