//! The tree of names: folders, and the names above them that are no folders.

use std::collections::BTreeMap;
use terms::FolderName;

/// Names in order, each with its folder if it has one.
#[derive(Clone, Debug)]
pub(in crate::command) struct Listing<T> {
    names: BTreeMap<FolderName, Node<T>>,
}

/// A name in the tree.
#[derive(Clone, Debug)]
pub(in crate::command) struct Node<T> {
    /// The folder of that name, if there is one.
    pub(in crate::command) folder: Option<T>,
    /// Whether there are names below it.
    pub(in crate::command) standing: Standing,
}

/// Whether there are names below a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command) enum Standing {
    Parent,
    Childless,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { folder: None, standing: Standing::Childless }
    }
}

impl<T> Listing<T> {
    /// The folders, and every name above them: a level of hierarchy that is no folder is listed too,
    /// as one that cannot be selected (RFC 3501 §6.3.8).
    pub(in crate::command) fn of(folders: impl Iterator<Item = (FolderName, T)>) -> Self {
        let mut names: BTreeMap<FolderName, Node<T>> = BTreeMap::new();
        for (name, folder) in folders {
            let mut above = name.parent();
            while let Some(parent) = above {
                above = parent.parent();
                names.entry(parent).or_default().standing = Standing::Parent;
            }
            names.entry(name).or_default().folder = Some(folder);
        }
        Self { names }
    }

    /// The names in order, the inbox first.
    pub(in crate::command) fn iter(&self) -> impl Iterator<Item = (&FolderName, &Node<T>)> {
        let others = self.names.iter().filter(|(name, _)| !name.is_inbox());
        self.names.get_key_value(&FolderName::inbox()).into_iter().chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_above_are_listed() {
        let names = ["INBOX/x", "a", "a!", "a/b/c", "ab", "B", "INBOX"];
        let listing = Listing::of(names.iter().map(|name| (FolderName::parse(name).unwrap(), ())));
        let lines: Vec<String> = listing
            .iter()
            .map(|(name, node)| {
                let folder = if node.folder.is_none() { " no folder" } else { "" };
                format!("{name} {:?}{folder}", node.standing)
            })
            .collect();
        assert_eq!(
            lines,
            [
                "INBOX Parent",
                "B Childless",
                "INBOX/x Childless",
                "a Parent",
                "a! Childless",
                "a/b Parent no folder",
                "a/b/c Childless",
                "ab Childless",
            ]
        );
    }
}
