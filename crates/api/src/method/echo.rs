//! `echo`: returns the request, for tests (OMA reference, 10.2). Needs no credentials, and never
//! returns any. There is no envelope, as documented.

use crate::reply;
use crate::request::Fields;

pub(crate) fn run(mut fields: Fields) -> Vec<u8> {
    fields.0.shift_remove("credentials");
    reply::bare(fields.0)
}
