//! The server from outside: the program as a process, and whole servers within this one, spoken to over
//! their sockets.

#![cfg_attr(
    test,
    expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")
)]

mod client;
mod command;
mod hostile;
mod house;
mod logout;
mod program;
mod wire;
