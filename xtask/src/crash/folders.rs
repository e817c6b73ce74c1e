//! What must be in an account's folders: a model of what commands do, down to the UIDs.

use crate::soak::chance::Chance;
use crate::soak::letter::LetterId;
use std::collections::{BTreeMap, BTreeSet};

/// Folders are not filled beyond this.
const MANY: usize = 40;
/// Entries that one command changes, at most.
const SOME: usize = 12;
/// Names for folders that come and go.
const NAMES: [&str; 6] = ["w0", "w1", "w2", "w3", "w4", "w5"];
/// Flags that are set and cleared.
const FLAGS: [&str; 4] = ["\\Seen", "\\Flagged", "\\Deleted", "$Later"];

/// Folders by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folders(pub(super) BTreeMap<String, Folder>);

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folder {
    /// Its UIDVALIDITY, as soon as it was seen.
    pub(super) validity: Option<u32>,
    pub(super) uid_next: u32,
    /// By their UIDs.
    pub(super) entries: BTreeMap<u32, Entry>,
}

/// A message in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) letter: LetterId,
    pub(super) flags: BTreeSet<String>,
}

/// A command that changes something.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Create(String),
    Delete(String),
    Rename(String, String),
    Append { to: String, letter: LetterId, flags: BTreeSet<String> },
    Flag { folder: String, uids: Vec<u32>, flag: String, on: bool },
    Copy { from: String, uids: Vec<u32>, to: String },
    Move { from: String, uids: Vec<u32>, to: String },
    Expunge { folder: String, uids: Vec<u32> },
}

impl Folder {
    fn new() -> Self {
        Self { validity: None, uid_next: 1, entries: BTreeMap::new() }
    }

    fn add(&mut self, entry: Entry) {
        self.entries.insert(self.uid_next, entry);
        self.uid_next += 1;
    }
}

impl Act {
    /// Something that can be done.
    pub(super) fn choose(
        folders: &Folders,
        chance: &mut Chance,
        letter: impl FnOnce() -> LetterId,
    ) -> Self {
        let names: Vec<&String> = folders.0.keys().collect();
        let from = names[chance.below(names.len())].clone();
        let entries = &folders.0[&from].entries;
        let uids = some_of(entries, chance);
        let other = NAMES[chance.below(NAMES.len())].to_owned();
        let is_there = folders.0.contains_key(&other);
        let flag = FLAGS[chance.below(FLAGS.len())].to_owned();
        let to = names[chance.below(names.len())].clone();
        let is_full = |name: &String| folders.0[name].entries.len() >= MANY;
        match chance.below(100) {
            0..4 if !is_there => Act::Create(other),
            0..4 if is_there => Act::Delete(other),
            4..8 if NAMES.contains(&from.as_str()) && !is_there => Act::Rename(from, other),
            8..20 if !uids.is_empty() && !is_full(&to) => Act::Copy { from, uids, to },
            20..35 if !uids.is_empty() && from != to && !is_full(&to) => {
                Act::Move { from, uids, to }
            }
            35..55 if !uids.is_empty() => {
                Act::Flag { folder: from, uids, flag, on: chance.percent(70) }
            }
            55..70 if !entries.is_empty() => {
                let marked = |entry: &&Entry| entry.flags.contains("\\Deleted");
                if entries.values().any(|entry| marked(&entry)) {
                    Act::Expunge { folder: from, uids: entries.keys().copied().collect() }
                } else {
                    Act::Flag { folder: from, uids, flag: "\\Deleted".to_owned(), on: true }
                }
            }
            _ if is_full(&from) => {
                let uids = entries.keys().copied().collect();
                Act::Flag { folder: from, uids, flag: "\\Deleted".to_owned(), on: true }
            }
            _ => {
                let flags = if chance.percent(30) { [flag].into() } else { BTreeSet::new() };
                Act::Append { to: from, letter: letter(), flags }
            }
        }
    }

    /// The folder that must be selected; none: no matter which, but not one that it takes away.
    pub(super) fn selected(&self) -> Option<&str> {
        match self {
            Act::Create(_) | Act::Delete(_) | Act::Rename(..) | Act::Append { .. } => None,
            Act::Flag { folder, .. } | Act::Expunge { folder, .. } => Some(folder),
            Act::Copy { from, .. } | Act::Move { from, .. } => Some(from),
        }
    }

    /// As it is said; a letter to append follows as a literal.
    pub(super) fn command(&self) -> String {
        match self {
            Act::Create(name) => format!("CREATE {name}"),
            Act::Delete(name) => format!("DELETE {name}"),
            Act::Rename(from, to) => format!("RENAME {from} {to}"),
            Act::Append { to, flags, .. } => {
                let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
                format!("APPEND {to} ({})", flags.join(" "))
            }
            Act::Flag { uids, flag, on, .. } => {
                let sign = if *on { '+' } else { '-' };
                format!("UID STORE {} {sign}FLAGS.SILENT ({flag})", set(uids))
            }
            Act::Copy { uids, to, .. } => format!("UID COPY {} {to}", set(uids)),
            Act::Move { uids, to, .. } => format!("UID MOVE {} {to}", set(uids)),
            Act::Expunge { uids, .. } => format!("UID EXPUNGE {}", set(uids)),
        }
    }

