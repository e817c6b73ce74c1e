//! The numbers of blobs, ascending and each given once. They are taken from the database many at a time, so most are
//! given without asking it; those that are left when the program ends are never given.

use super::{Postgresql, fault::damaged, sql};
use crate::StorageError;
use std::ops::Range;
use std::time::Duration;
use tokio::sync::Mutex;

/// How many the sequence `blob_number` hands out at a time: its increment.
const AT_ONCE: u64 = 1000;
/// How long one waits for those before it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Those that were taken and not yet given.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    left: Mutex<Range<u64>>,
}

impl Postgresql {
    /// A number that no blob ever had, above all that were given before.
    pub(super) async fn next_number(&self) -> Result<u64, StorageError> {
        let busy = || StorageError::Unavailable("no number for a message in time".to_owned());
        let waiting = tokio::time::timeout(PATIENCE, self.shared.numbers.left.lock());
        let mut left = waiting.await.map_err(|_| busy())?;
        if left.is_empty() {
            let client = self.client().await?;
            let row = sql::one(&client, "SELECT nextval('blob_number')", &[]).await?;
            let first = sql::unsigned(&row.ok_or_else(|| damaged("no blob_number"))?, 0)?;
            *left = first..first + AT_ONCE;
        }
        left.next().ok_or_else(busy)
    }
}
