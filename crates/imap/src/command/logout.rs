//! LOGOUT: the client leaves (RFC 3501 §6.1.3). The table ends the dialogue.

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;

pub(super) fn run<H>(talk: &mut Talk<H>) -> Outcome {
    talk.output.say(b"* BYE Goodbye\r\n");
    Ok(Reply::ok("Logged out"))
}
