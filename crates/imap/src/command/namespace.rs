//! NAMESPACE: there is only one, the account's own folders (RFC 2342).

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;

pub(super) fn run<H>(talk: &mut Talk<H>) -> Outcome {
    talk.output.say(b"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
    Ok(Reply::ok("Your own folders are all there is"))
}
