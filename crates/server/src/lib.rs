//! The shell: sockets, tasks, the clock, configuration, and what operators see. The only crate that
//! knows all others; the rules of mail, protocols and accounts are theirs.

pub mod announce;
pub mod assemble;
pub mod bootstrap;
pub mod certificate;
pub mod check;
pub mod cli;
mod closing;
pub mod config;
mod connection;
pub mod demo;
mod doors;
mod ending;
mod exchange;
mod executor;
mod expiry;
pub mod failure;
mod gate;
mod host;
pub mod http;
mod listener;
mod maintenance;
pub mod metrics;
pub mod operate;
mod passwords;
mod protocols;
mod send_queue;
mod services;
mod shutdown;
mod stream;
pub mod telemetry;
mod tls;
mod web;
