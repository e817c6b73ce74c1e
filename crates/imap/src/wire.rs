//! Bytes ↔ requests and replies: the grammar of RFC 3501 §9 and of the extensions we speak.
//!
//! [`reader`] collects a command from the input and has it parsed; [`command_line`] is the grammar's
//! root; [`writer`] renders what replies are made of. Nothing here knows folders, states or storage.

mod command_line;
pub mod date_time;
pub mod fetch;
mod flags;
pub mod folder_name;
mod lexer;
#[cfg(test)]
mod printer;
pub mod reader;
pub mod request;
#[cfg(test)]
mod round_trip;
mod search;
pub mod sequence_set;
mod syntax_error;
pub mod writer;

pub use syntax_error::SyntaxError;
