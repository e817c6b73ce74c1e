//! Judging by digests and headers, on storage's thread: nothing of most messages is handed over.

use super::HEADER;
use super::condition::Program;
use super::evidence::{Evidence, Seen};
use message::search::SearchedHeader;
use message::{Envelope, header_span};
use std::ops::Range;
use std::sync::Arc;
use storage::{Entry, Examiner, StorageError};
use terms::Uid;

/// A message that is still undecided.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) place: usize,
    pub(super) seen: Seen,
    /// Read only if a condition is about it.
    pub(super) entry: Option<Entry>,
}

impl Candidate {
    pub(super) fn evidence(&self) -> Evidence<'_> {
        let evidence = Evidence::new(self.seen);
        match &self.entry {
            Some(entry) => evidence.with_entry(entry),
            None => evidence,
        }
    }
}

/// Looks at the candidates among the messages that it is shown.
#[derive(Debug)]
pub(super) struct Headers {
    program: Arc<Program>,
    /// Ascending.
    candidates: Vec<Candidate>,
    /// The candidate that comes next, or is being looked at.
    at: usize,
    /// The date of the one that is being looked at.
    envelope: Option<Envelope>,
    pub(super) fitting: Vec<usize>,
    /// Their bodies must be looked at, or something is wrong with them.
    pub(super) undecided: Vec<usize>,
}

impl Headers {
    pub(super) fn new(program: Arc<Program>, candidates: Vec<Candidate>) -> Self {
        let (fitting, undecided) = (Vec::new(), Vec::new());
        Self { program, candidates, at: 0, envelope: None, fitting, undecided }
    }

    fn note(&mut self, verdict: Option<bool>) {
        let place = self.candidates[self.at].place;
        match verdict {
            Some(true) => self.fitting.push(place),
            Some(false) => {}
            None => self.undecided.push(place),
        }
    }
}

impl Examiner for Headers {
    fn range(&mut self, uid: Uid, digest: &[u8]) -> Option<Range<u64>> {
        // Those before it that were not shown are gone, and fit nothing.
        let before = self.candidates[self.at..].partition_point(|it| it.seen.uid < uid.value());
        self.at += before;
        let candidate = self.candidates.get(self.at)?;
        if candidate.seen.uid != uid.value() {
            return None;
        }
        self.envelope = None;
        if self.program.asks_when_sent() {
            let verdict = match Envelope::decode(digest) {
                Ok(envelope) => {
                    let envelope = self.envelope.insert(envelope);
                    self.program.judge(&candidate.evidence().with_envelope(envelope))
                }
                Err(_) => {
                    self.note(None);
                    return None;
                }
            };
            if verdict.is_some() || !self.program.asks_for_header() {
                self.note(verdict);
                return None;
            }
        }
        match header_span(digest) {
            Ok(header) => Some(header.start..header.end.min(header.start.saturating_add(HEADER))),
            Err(_) => {
                self.note(None);
                None
            }
        }
    }

    fn look(&mut self, bytes: Result<&[u8], StorageError>) {
        // What cannot be read is looked at once more, alone.
        let verdict = bytes.ok().and_then(|bytes| {
            let header =
                SearchedHeader::with_fields(bytes, |name| self.program.asks_for_field(name));
            let evidence = self.candidates[self.at].evidence();
            let evidence = match &self.envelope {
                Some(envelope) => evidence.with_envelope(envelope),
                None => evidence,
            };
            self.program.judge(&evidence.with_header(&header))
        });
        self.note(verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::View;
    use crate::wire::request::{Day, SearchKey};
    use message::Structure;
    use storage::UidRuns;
    use terms::ModSeq;

    const MESSAGES: [&str; 4] = [
        "Subject: hello\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\nx",
        "Subject: other\r\nSubject: hello again\r\nDate: Sun, 29 Nov 2026 10:00:00 +0000\r\n\r\nx",
        "X: y\r\n\r\nhello",
        "",
    ];

    /// Which of the messages, as UIDs 10 to 40, fit, and which stay undecided. Candidates are all but UID 40.
    fn check(keys: Vec<SearchKey>, fitting: &[usize], undecided: &[usize]) {
        let uids: Vec<Uid> = (1..=4).filter_map(|number| Uid::new(number * 10)).collect();
        let view = View::new(&UidRuns::of(uids.clone()), Uid::MIN, ModSeq(1), Vec::new());
        let program = Arc::new(Program::new(keys.clone(), &view).unwrap());
        let candidate = |place| Candidate { place, seen: Seen::of(&view, place), entry: None };
        let mut headers = Headers::new(program, (0..3).map(candidate).collect());
        for (uid, text) in uids.iter().zip(MESSAGES) {
            let digest = Structure::scan(text.as_bytes()).encode();
            if let Some(range) = headers.range(*uid, &digest) {
                let bytes = &text.as_bytes()[range.start as usize..range.end as usize];
                headers.look(Ok(bytes));
            }
        }
        assert_eq!(
            (headers.fitting, headers.undecided),
            (fitting.into(), undecided.into()),
            "{keys:?}"
        );
    }

    #[test]
    fn judged_by_header_and_digest() {
        use SearchKey as K;
        let header = |name: &str, text: &str| K::Header(name.into(), text.into());
        let day = |day| Day { year: 2026, month: 11, day };
        check(vec![header("subject", "HELLO")], &[0, 1], &[]);
        check(vec![header("subject", "")], &[0, 1], &[]);
        check(vec![header("x", "y")], &[2], &[]);
        check(vec![K::Not(Box::new(header("x", "y")))], &[0, 1], &[]);
        check(vec![K::SentOn(day(22))], &[0], &[]);
        check(vec![K::SentSince(day(22)), header("subject", "again")], &[1], &[]);
        check(vec![K::Text("hello".into())], &[0, 1], &[2]);
        check(vec![K::Body("hello".into()), K::SentOn(day(22))], &[], &[0]);
        check(vec![K::Body("hello".into())], &[], &[0, 1, 2]);
    }

    #[test]
    fn what_is_gone_is_passed_over_and_what_is_odd_left() {
        let uids: Vec<Uid> = (1..=3).filter_map(Uid::new).collect();
        let view = View::new(&UidRuns::of(uids.clone()), Uid::MIN, ModSeq(1), Vec::new());
        let keys = vec![SearchKey::Header(b"subject".to_vec(), Vec::new())];
        let program = Arc::new(Program::new(keys, &view).unwrap());
        let candidate = |place| Candidate { place, seen: Seen::of(&view, place), entry: None };
        let mut headers = Headers::new(program, (0..3).map(candidate).collect());
        let digest = Structure::scan(b"Subject: x\r\n\r\n").encode();
        assert_eq!(headers.range(uids[1], b"no digest"), None);
        assert!(headers.range(uids[2], &digest).is_some());
        headers.look(Err(StorageError::Corrupt("damaged".into())));
        assert_eq!((headers.fitting, headers.undecided), (vec![], vec![1, 2]));
    }
}
