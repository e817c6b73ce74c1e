//! Points in time, as data. Nothing here reads a clock.

use std::fmt;

/// Seconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A message's internal date (RFC 9051 §2.3.3): when it arrived, and in which zone that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InternalDate {
    /// The moment.
    pub at: UnixTime,
    /// The zone it was written in: minutes east of UTC, -1439 to 1439.
    pub offset_minutes: i16,
}
