//! What time it is, for what storage dates itself.

use std::time::{SystemTime, UNIX_EPOCH};
use terms::UnixTime;

/// The machine's time.
pub(crate) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixTime(since.map_or(0, |since| since.as_secs().cast_signed()))
}
