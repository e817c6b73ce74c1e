//! Judging with more and more evidence.

use super::*;
use crate::command::search::evidence::Seen;
use bytes::Bytes;
use message::Envelope;
use message::search::SearchedHeader;
use storage::{BlobRef, UidRuns};
use terms::{Flags, InternalDate, ModSeq, Uid, UnixTime};

fn view() -> View {
    let uids: Vec<Uid> = [10, 20, 30].into_iter().filter_map(Uid::new).collect();
    View::new(&UidRuns::of(uids), Uid::new(30).unwrap(), ModSeq(1), Vec::new())
}

fn entry() -> Entry {
    Entry {
        uid: Uid::new(20).unwrap(),
        mod_seq: ModSeq(1),
        flags: [SystemFlag::Seen].into_iter().collect::<Flags>(),
        // 2026-11-22 23:30 where it arrived, the next day in UTC.
        internal_date: InternalDate { at: UnixTime(1_795_393_800), offset_minutes: -60 },
        blob: BlobRef { segment: 0, offset: 0, size: 100 },
        digest: Bytes::new(),
    }
}

fn text(words: &str) -> Vec<u8> {
    words.as_bytes().to_vec()
}

/// The verdicts on the second of three messages, as evidence grows: by the view, the entry, the
/// envelope, the header, the body. `.` stands for not yet known.
fn verdicts(keys: Vec<SearchKey>) -> String {
    let view = view();
    let program = Program::new(keys, &view).unwrap();
    let entry = entry();
    let header = &SearchedHeader::new(b"Subject: hello\r\n\r\n");
    let found: Vec<bool> = program.needles().map(|needle| needle.is_in("the body")).collect();
    let seen = Evidence::new(Seen::of(&view, 1));
    let mut steps = vec![seen, seen.with_entry(&entry)];
    let seen = seen.with_entry(&entry).with_envelope(&Envelope::default());
    steps.extend([seen, seen.with_header(header), seen.with_header(header).with_body(&found)]);
    let verdict = |evidence: &Evidence<'_>| match program.judge(evidence) {
        None => '.',
        Some(true) => 'y',
        Some(false) => 'n',
    };
    steps.iter().map(verdict).collect()
}

#[test]
fn judged_as_early_as_possible() {
    use SearchKey as K;
    let check = |keys: Vec<SearchKey>, expected: &str| {
        assert_eq!(verdicts(keys.clone()), expected, "{keys:?}");
    };
    let seen = || K::Flag(SystemFlag::Seen);
    let body = |words: &str| K::Body(text(words));
    let day = |day| Day { year: 2026, month: 11, day };
    check(vec![K::All], "yyyyy");
    check(vec![K::Recent], "nnnnn");
    check(vec![seen()], ".yyyy");
    check(vec![K::Not(Box::new(seen()))], ".nnnn");
    check(vec![K::On(day(22))], ".yyyy");
    check(vec![K::Before(day(22))], ".nnnn");
    check(vec![K::Since(day(23))], ".nnnn");
    check(vec![K::Larger(99), K::Smaller(101)], ".yyyy");
    check(vec![K::Larger(100)], ".nnnn");
    check(vec![K::SentOn(day(22))], "..nnn");
    check(vec![K::Not(Box::new(K::SentOn(day(22))))], "..yyy");
    check(vec![K::Header(text("subject"), text("HELL"))], "...yy");
    check(vec![K::Text(text("hello"))], "...yy");
    check(vec![K::Text(text("body"))], "....y");
    check(vec![body("body"), body("elsewhere")], "....n");
    // What is cheap settles it, wherever it stands.
    check(vec![body("body"), K::Recent], "nnnnn");
    check(vec![body("body"), K::NotFlag(SystemFlag::Seen)], ".nnnn");
    check(vec![K::Or(Box::new(body("body")), Box::new(seen()))], ".yyyy");
    check(vec![K::Or(Box::new(body("body")), Box::new(K::Recent))], "....y");
    check(vec![K::Not(Box::new(K::And(vec![seen(), body("no")])))], "....y");
    check(vec![K::New], "nnnnn");
    check(vec![K::Old], "yyyyy");
}

#[test]
fn only_utf_8_is_understood() {
    for key in [SearchKey::Body(vec![0xe9]), SearchKey::Header(text("subject"), vec![0xe9])] {
        let refused = Program::new(vec![key], &view()).unwrap_err();
        assert!(refused.has(&Code::BadCharset));
    }
}

#[test]
fn more_texts_than_any_client_looks_for_are_refused() {
    let keys = |count| vec![SearchKey::Text(text("hello")); count];
    assert!(Program::new(keys(MOST_TEXTS), &view()).is_ok());
    let one_more = [keys(MOST_TEXTS), vec![SearchKey::Header(text("To"), text("x"))]].concat();
    let refusal = Program::new(one_more, &view()).unwrap_err();
    assert_eq!(refusal, Reply::no("Too many texts to look for").with(Code::Limit));
}
