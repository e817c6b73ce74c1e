//! CAPABILITY: what we can do (RFC 3501 §6.1.1).

use super::Outcome;
use crate::capability;
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::state::State;
use carrier::Host;

pub(super) fn run<H: Host>(talk: &mut Talk<H>, state: &State) -> Outcome {
    let list = match state {
        State::NotAuthenticated => capability::before_login(talk.host.security()),
        State::Authenticated(_) | State::Selected(_) => capability::after_login(),
    };
    talk.output.say(format!("* CAPABILITY {list}\r\n").as_bytes());
    Ok(Reply::ok("That is all"))
}
