//! The promise of `logout_user`, with real sockets on one node.
//!
//! Each test names the situation of the contract that it shows (`s07` is the seventh). **T** is when the
//! call is accepted, **B** when its answer is sent. Tests look at the moment the answer has arrived,
//! without waiting any further: on one machine what was sent before has arrived by then.

mod access;
mod bookkeeping;
mod busy;
mod hanging;
mod kept;
mod names;
mod on_servers;
mod races;
mod rights;
mod secrets;
mod stuck;
mod waiting;
