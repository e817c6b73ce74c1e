//! EXAMINE: opens a folder for reading only: nothing done there changes it, not even what is recent
//! (RFC 3501 §6.3.2).

use super::{Outcome, select};
use crate::dialogue::Talk;
use crate::selected::Access;
use crate::state::State;
use crate::wire::request::Name;
use carrier::Host;

pub(super) async fn run<H: Host>(talk: &mut Talk<H>, state: &mut State, name: Name) -> Outcome {
    select::open(talk, state, name, Access::ReadOnly).await
}
