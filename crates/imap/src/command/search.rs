use super::Outcome;
use crate::dialogue::{State, Talk};
use crate::reply::Reply;
use crate::wire::request::{Numbering, SearchKey};
use carrier::Host;

pub(super) async fn run<H: Host>(
    _talk: &mut Talk<H>,
    _state: &mut State,
    _numbering: Numbering,
    _charset: Option<String>,
    _keys: Vec<SearchKey>,
) -> Outcome {
    Err(Reply::no("later").into())
}
