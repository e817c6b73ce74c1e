//! CHECK: a checkpoint (RFC 3501 §6.4.1). What was confirmed is on disk already, so it is a NOOP.

use super::Outcome;
use crate::reply::Reply;

pub(super) fn run() -> Outcome {
    Ok(Reply::ok("All is on disk"))
}
