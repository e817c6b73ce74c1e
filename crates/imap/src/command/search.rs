//! SEARCH and UID SEARCH: which messages fit (RFC 3501 §6.4.4).
//!
//! Each message is judged by what is cheapest to know first: the view, then flags, size and date, then
//! the digest, the header, the body. Only messages still undecided are looked at more closely. Digests and headers
//! are judged where they are read; of bodies only the text is looked at, part by part.
//!
//! Numbers of messages that do not exist fit nothing; unlike elsewhere they are no error, since
//! clients search `1:*` in empty folders.

mod condition;
mod evidence;
mod headers;

use super::Outcome;
use super::fetch::{Stored, read_group};
use crate::batch::{Batch, batches};
use crate::dialogue::Talk;
use crate::error::Failure;
use crate::reply::{Code, Reply};
use crate::selected::Selected;
use crate::state::State;
use crate::view::seq_at;
use crate::wire::request::{Numbering, SearchKey};
use crate::wire::writer;
use carrier::{Host, Output, Over};
use condition::Program;
use evidence::{Evidence, Seen};
use futures::future::join;
use futures::stream::{self, StreamExt, TryStreamExt};
use headers::{Candidate, Headers};
use message::Span;
use message::search::{SearchedHeader, pieces};
use std::ops::Range;
use std::sync::Arc;
use std::task::Poll;
use storage::{Entry, EntryQuery, Room, Storage};
use terms::Uid;

/// Messages judged at a time by their entries alone.
const MANY: usize = 500;
/// So many times as many are on their way through the judgements: a processor that is done with one finds another.
const AT_A_TIME: usize = 3;
/// Messages judged at a time with their digests.
const FEW: usize = 100;
/// Bytes of a header that are looked at: no honest one is larger, and looking takes the thread.
const HEADER: u64 = 256 * 1024;
/// Numbers said at a time.
const NUMBERS: usize = 4000;

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &mut State,
    numbering: Numbering,
    charset: Option<String>,
    keys: Vec<SearchKey>,
) -> Outcome {
    let selected = state.selected()?;
    if !matches!(charset.as_deref(), None | Some("US-ASCII" | "UTF-8")) {
        let text = "Only US-ASCII and UTF-8 are understood";
        return Err(Reply::no(text).with(Code::BadCharset).into());
    }
    let program = Arc::new(Program::new(keys, &selected.view)?);
    let found = find(talk.storage(), selected, &program).await?;
    say(&mut talk.output, selected, numbering, &found).await?;
    Ok(Reply::ok("That is all"))
}

/// The places of the messages that fit, ascending.
async fn find(
    storage: &Storage,
    selected: &Selected,
    program: &Arc<Program>,
) -> Result<Vec<usize>, Failure> {
    let everything = 0..selected.view.count();
    let batches = batches(std::slice::from_ref(&everything), MANY);
    // While one batch is judged, the next is read.
    let mut judged = stream::iter(batches)
        .map(|batch| find_in(storage, selected, program, batch))
        .buffered(AT_A_TIME);
    let mut found = Vec::new();
    while let Some(mut some) = judged.try_next().await? {
        some.sort_unstable();
        found.append(&mut some);
    }
    Ok(found)
}

/// The places of the messages in a batch that fit.
async fn find_in(
    storage: &Storage,
    selected: &Selected,
    program: &Arc<Program>,
    batch: Batch,
) -> Result<Vec<usize>, Failure> {
    // Judging takes time even where nothing is read: others want their turn.
    yield_now().await;
    let mut sieve = Sieve::default();
    for place in batch.places() {
        let evidence = Evidence::new(Seen::of(&selected.view, place));
        sieve.judge(place, program.judge(&evidence));
    }
    let candidates = by_entries(storage, selected, program, &mut sieve).await?;
    by_headers(storage, selected, program, candidates, &mut sieve).await?;
    by_messages(storage, selected, program, &mut sieve).await?;
    Ok(sieve.fitting)
}

/// Decides what can be decided by flags, size and date; answers what is left.
async fn by_entries(
    storage: &Storage,
    selected: &Selected,
    program: &Program,
    sieve: &mut Sieve,
) -> Result<Vec<Candidate>, Failure> {
    let undecided = std::mem::take(&mut sieve.undecided);
    let seen = |place| Seen::of(&selected.view, place);
    if !program.asks_for_entry() {
        let candidate = |place| Candidate { place, seen: seen(place), entry: None };
        return Ok(undecided.into_iter().flatten().map(candidate).collect());
    }
    let mut candidates = Vec::new();
    for batch in batches(&undecided, MANY) {
        for (place, entry) in batch.read(storage, selected, EntryQuery::Plain).await? {
            let candidate = Candidate { place, seen: seen(place), entry: Some(entry) };
            match program.judge(&candidate.evidence()) {
                Some(true) => sieve.fitting.push(place),
                Some(false) => {}
                None => candidates.push(candidate),
            }
        }
    }
    Ok(candidates)
}

