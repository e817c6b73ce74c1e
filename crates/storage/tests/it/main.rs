//! The storage boundary from outside.

mod basics;
mod fence;
mod place;
