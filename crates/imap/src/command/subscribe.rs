//! SUBSCRIBE: puts a name on the list that LSUB shows (RFC 3501 §6.3.6). The folder need not exist.

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::state::State;
use crate::wire::request::Name;
use carrier::Host;
use terms::FolderName;

pub(super) async fn run<H: Host>(talk: &mut Talk<H>, state: &State, name: Name) -> Outcome {
    talk.storage().set_subscription(state.login()?, &FolderName::parse(&name)?, true).await?;
    Ok(Reply::ok("Subscribed"))
}
