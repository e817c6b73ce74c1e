//! LSUB: the subscribed names that fit a pattern (RFC 3501 §6.3.9), whether or not there are such
//! folders.

use super::{Outcome, list};
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::state::State;
use crate::wire::request::Name;
use carrier::Host;
use std::collections::BTreeMap;
use terms::FolderName;

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &State,
    reference: Name,
    pattern: Name,
) -> Outcome {
    let login = state.login()?;
    let pattern = list::read_pattern(&reference, &pattern)?;
    let subscribed = talk.storage().subscriptions(login).await?;

    // "If foo/bar is subscribed, but not foo, LSUB "" % must return foo with \Noselect" (§6.3.9).
    let mut found: BTreeMap<FolderName, &[&str]> = BTreeMap::new();
    for storage::Subscribed(name) in &subscribed {
        if pattern.fits(name) {
            found.insert(name.clone(), &[]);
            continue;
        }
        let mut above = name.parent();
        while let Some(parent) = above {
            above = parent.parent();
            if pattern.ends_in_percent() && pattern.fits(&parent) {
                found.entry(parent).or_insert(&["\\Noselect"]);
            }
        }
    }
    let lines = found.iter().map(|(name, attributes)| list::line("LSUB", attributes, name));
    let lines = lines.collect();
    list::say(&mut talk.output, lines).await?;
    Ok(Reply::ok("That is all"))
}
