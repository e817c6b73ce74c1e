//! What is known of large folders from earlier, so that opening one again need not read all of its entries. What it
//! takes to read them is the engines' (their modules `mail::known`).
//!
//! Invariant: what is known of a folder as of a mod-sequence is what its rows said then. Each change of entries
//! has a mod-sequence of its own, so a folder whose mod-sequence is still that one is still so; and of any
//! other, what changed since is read and applied.

use crate::runs::{UidRuns, runs};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use terms::{FolderId, ModSeq, Uid};

/// Memory for all folders.
const BYTES_BOUND: u64 = 16 * 1024 * 1024;
/// Folders smaller than this are read each time.
const LEAST: u32 = 500;
/// Changes read and applied; when there are as many or more, the folder is read anew.
pub(crate) const CHANGES_BOUND: usize = 2000;

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Known {
    folders: Cache<FolderId, Arc<KnownFolder>, Weight>,
}

/// A folder as of a mod-sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    /// That mod-sequence.
    pub(crate) as_of: ModSeq,
    /// UIDs of all entries.
    pub(crate) uids: Runs,
    /// The same of entries without `\Seen`.
    pub(crate) unseen: Runs,
}

/// First and last of each run of UIDs, ascending.
pub(crate) type Runs = Vec<(Uid, Uid)>;

/// A folder that something is known of.
#[derive(Debug)]
pub(crate) struct KnownFolder {
    pub(crate) outline: Outline,
    /// Changes since the outline that is stored for the next start, if the engine stores any.
    pub(crate) unstored: usize,
}

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<FolderId, Arc<KnownFolder>> for Weight {
    fn weight(&self, _: &FolderId, folder: &Arc<KnownFolder>) -> u64 {
        (folder.outline.uids.len() + folder.outline.unseen.len()) as u64 * 8 + 128
    }
}

impl Default for Known {
    fn default() -> Self {
        Self { folders: Cache::with_weighter(1000, BYTES_BOUND, Weight) }
    }
}

/// A folder about which something may be known, as a picture of the store has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Which.
    pub(crate) id: FolderId,
    /// How many entries it has.
    pub(crate) messages: u32,
    /// Its latest change.
    pub(crate) now: ModSeq,
    /// Which UIDs left up to this change may have been forgotten.
    pub(crate) floor: ModSeq,
}

/// UIDs of a folder, ascending, and which of them comes first without `\Seen`.
pub(crate) type Uids = (UidRuns, Option<Uid>);

/// A folder's UIDs, and those of its entries without `\Seen`; both ascending.
pub(crate) type AllAndUnseen = (Vec<Uid>, Vec<Uid>);

/// What is known of a folder.
#[derive(Debug)]
pub(crate) enum Knowledge {
    /// All.
    All(Uids),
    /// How it was before the changes since its outline.
    Earlier(Arc<KnownFolder>),
    /// Nothing that helps.
    Nothing,
}

impl Known {
    /// What is known of the folder.
    pub(crate) fn of(&self, asked: Asked) -> Knowledge {
        if asked.messages < LEAST {
            return Knowledge::Nothing;
        }
        match self.folders.get(&asked.id) {
            Some(folder) if folder.outline.as_of == asked.now => {
                let first_unseen = folder.outline.unseen.first().map(|(first, _)| *first);
                Knowledge::All((UidRuns(folder.outline.uids.clone()), first_unseen))
            }
            Some(folder) if folder.outline.helps(asked) => Knowledge::Earlier(folder),
            _ => Knowledge::Nothing,
        }
    }

    /// Remembers a large folder.
    pub(crate) fn learn(&self, id: FolderId, folder: KnownFolder) {
        let as_of = folder.outline.as_of;
        // Another reader may know better.
        if self.folders.peek(&id).is_none_or(|other| other.outline.as_of < as_of) {
            self.folders.insert(id, Arc::new(folder));
        }
    }
}

impl Asked {
    /// Whether to remember it.
    pub(crate) fn is_large(&self) -> bool {
        self.messages >= LEAST
    }
}

impl Outline {
    /// The folder as it is now.
    pub(crate) fn new(as_of: ModSeq, uids: &UidRuns, unseen: Vec<Uid>) -> Self {
        Self { as_of, uids: uids.0.clone(), unseen: runs(unseen) }
    }

    /// Whether what changed since can still be told.
    pub(crate) fn helps(&self, asked: Asked) -> bool {
        self.as_of <= asked.now && self.as_of >= asked.floor
    }

    /// What became of it: `changed` are the entries that came or changed since, and whether each is without
    /// `\Seen`; `gone` the runs of UIDs that left, both as read with [`CHANGES_BOUND`]. With how many changes that
    /// were. None: too much happened.
    pub(crate) fn followed(
        &self,
        mut changed: Vec<(Uid, bool)>,
        mut gone: Vec<(Uid, Uid)>,
    ) -> Option<(AllAndUnseen, usize)> {
        let changes = changed.len() + gone.len();
        if changed.len() >= CHANGES_BOUND || gone.len() >= CHANGES_BOUND {
            return None;
        }
        changed.sort_unstable();
        gone.sort_unstable();
        let now: Vec<Uid> = changed.iter().map(|(uid, _)| *uid).collect();
        let unseen = changed.iter().filter(|(_, unseen)| *unseen);
        let now_unseen: Vec<Uid> = unseen.map(|(uid, _)| *uid).collect();
        let uids = replaced(&self.uids, &gone, &[], &now);
        let unseen = replaced(&self.unseen, &gone, &now, &now_unseen);
        Some(((uids, unseen), changes))
    }
}

/// What `runs` stand for without `gone` and without `out`, and with `new`; all ascending.
fn replaced(runs: &[(Uid, Uid)], gone: &[(Uid, Uid)], out: &[Uid], new: &[Uid]) -> Vec<Uid> {
    let mut uids = expand(runs);
    if !gone.is_empty() {
        let is_gone = |uid: &Uid| {
            let before = gone.partition_point(|(first, _)| first <= uid);
            before > 0 && gone[before - 1].1 >= *uid
        };
        uids.retain(|uid| !is_gone(uid));
    }
    if !out.is_empty() {
        uids.retain(|uid| out.binary_search(uid).is_err());
    }
    uids.extend_from_slice(new);
    // Nearly sorted, which this sort is fast at.
    uids.sort();
    uids.dedup();
    uids
}

fn expand(runs: &[(Uid, Uid)]) -> Vec<Uid> {
    let count = runs.iter().map(|(first, last)| (last.value() - first.value()) as usize + 1).sum();
    let mut uids = Vec::with_capacity(count);
    for (first, last) in runs {
        uids.extend((first.value()..=last.value()).filter_map(Uid::new));
    }
    uids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing() {
        let uids = |numbers: &[u32]| -> Vec<Uid> {
            numbers.iter().map(|number| Uid::new(*number).unwrap()).collect()
        };
        let check = |known: &[u32], gone: &[u32], out: &[u32], new: &[u32], expected: &[u32]| {
            let found = replaced(&runs(uids(known)), &runs(uids(gone)), &uids(out), &uids(new));
            assert_eq!(found, uids(expected));
        };
        check(&[], &[], &[], &[], &[]);
        check(&[1, 2, 3, 7], &[], &[], &[], &[1, 2, 3, 7]);
        check(&[1, 2, 3, 7], &[2, 3, 6], &[], &[8, 9], &[1, 7, 8, 9]);
        check(&[1, 2, 3, 7], &[], &[2, 4, 7], &[2, 5], &[1, 2, 3, 5]);
        check(&[1, u32::MAX], &[u32::MAX], &[], &[1], &[1]);
    }
}
