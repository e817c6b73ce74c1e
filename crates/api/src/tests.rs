//! Whole requests and their answers, on a real store.

mod authenticate;
mod authorization;
mod domains;
mod ending;
mod envelope;
mod roles;
mod search;
mod users;
mod world;
