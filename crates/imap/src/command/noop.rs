//! NOOP: nothing, except hearing what is new (RFC 3501 §6.1.2). The table sees to that.

use super::Outcome;
use crate::reply::Reply;

pub(super) fn run() -> Outcome {
    Ok(Reply::ok("Nothing done"))
}
