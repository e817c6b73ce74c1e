//! The random operations.

use proptest::prelude::*;
use terms::{FlagChange, Flags, Keyword};

/// Folder names that operations choose from; not all exist at first.
pub(super) const NAMES: [&str; 7] = ["INBOX", "Trash", "a", "a/b", "a/b/c", "b", "Trash/a"];

#[derive(Clone, Debug)]
pub(super) enum Op {
    Append {
        to: usize,
        contents: Vec<u8>,
        flags: Flags,
    },
    Deliver {
        to: usize,
        content: u8,
    },
    SetFlags {
        of: usize,
        uids: Vec<u32>,
        change: FlagChange,
        flags: Flags,
        guarded: bool,
    },
    Copy {
        from: usize,
        uids: Vec<u32>,
        to: usize,
    },
    Move {
        from: usize,
        uids: Vec<u32>,
        to: usize,
    },
    ExpungeMarked {
        of: usize,
        uids: Option<Vec<u32>>,
    },
    Expunge {
        of: usize,
        uids: Vec<u32>,
    },
    Create {
        name: usize,
    },
    Delete {
        name: usize,
    },
    Rename {
        from: usize,
        to: usize,
    },
    Look {
        at: usize,
    },
    /// Brings back every nth of what can be brought back.
    Restore {
        nth: usize,
    },
    Purge,
    Compact,
    Reopen,
}

fn flags() -> impl Strategy<Value = Flags> {
    let keywords = proptest::collection::btree_set(
        prop_oneof![Just("$Junk"), Just("$junk"), Just("work"), Just("home")],
        0..3,
    );
    (0u8..32, keywords).prop_map(|(bits, keywords)| {
        let keywords = keywords.into_iter().map(|text| Keyword::parse(text).unwrap()).collect();
        Flags::from_parts(bits, keywords)
    })
}

fn some_uids() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::vec(1u32..16, 0..8)
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    // Mostly folders that are there, so that mail gathers.
    let name = || prop_oneof![6 => Just(0), 4 => Just(1), 3 => 2..NAMES.len()];
    let change =
        prop_oneof![Just(FlagChange::Add), Just(FlagChange::Remove), Just(FlagChange::Replace)];
    prop_oneof![
        6 => (name(), proptest::collection::vec(0u8..5, 1..5), flags())
            .prop_map(|(to, contents, flags)| Op::Append { to, contents, flags }),
        2 => (name(), 0u8..5).prop_map(|(to, content)| Op::Deliver { to, content }),
        5 => (name(), some_uids(), change, flags(), any::<bool>()).prop_map(
            |(of, uids, change, flags, guarded)| Op::SetFlags { of, uids, change, flags, guarded }
        ),
        4 => (name(), some_uids(), name()).prop_map(|(from, uids, to)| Op::Copy { from, uids, to }),
        3 => (name(), some_uids(), name()).prop_map(|(from, uids, to)| Op::Move { from, uids, to }),
        3 => (name(), proptest::option::of(some_uids()))
            .prop_map(|(of, uids)| Op::ExpungeMarked { of, uids }),
        2 => (name(), some_uids()).prop_map(|(of, uids)| Op::Expunge { of, uids }),
        2 => name().prop_map(|name| Op::Create { name }),
        1 => name().prop_map(|name| Op::Delete { name }),
        1 => (name(), name()).prop_map(|(from, to)| Op::Rename { from, to }),
        6 => name().prop_map(|at| Op::Look { at }),
        2 => (1usize..4).prop_map(|nth| Op::Restore { nth }),
        1 => Just(Op::Purge),
        1 => Just(Op::Compact),
        1 => Just(Op::Reopen),
    ]
}
