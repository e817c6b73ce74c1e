//! What is printed is parsed to the same, and nothing makes the parser panic. Only tests.

use super::command_line::parse;
use super::printer::print;
use super::request::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use terms::{FlagChange, Flags, InternalDate, Keyword, Secret, SystemFlag, UnixTime};

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        "[ -~]{0,12}".prop_map(String::into_bytes),
        "\\PC{0,6}".prop_map(String::into_bytes),
        vec(1u8.., 0..12),
    ]
}

fn name() -> impl Strategy<Value = Name> {
    prop_oneof!["[ -~]{0,12}", "\\PC{0,8}", ".{0,8}"]
        .prop_filter("NUL", |name| !name.contains('\0'))
}

fn set() -> impl Strategy<Value = SequenceSet> {
    let number =
        || prop_oneof![4 => (1u32..).prop_map(SetNumber::Number), 1 => Just(SetNumber::Largest)];
    let item = prop_oneof![
        (number(), number()).prop_map(|(first, last)| SetItem { first, last }),
        number().prop_map(|number| SetItem { first: number, last: number }),
    ];
    vec(item, 1..5).prop_map(SequenceSet)
}

fn flags() -> impl Strategy<Value = Flags> {
    (vec(select(SystemFlag::ALL.to_vec()), 0..3), vec("[!#$&'+-Z^-z|}~]{1,8}", 0..3)).prop_map(
        |(system, keywords)| {
            let mut flags: Flags = system.into_iter().collect();
            flags.keywords.extend(keywords.iter().map(|keyword| Keyword::parse(keyword).unwrap()));
            flags
        },
    )
}

fn day() -> impl Strategy<Value = Day> {
    (0u16..=9999, 1u8..=12, 1u8..=28).prop_map(|(year, month, day)| Day { year, month, day })
}

fn section() -> impl Strategy<Value = Section> {
    let names = || vec(text().prop_filter("no name", |name| !name.is_empty()), 1..4);
    let what = prop_oneof![
        Just(SectionPart::Whole),
        Just(SectionPart::Header),
        Just(SectionPart::Text),
        Just(SectionPart::Mime),
        names().prop_map(SectionPart::HeaderFields),
        names().prop_map(SectionPart::HeaderFieldsNot),
    ];
    (vec(1u32.., 0..4), what)
        .prop_map(|(path, what)| Section { path, what })
        .prop_filter("MIME without path", |s| s.what != SectionPart::Mime || !s.path.is_empty())
}

fn fetch_item() -> impl Strategy<Value = FetchItem> {
    use FetchItem::*;
    let plain = vec![
        Uid,
        Flags,
        InternalDate,
        Size,
        Envelope,
        Body,
        BodyStructure,
        Rfc822,
        Rfc822Header,
        Rfc822Text,
    ];
    let section = (section(), option::of((any::<u32>(), 1u32..)), any::<bool>());
    prop_oneof![
        select(plain),
        section.prop_map(|(section, partial, peek)| Section { section, partial, peek }),
    ]
}

fn search_key() -> impl Strategy<Value = SearchKey> {
    let system = || select(SystemFlag::ALL.to_vec());
    let keyword = || "[a-z$]{1,8}".prop_map(|keyword| Keyword::parse(&keyword).unwrap());
    let size = || 0u64..=i64::MAX as u64;
    let leaf = prop_oneof![
        select(vec![SearchKey::All, SearchKey::Recent, SearchKey::Old, SearchKey::New]),
        set().prop_map(SearchKey::Sequence),
        set().prop_map(SearchKey::Uid),
        system().prop_map(SearchKey::Flag),
        system().prop_map(SearchKey::NotFlag),
        keyword().prop_map(SearchKey::Keyword),
        keyword().prop_map(SearchKey::NotKeyword),
        day().prop_map(SearchKey::Before),
        day().prop_map(SearchKey::On),
        day().prop_map(SearchKey::Since),
        day().prop_map(SearchKey::SentBefore),
        day().prop_map(SearchKey::SentOn),
        day().prop_map(SearchKey::SentSince),
        size().prop_map(SearchKey::Larger),
        size().prop_map(SearchKey::Smaller),
        (text(), text()).prop_map(|(name, value)| SearchKey::Header(name, value)),
        text().prop_map(SearchKey::Body),
        text().prop_map(SearchKey::Text),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|key| SearchKey::Not(Box::new(key))),
            (inner.clone(), inner.clone())
                .prop_map(|(first, second)| SearchKey::Or(Box::new(first), Box::new(second))),
            vec(inner, 1..4).prop_map(SearchKey::And),
        ]
    })
}

fn numbering() -> impl Strategy<Value = Numbering> {
    select(vec![Numbering::Sequence, Numbering::Uid])
}

fn account_request() -> impl Strategy<Value = Request> {
    let base64 = option::of("[A-Za-z0-9+/]{0,9}=".prop_map(Secret::new));
    prop_oneof![
        vec((text(), option::of(text())), 0..3).prop_map(Request::Id),
        ("[A-Z0-9-]{1,9}", base64)
            .prop_map(|(mechanism, initial)| Request::Authenticate { mechanism, initial }),
        (text(), "\\PC{0,9}")
            .prop_map(|(user, password)| Request::Login { user, password: Secret::new(password) }),
        select(vec![Request::Capability, Request::Noop, Request::Logout, Request::StartTls]),
    ]
}

