//! The program from outside: started as a process, spoken to over its sockets.

#![cfg_attr(
    test,
    expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")
)]

mod command;
mod program;
