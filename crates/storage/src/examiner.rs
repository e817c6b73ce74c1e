//! Looking at many messages where they are read.

use crate::StorageError;
use std::ops::Range;
use terms::Uid;

/// Looks at the messages of a folder, one after the other, on a thread of storage's own: nothing of a message is
/// handed over. It must not wait, and not take long.
pub trait Examiner: Send + 'static {
    /// The next message: which bytes of it to look at, given its digest; none: it is enough as it is.
    fn range(&mut self, uid: Uid, digest: &[u8]) -> Option<Range<u64>>;

    /// These bytes, right after they were asked for, as far as the message has them; or why they cannot be read.
    fn look(&mut self, bytes: Result<&[u8], StorageError>);
}