fn folder_request() -> impl Strategy<Value = Request> {
    use StatusItem::{Messages, Recent, UidNext, UidValidity, Unseen};
    let items = vec(select(vec![Messages, Recent, UidNext, UidValidity, Unseen]), 1..6);
    let date = (-62_000_000_000i64..250_000_000_000, -1439i16..=1439)
        .prop_map(|(at, offset_minutes)| InternalDate { at: UnixTime(at), offset_minutes });
    let literal = (any::<u64>(), any::<bool>())
        .prop_map(|(size, synchronizing)| LiteralSize { size, synchronizing });
    prop_oneof![
        name().prop_map(Request::Select),
        name().prop_map(Request::Examine),
        name().prop_map(Request::Create),
        name().prop_map(Request::Delete),
        name().prop_map(Request::Subscribe),
        name().prop_map(Request::Unsubscribe),
        (name(), name()).prop_map(|(from, to)| Request::Rename(from, to)),
        (name(), name()).prop_map(|(reference, pattern)| Request::List(reference, pattern)),
        (name(), name()).prop_map(|(reference, pattern)| Request::Lsub(reference, pattern)),
        (name(), items).prop_map(|(folder, items)| Request::Status(folder, items)),
        (name(), flags(), option::of(date), literal).prop_map(|(folder, flags, date, literal)| {
            Request::Append { folder, options: AppendOptions { flags, date }, literal }
        }),
    ]
}

fn message_request() -> impl Strategy<Value = Request> {
    let change = select(vec![FlagChange::Replace, FlagChange::Add, FlagChange::Remove]);
    let charset = option::of("[A-Z0-9-]{1,9}");
    prop_oneof![
        set().prop_map(Request::UidExpunge),
        (numbering(), charset, vec(search_key(), 1..4))
            .prop_map(|(numbering, charset, keys)| Request::Search { numbering, charset, keys }),
        (numbering(), set(), vec(fetch_item(), 1..5))
            .prop_map(|(numbering, set, items)| Request::Fetch { numbering, set, items }),
        (numbering(), set(), change, any::<bool>(), flags()).prop_map(
            |(numbering, set, change, silent, flags)| Request::Store {
                numbering,
                set,
                change,
                silent,
                flags
            }
        ),
        (numbering(), set(), name()).prop_map(|(numbering, set, to)| Request::Copy {
            numbering,
            set,
            to
        }),
        (numbering(), set(), name()).prop_map(|(numbering, set, to)| Request::Move {
            numbering,
            set,
            to
        }),
    ]
}

pub(super) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![account_request(), folder_request(), message_request()]
}

/// The words of the grammar in any order, now and then with other bytes between them.
pub(super) fn almost_a_command() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: [&str; 42] = [
        "a",
        "+",
        " ",
        " ",
        " ",
        " ",
        "\"",
        "\\",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        "{",
        "}",
        "{1}\r\n",
        "{2+}\r\n",
        "{9}",
        "*",
        ":",
        ",",
        ".",
        "1",
        "0",
        "4294967295",
        "FETCH",
        "BODY",
        "BODY[",
        "HEADER.FIELDS",
        "SEARCH",
        "OR",
        "NOT",
        "UID",
        "FROM",
        "1-Feb-1994",
        "STORE",
        "FLAGS",
        "APPEND",
        "LIST",
        "&",
        "-",
    ];
    let word = prop_oneof![
        9 => select(WORDS.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ];
    (
        select(vec!["", "a FETCH 1 ", "a UID SEARCH ", "a STORE 1 ", "a ", "a LIST "]),
        vec(word, 0..20),
    )
        .prop_map(|(start, words)| [start.as_bytes().to_vec(), words.concat()].concat())
}

/// What `request` is when it is sent and read back.
fn reread(request: &Request) -> Request {
    let is_append = matches!(request, Request::Append { .. });
    let mut command = b"a ".to_vec();
    command.extend(print(request));
    if is_append {
        command.extend_from_slice(b"\r\n");
    }
    match parse(&command, is_append) {
        Ok((_, request)) => request,
        Err(stopped) => panic!("{}: {stopped:?}", String::from_utf8_lossy(&command)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_printed_is_parsed_to_the_same(request in request()) {
        let again = reread(&request);
        prop_assert_eq!(format!("{:?}", again), format!("{:?}", request));
        prop_assert_eq!(print(&again), print(&request));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200), announced: bool) {
        let _ = parse(&bytes, announced);
    }

    #[test]
    fn no_words_make_it_panic(bytes in almost_a_command(), announced: bool) {
        match parse(&bytes, announced) {
            Ok((_, request)) => {
                let again = reread(&request);
                prop_assert_eq!(print(&again), print(&request));
            }
            Err(stopped) => {
                if let super::lexer::Stop::Bad(error) = stopped.stop {
                    prop_assert!((1..=bytes.len() + 1).contains(&error.position), "{}", error);
                }
            }
        }
    }

    #[test]
    fn every_prefix_is_refused_or_another_command(request in request(), part in 0.0..1.0f64) {
        let command = [b"a ", &print(&request)[..]].concat();
        let _ = parse(&command[..(command.len() as f64 * part) as usize], false);
    }
}
