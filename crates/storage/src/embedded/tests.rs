//! The engine through the boundary, with small bounds and with faults.

mod bounds;
mod deleted;
mod faults;
mod lost_writes;
mod opening;
mod place;
mod scale;
mod segments;