/// Decides what can be decided by digests and headers.
async fn by_headers(
    storage: &Storage,
    selected: &Selected,
    program: &Arc<Program>,
    candidates: Vec<Candidate>,
    sieve: &mut Sieve,
) -> Result<(), Failure> {
    let (Some(first), Some(last)) = (candidates.first(), candidates.last()) else {
        return Ok(());
    };
    if !program.asks_when_sent() && !program.asks_for_header() {
        candidates.iter().for_each(|candidate| sieve.judge(candidate.place, None));
        return Ok(());
    }
    let Some(uids) = selected.view.span(first.place..last.place + 1) else { return Ok(()) };
    let headers = Headers::new(Arc::clone(program), candidates);
    let headers = storage.examine(&selected.login, selected.folder, uids, headers).await?;
    sieve.fitting.extend(headers.fitting);
    headers.undecided.into_iter().for_each(|place| sieve.judge(place, None));
    Ok(())
}

/// Decides the rest, message by message; those that follow are read meanwhile.
async fn by_messages(
    storage: &Storage,
    selected: &Selected,
    program: &Program,
    sieve: &mut Sieve,
) -> Result<(), Failure> {
    let undecided = std::mem::take(&mut sieve.undecided);
    // Most of a small message is looked at anyway.
    let whole = |entry: &Entry| Some(Span::new(0, entry.blob.size));
    for batch in batches(&undecided, FEW) {
        let entries = batch.read(storage, selected, EntryQuery::WithDigest).await?;
        let mut entries = entries.into_iter().peekable();
        let mut group = read_group(storage, selected, &mut entries, whole).await;
        while !group.is_empty() {
            let judging = async {
                for (place, entry, ahead) in group {
                    let stored = Stored::new(storage, selected, &entry).with_ahead(ahead);
                    if by_message(stored, program, place).await? {
                        sieve.fitting.push(place);
                    }
                }
                Ok::<_, Failure>(())
            };
            let reading = read_group(storage, selected, &mut entries, whole);
            let (judged, next) = join(judging, reading).await;
            judged?;
            group = next;
        }
    }
    Ok(())
}

/// Decides by what the message says.
async fn by_message(stored: Stored<'_>, program: &Program, place: usize) -> Result<bool, Failure> {
    let structure = match stored.structure().await {
        Ok(structure) => structure,
        Err(failure) => return unreadable_is_no_match(failure),
    };
    let evidence = Evidence::new(Seen::of(&stored.selected.view, place))
        .with_entry(stored.entry)
        .with_envelope(&structure.envelope);
    if let Some(verdict) = program.judge(&evidence) {
        return Ok(verdict);
    }
    let header = match stored.bytes(beginning(structure.root.header())).await {
        Ok(header) => header,
        Err(failure) => return unreadable_is_no_match(failure),
    };
    let header = SearchedHeader::new(&header);
    let evidence = evidence.with_header(&header);
    if let Some(verdict) = program.judge(&evidence) {
        return Ok(verdict);
    }
    // Which of the texts looked for were found in the body so far.
    let mut in_body = program.found_in_nothing();
    for piece in pieces(&structure) {
        if in_body.iter().all(|found| *found) {
            break;
        }
        let span = if piece.is_header() { beginning(piece.span()) } else { piece.span() };
        let _room = Room::of(span.len()).await;
        let bytes = match stored.bytes(span).await {
            Ok(bytes) => bytes,
            Err(failure) => return unreadable_is_no_match(failure),
        };
        let mut hunt = piece.hunt(&bytes);
        while !in_body.iter().all(|found| *found) && hunt.go_on(program.needles(), &mut in_body) {
            // A piece may be as large as a message: others want their turn.
            yield_now().await;
        }
    }
    Ok(program.judge(&evidence.with_body(&in_body)).unwrap_or(false))
}

/// As much of a header as is looked at.
fn beginning(header: Span) -> Span {
    Span::new(header.start, header.end.min(header.start.saturating_add(HEADER)))
}

/// A message that another session expunges while it is read, or that is damaged, fits nothing.
fn unreadable_is_no_match(failure: Failure) -> Result<bool, Failure> {
    if failure.concerns_one_thing() { Ok(false) } else { Err(failure) }
}

/// Messages on their way through the judgements.
#[derive(Debug, Default)]
struct Sieve {
    fitting: Vec<usize>,
    undecided: Vec<Range<usize>>,
}

impl Sieve {
    fn judge(&mut self, place: usize, verdict: Option<bool>) {
        match verdict {
            Some(true) => self.fitting.push(place),
            Some(false) => {}
            None => match self.undecided.last_mut() {
                Some(last) if last.end == place => last.end += 1,
                _ => self.undecided.push(place..place + 1),
            },
        }
    }
}

/// `* SEARCH 2 84 882`
async fn say(
    output: &mut Output,
    selected: &Selected,
    numbering: Numbering,
    found: &[usize],
) -> Result<(), Over> {
    let mut line = b"* SEARCH".to_vec();
    for slice in found.chunks(NUMBERS) {
        for place in slice {
            let number = match numbering {
                Numbering::Sequence => seq_at(*place).map(|seq| seq.value()),
                Numbering::Uid => selected.view.at(*place).map(Uid::value),
            };
            if let Some(number) = number {
                line.push(b' ');
                writer::number(&mut line, number.into());
            }
        }
        output.room().await?;
        output.say_part(&std::mem::take(&mut line));
    }
    line.extend_from_slice(b"\r\n");
    output.say(&line);
    Ok(())
}

/// Lets the rest of the connection, and other connections, have their turn.
async fn yield_now() {
    let mut waited = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
