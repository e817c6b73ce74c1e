//! The folders that every account starts with, for all engines.

use crate::SpecialUse;
use terms::FolderName;

/// Their names and uses, the inbox first.
pub(crate) fn standard_folders() -> impl Iterator<Item = (FolderName, Option<SpecialUse>)> {
    let others = [
        ("Drafts", SpecialUse::Drafts),
        ("Sent", SpecialUse::Sent),
        ("Spam", SpecialUse::Junk),
        ("Trash", SpecialUse::Trash),
    ];
    let inbox = std::iter::once((FolderName::inbox(), None));
    let others = others
        .into_iter()
        .filter_map(|(name, special_use)| Some((FolderName::parse(name).ok()?, Some(special_use))));
    inbox.chain(others)
}
