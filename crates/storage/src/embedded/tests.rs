//! The engine through the boundary, with small bounds and with faults.

mod bounds;
mod crash;
mod deleted;
mod disk;
mod faults;
mod lost_writes;
mod migration;
mod opening;
mod outlines;
mod place;
mod ranges;
mod scale;
mod segments;
