//! FETCH and UID FETCH: what messages are and hold (RFC 3501 §6.4.5).
//!
//! Answers come in slices, bodies in chunks: however much is asked for, little is held. Only what an
//! item needs is read: flags, dates and sizes without the digest, structures and envelopes from the
//! digest, headers and bodies as the range of the message that was asked for.

mod ahead;
mod answer;
mod body;
mod plan;

use super::Outcome;
use crate::batch::batches;
use crate::dialogue::Talk;
use crate::error::Failure;
use crate::reply::Reply;
use crate::selected::{Access, Selected, gone};
use crate::state::State;
use crate::wire::request::{FetchItem, Numbering, SequenceSet};
use ahead::needed;
pub(super) use ahead::read_group;
use answer::{Answers, ShowFlags};
pub(super) use body::Stored;
use carrier::Host;
use futures::future::join;
use plan::{Plan, Reading};
use std::collections::BTreeSet;
use storage::{Entry, Storage};
use terms::{FlagChange, Flags, SystemFlag, Uid};

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &mut State,
    numbering: Numbering,
    set: SequenceSet,
    items: Vec<FetchItem>,
) -> Outcome {
    let selected = state.selected()?;
    let places = selected.places(numbering, &set)?;
    let plan = Plan::new(items, numbering);
    let Talk { output, context, .. } = talk;
    let storage = &context.storage;

    let mut answers = Answers::new(output);
    if plan.asks_for_uids_alone() {
        // The client's own knowledge: even what was expunged meanwhile keeps its UID until it is told.
        for place in places.into_iter().flatten() {
            answers.uid(place, &selected.view).await?;
        }
        answers.finish().await?;
        return Ok(Reply::ok("That is all"));
    }
    let mut missing = 0;
    let mut unreadable = None;
    for batch in batches(&places, plan.batch_size()) {
        let mut entries = batch.read(storage, selected, plan.query()).await?;
        missing += batch.count() - entries.len().min(batch.count());
        let newly_seen = match plan.reading() {
            Reading::Peeks => BTreeSet::new(),
            Reading::Reads => mark_seen(storage, selected, &mut entries).await?,
        };
        let shows_flags = |entry: &Entry| plan.shows_flags() || newly_seen.contains(&entry.uid);
        let shown = entries.iter().map(|(_, entry)| entry).filter(|entry| shows_flags(entry));
        // A keyword is announced before it is first shown (RFC 3501 §7.2.6).
        if selected.view.learn_all_keywords(shown.map(|entry| &entry.flags)) {
            answers.announce(&selected.flag_lists());
        }
        let needs = |entry: &Entry| needed(storage, selected, &plan, entry);
        let mut entries = entries.into_iter().peekable();
        let mut group = read_group(storage, selected, &mut entries, needs).await;
        while !group.is_empty() {
            let answering = async {
                for (place, entry, ahead) in group {
                    let show_flags = match newly_seen.contains(&entry.uid) {
                        true => ShowFlags::Always,
                        false => ShowFlags::AsAsked,
                    };
                    let stored = Stored::new(storage, selected, &entry).with_ahead(ahead);
                    match answers.answer(stored, &plan, place, show_flags).await {
                        Ok(()) => {}
                        // It was expunged after its entry was read.
                        Err(failure) if failure.is_of_something_gone() => missing += 1,
                        // One damaged message must not hide the others.
                        Err(failure) if failure.concerns_one_thing() => unreadable = Some(failure),
                        Err(failure) => return Err(failure),
                    }
                }
                Ok(())
            };
            // The next are read while these are answered with.
            let reading = read_group(storage, selected, &mut entries, needs);
            let (answered, next) = join(answering, reading).await;
            answered?;
            group = next;
        }
    }
    answers.finish().await?;
    if let Some(failure) = unreadable {
        return Err(failure);
    }
    match numbering {
        Numbering::Sequence if missing > 0 => Err(gone().into()),
        _ => Ok(Reply::ok("That is all")),
    }
}

/// Marks entries `\Seen` before they are shown, and says which of them were not. Their flags are told
/// with their answers (RFC 3501 §6.4.5: "they SHOULD be included").
async fn mark_seen(
    storage: &Storage,
    selected: &mut Selected,
    entries: &mut [(usize, Entry)],
) -> Result<BTreeSet<Uid>, Failure> {
    let unseen = entries.iter().filter(|(_, entry)| !entry.flags.has(SystemFlag::Seen));
    let unseen: Vec<Uid> = unseen.map(|(_, entry)| entry.uid).collect();
    if unseen.is_empty() || selected.access() == Access::ReadOnly {
        return Ok(BTreeSet::new());
    }
    let (login, folder) = (&selected.login, selected.folder);
    let seen: Flags = [SystemFlag::Seen].into_iter().collect();
    let marked = storage.set_flags(login, folder, unseen, FlagChange::Add, seen, None).await;
    let outcome = match marked.map_err(Failure::from) {
        Ok(outcome) => outcome,
        Err(end @ Failure::End(_)) => return Err(end),
        // A full disk is no reason not to show mail.
        Err(Failure::Refused(_)) => return Ok(BTreeSet::new()),
    };
    selected.view.note_own(&outcome);
    let mut changed = BTreeSet::new();
    for update in outcome.updates {
        let found = entries.binary_search_by_key(&update.uid, |(_, entry)| entry.uid);
        if let Some((_, entry)) = found.ok().and_then(|index| entries.get_mut(index)) {
            entry.flags = update.flags;
            changed.insert(update.uid);
        }
    }
    Ok(changed)
}
