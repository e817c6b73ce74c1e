//! The engine through the boundary, with small bounds and with faults.

mod access;
mod basics;
mod bounds;
mod crash;
mod deleted;
mod disk;
mod faults;
mod fence;
mod lost_writes;
mod migration;
mod model;
mod opening;
mod outlines;
mod place;
mod ranges;
mod scale;
mod secrets;
mod segments;
