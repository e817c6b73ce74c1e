//! Whole requests and their answers, on a real store.

mod authenticate;
mod authorization;
mod domains;
mod ending;
mod envelope;
mod names;
mod roles;
mod search;
mod secrets;
mod sessions;
mod users;
mod world;