    /// What is there when it was done.
    pub(super) fn apply(&self, folders: &mut Folders) {
        let folders = &mut folders.0;
        match self {
            Act::Create(name) => {
                folders.insert(name.clone(), Folder::new());
            }
            Act::Delete(name) => {
                folders.remove(name);
            }
            Act::Rename(from, to) => {
                if let Some(folder) = folders.remove(from) {
                    folders.insert(to.clone(), folder);
                }
            }
            Act::Append { to, letter, flags } => {
                add(folders, to, [Entry { letter: *letter, flags: flags.clone() }]);
            }
            Act::Flag { folder, uids, flag, on } => {
                for entry in some(folders, folder, uids) {
                    if *on {
                        entry.flags.insert(flag.clone());
                    } else {
                        entry.flags.remove(flag);
                    }
                }
            }
            Act::Copy { from, uids, to } | Act::Move { from, uids, to } => {
                let entries: Vec<Entry> =
                    some(folders, from, uids).map(|entry| entry.clone()).collect();
                add(folders, to, entries);
                if matches!(self, Act::Move { .. })
                    && let Some(folder) = folders.get_mut(from)
                {
                    folder.entries.retain(|uid, _| !uids.contains(uid));
                }
            }
            Act::Expunge { folder, uids } => {
                if let Some(folder) = folders.get_mut(folder) {
                    folder.entries.retain(|uid, entry| {
                        !(uids.contains(uid) && entry.flags.contains("\\Deleted"))
                    });
                }
            }
        }
    }
}

impl Folders {
    /// What differs in what was found; nothing if it is the same. UIDVALIDITYs that are not known yet may be any.
    pub(super) fn difference(&self, found: &Folders) -> Option<String> {
        let (mine, theirs): (Vec<_>, Vec<_>) = (self.0.keys().collect(), found.0.keys().collect());
        if mine != theirs {
            return Some(format!("folders {theirs:?} instead of {mine:?}"));
        }
        for (name, folder) in &self.0 {
            let there = &found.0[name];
            if folder.validity.is_some() && folder.validity != there.validity {
                return Some(format!(
                    "{name}: UIDVALIDITY {:?} instead of {:?}",
                    there.validity, folder.validity
                ));
            }
            if folder.uid_next != there.uid_next {
                let (is, should) = (there.uid_next, folder.uid_next);
                return Some(format!("{name}: next UID {is} instead of {should}"));
            }
            let uids: BTreeSet<_> = folder.entries.keys().chain(there.entries.keys()).collect();
            for uid in uids {
                let (is, should) = (there.entries.get(uid), folder.entries.get(uid));
                if is != should {
                    return Some(format!("{name}: UID {uid} is {is:?} instead of {should:?}"));
                }
            }
        }
        None
    }
}

fn some_of(entries: &BTreeMap<u32, Entry>, chance: &mut Chance) -> Vec<u32> {
    let count = (1 + chance.below(SOME)).min(entries.len());
    let first = chance.below(entries.len() + 1 - count);
    entries.keys().skip(first).take(count).copied().collect()
}

fn some<'f>(
    folders: &'f mut BTreeMap<String, Folder>,
    name: &str,
    uids: &'f [u32],
) -> impl Iterator<Item = &'f mut Entry> {
    let entries = folders.get_mut(name).into_iter().flat_map(|folder| &mut folder.entries);
    entries.filter(|(uid, _)| uids.contains(uid)).map(|(_, entry)| entry)
}

fn add(
    folders: &mut BTreeMap<String, Folder>,
    name: &str,
    entries: impl IntoIterator<Item = Entry>,
) {
    if let Some(folder) = folders.get_mut(name) {
        entries.into_iter().for_each(|entry| folder.add(entry));
    }
}

fn set(uids: &[u32]) -> String {
    let uids: Vec<String> = uids.iter().map(u32::to_string).collect();
    uids.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_do_what_they_say() {
        let mut folders = Folders::default();
        let entry = |number: u64, flags: &[&str]| Entry {
            letter: LetterId(number),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        };
        let (a, b) = ("a".to_owned(), "b".to_owned());
        for act in [
            Act::Create(a.clone()),
            Act::Append { to: a.clone(), letter: LetterId(1), flags: BTreeSet::new() },
            Act::Append { to: a.clone(), letter: LetterId(2), flags: BTreeSet::new() },
            Act::Create(b.clone()),
            Act::Copy { from: a.clone(), uids: vec![1, 2], to: b.clone() },
            Act::Move { from: b.clone(), uids: vec![1], to: a.clone() },
            Act::Flag {
                folder: a.clone(),
                uids: vec![1, 3],
                flag: "\\Deleted".to_owned(),
                on: true,
            },
            Act::Expunge { folder: a.clone(), uids: vec![1, 2] },
            Act::Rename(a, "c".to_owned()),
        ] {
            act.apply(&mut folders);
        }
        let folder = |uid_next, entries: &[(u32, Entry)]| Folder {
            validity: None,
            uid_next,
            entries: entries.iter().cloned().collect(),
        };
        let expected = Folders(BTreeMap::from([
            (b, folder(3, &[(2, entry(2, &[]))])),
            ("c".to_owned(), folder(4, &[(2, entry(2, &[])), (3, entry(1, &["\\Deleted"]))])),
        ]));
        assert_eq!(folders.difference(&expected), None);
        assert_eq!(folders, expected);
        let mut other = expected;
        other.0.entry("c".to_owned()).and_modify(|folder| folder.uid_next = 9);
        assert_eq!(folders.difference(&other).unwrap(), "c: next UID 9 instead of 4");
    }
}
