//! Search keys made ready for judging: sets resolved, texts folded, cheap conditions first.

use super::evidence::Evidence;
use crate::reply::{Code, Reply};
use crate::view::{Recent, View};
use crate::wire::request::{Day, SearchKey};
use crate::wire::sequence_set::Ranges;
use message::date::days_from_calendar;
use message::search::Needle;
use storage::Entry;
use terms::{Keyword, SystemFlag};

/// Texts to look for in one SEARCH. Clients have a handful; each costs a look at all of a message.
const MOST_TEXTS: usize = 100;

/// All that a message must fulfil.
#[derive(Debug)]
pub(super) struct Program {
    root: Condition,
    /// Texts that are looked for in bodies.
    needles: Vec<Needle>,
}

/// Judged with what is known: true, false, or not yet known.
#[derive(Debug)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),

    /// Its sequence number is among these.
    Sequence(Ranges),
    /// Its UID is among these.
    Uid(Ranges),
    Recent,

    Flag(SystemFlag),
    Keyword(Keyword),
    /// Its internal date's day is in this relation to that day.
    Arrived(Relation, Day),
    LargerThan(u64),
    SmallerThan(u64),

    /// The day of its Date field is in this relation to that day, counted from 1970-01-01.
    Sent(Relation, i64),

    /// A field of this name contains the text.
    Header(Vec<u8>, Box<Needle>),
    /// Any field contains the needle of that index.
    AnyHeader(usize),
    /// The body contains the needle of that index.
    Body(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Before,
    On,
    Since,
}

impl Relation {
    fn holds<T: Ord>(self, one: &T, other: &T) -> bool {
        match self {
            Relation::Before => one < other,
            Relation::On => one == other,
            Relation::Since => one >= other,
        }
    }
}

impl Program {
    /// Prepares the keys of one SEARCH.
    ///
    /// # Errors
    /// A text that is not in the charset, or too many texts.
    pub(super) fn new(keys: Vec<SearchKey>, view: &View) -> Result<Self, Reply> {
        let mut compiler = Compiler { view, needles: Vec::new(), texts: 0 };
        let root = compiler.all(keys)?;
        if compiler.texts > MOST_TEXTS {
            return Err(Reply::no("Too many texts to look for").with(Code::Limit));
        }
        Ok(Self { root, needles: compiler.needles })
    }

    /// Whether the message fits, if that is known by now.
    pub(super) fn judge(&self, evidence: &Evidence<'_>) -> Option<bool> {
        self.root.judge(evidence, &self.needles)
    }

    /// Whether a condition is about flags, size or internal date.
    pub(super) fn asks_for_entry(&self) -> bool {
        self.root.asks(Cost::Entry)
    }

    /// Whether a condition is about the day of sending.
    pub(super) fn asks_when_sent(&self) -> bool {
        self.root.asks(Cost::Digest)
    }

    /// Whether a condition is about the header.
    pub(super) fn asks_for_header(&self) -> bool {
        self.root.asks(Cost::Header)
    }

    /// Whether a condition is about header fields of that name.
    pub(super) fn asks_for_field(&self, name: &[u8]) -> bool {
        self.root.asks_for_field(name)
    }

    /// The texts that are looked for in bodies.
    pub(super) fn needles(&self) -> impl Iterator<Item = &Needle> {
        self.needles.iter()
    }

    /// What was found before anything was looked at: the empty text alone.
    pub(super) fn found_in_nothing(&self) -> Vec<bool> {
        self.needles.iter().map(Needle::is_empty).collect()
    }
}

struct Compiler<'a> {
    view: &'a View,
    needles: Vec<Needle>,
    /// How many texts there are to look for, in single fields as well.
    texts: usize,
}

impl Compiler<'_> {
    fn all(&mut self, keys: Vec<SearchKey>) -> Result<Condition, Reply> {
        let parts = keys.into_iter().map(|key| self.one(key)).collect::<Result<_, _>>()?;
        Ok(Condition::All(cheapest_first(parts)))
    }

    fn one(&mut self, key: SearchKey) -> Result<Condition, Reply> {
        use Condition as C;
        Ok(match key {
            SearchKey::All => C::All(Vec::new()),
            SearchKey::And(keys) => self.all(keys)?,
            SearchKey::Or(one, other) => {
                C::Any(cheapest_first(vec![self.one(*one)?, self.one(*other)?]))
            }
            SearchKey::Not(key) => C::Not(Box::new(self.one(*key)?)),
            SearchKey::Sequence(set) => {
                C::Sequence(set.resolve(u32::try_from(self.view.count()).unwrap_or(u32::MAX)))
            }
            SearchKey::Uid(set) => C::Uid(set.resolve(self.view.largest_uid())),
            SearchKey::Flag(flag) => C::Flag(flag),
            SearchKey::NotFlag(flag) => not(C::Flag(flag)),
            SearchKey::Keyword(keyword) => C::Keyword(keyword),
            SearchKey::NotKeyword(keyword) => not(C::Keyword(keyword)),
            SearchKey::Recent => C::Recent,
            SearchKey::Old => not(C::Recent),
            SearchKey::New => C::All(vec![C::Recent, not(C::Flag(SystemFlag::Seen))]),
            SearchKey::Before(day) => C::Arrived(Relation::Before, day),
            SearchKey::On(day) => C::Arrived(Relation::On, day),
            SearchKey::Since(day) => C::Arrived(Relation::Since, day),
            SearchKey::SentBefore(day) => sent(Relation::Before, day),
            SearchKey::SentOn(day) => sent(Relation::On, day),
            SearchKey::SentSince(day) => sent(Relation::Since, day),
            SearchKey::Larger(size) => C::LargerThan(size),
            SearchKey::Smaller(size) => C::SmallerThan(size),
            SearchKey::Header(name, text) => {
                self.texts += 1;
                C::Header(name, Box::new(needle(&text)?))
            }
            SearchKey::Body(text) => C::Body(self.add(&text)?),
            SearchKey::Text(text) => {
                let index = self.add(&text)?;
                C::Any(vec![C::AnyHeader(index), C::Body(index)])
            }
        })
    }

    fn add(&mut self, text: &[u8]) -> Result<usize, Reply> {
        self.texts += 1;
        self.needles.push(needle(text)?);
        Ok(self.needles.len() - 1)
    }
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

