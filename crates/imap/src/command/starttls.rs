//! STARTTLS: switches TLS on (RFC 3501 §6.2.1). It begins behind our answer, as the table says.

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::{Code, Reply};
use carrier::Host;

pub(super) fn run<H: Host>(talk: &mut Talk<H>) -> Outcome {
    let security = talk.host.security();
    if security.tls {
        return Err(Reply::bad("TLS is on already").with(Code::ClientBug).into());
    }
    if !security.starttls {
        return Err(Reply::bad("TLS is not available here").into());
    }
    Ok(Reply::ok("Begin TLS now"))
}
