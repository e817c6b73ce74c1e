//! The server from outside: the program as a process, and whole servers within this one, spoken to over
//! their sockets.

#![cfg_attr(
    test,
    expect(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stdout,
        reason = "a test that cannot go on has failed; one of a race says how it came out"
    )
)]

mod client;
mod command;
mod hostile;
mod house;
mod logout;
mod operate;
mod program;
mod wire;