/// Messages without a readable date were sent on no day. Nor is a day that no calendar has a date.
fn sent(relation: Relation, day: Day) -> Condition {
    match days_from_calendar(day.year.into(), day.month.into(), day.day.into()) {
        Some(days) => Condition::Sent(relation, days),
        None => Condition::Any(Vec::new()),
    }
}

/// US-ASCII is UTF-8 too; both are what a client may send.
fn needle(text: &[u8]) -> Result<Needle, Reply> {
    let text = std::str::from_utf8(text)
        .map_err(|_| Reply::no("What is looked for is not in UTF-8").with(Code::BadCharset))?;
    Ok(Needle::new(text))
}

fn cheapest_first(mut conditions: Vec<Condition>) -> Vec<Condition> {
    conditions.sort_by_key(Condition::cost);
    conditions
}

/// What must be read to judge a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cost {
    Nothing,
    Entry,
    Digest,
    Header,
    Body,
}

impl Condition {
    fn cost(&self) -> Cost {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().map(Condition::cost).max().unwrap_or(Cost::Nothing)
            }
            Condition::Not(part) => part.cost(),
            Condition::Sequence(_) | Condition::Uid(_) | Condition::Recent => Cost::Nothing,
            Condition::Flag(_)
            | Condition::Keyword(_)
            | Condition::Arrived(..)
            | Condition::LargerThan(_)
            | Condition::SmallerThan(_) => Cost::Entry,
            Condition::Sent(..) => Cost::Digest,
            Condition::Header(..) | Condition::AnyHeader(_) => Cost::Header,
            Condition::Body(_) => Cost::Body,
        }
    }

    /// Whether it, or a part of it, needs just that.
    fn asks(&self, what: Cost) -> bool {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().any(|part| part.asks(what))
            }
            Condition::Not(part) => part.asks(what),
            alone => alone.cost() == what,
        }
    }

    fn asks_for_field(&self, name: &[u8]) -> bool {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().any(|part| part.asks_for_field(name))
            }
            Condition::Not(part) => part.asks_for_field(name),
            Condition::Header(wanted, _) => wanted.eq_ignore_ascii_case(name),
            Condition::AnyHeader(_) => true,
            _ => false,
        }
    }

    fn judge(&self, evidence: &Evidence<'_>, needles: &[Needle]) -> Option<bool> {
        let entry = |test: &dyn Fn(&Entry) -> bool| evidence.entry.map(test);
        match self {
            Condition::All(parts) => settle(parts, evidence, needles, false),
            Condition::Any(parts) => settle(parts, evidence, needles, true),
            Condition::Not(part) => part.judge(evidence, needles).map(|verdict| !verdict),
            Condition::Sequence(ranges) => Some(ranges.contains(evidence.seen.seq)),
            Condition::Uid(ranges) => Some(ranges.contains(evidence.seen.uid)),
            Condition::Recent => Some(evidence.seen.recent == Recent::Yes),
            Condition::Flag(flag) => entry(&|entry| entry.flags.has(*flag)),
            Condition::Keyword(keyword) => entry(&|entry| entry.flags.keywords.contains(keyword)),
            Condition::Arrived(relation, day) => {
                entry(&|entry| relation.holds(&Day::of(entry.internal_date), day))
            }
            Condition::LargerThan(size) => entry(&|entry| entry.blob.size > *size),
            Condition::SmallerThan(size) => entry(&|entry| entry.blob.size < *size),
            Condition::Sent(relation, day) => evidence
                .sent
                .map(|sent| sent.is_some_and(|sent| relation.holds(&sent.calendar_day(), day))),
            Condition::Header(name, needle) => {
                evidence.header.map(|header| header.contains(name, needle))
            }
            Condition::AnyHeader(index) => evidence.header.map(|header| {
                let needle = needles.get(*index);
                needle.is_some_and(|needle| header.any_contains(needle))
            }),
            Condition::Body(index) => {
                evidence.body.map(|found| found.get(*index).copied().unwrap_or(false))
            }
        }
    }
}

/// Judges parts until one of them settles the matter by being `decisive`.
fn settle(
    parts: &[Condition],
    evidence: &Evidence<'_>,
    needles: &[Needle],
    decisive: bool,
) -> Option<bool> {
    let mut settled = Some(!decisive);
    for part in parts {
        match part.judge(evidence, needles) {
            Some(verdict) if verdict == decisive => return Some(decisive),
            Some(_) => {}
            None => settled = None,
        }
    }
    settled
}

#[cfg(test)]
mod tests;
