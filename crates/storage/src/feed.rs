//! Who wants to know when a folder changes.
//!
//! A subscription carries no data: it wakes, and the subscriber asks [`crate::Storage::changes`] for
//! what it has not been told. So nothing is queued per subscriber and nothing can be lost.

mod places;

pub(crate) use places::{Feed, FeedPlace};

use tokio::sync::watch;

/// Wakes when its folder changes, after the change is durable. Unsubscribes on drop.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) receiver: watch::Receiver<u64>,
    pub(crate) _place: FeedPlace,
}

impl Subscription {
    /// Waits for a change that was not yet waited for. Safe to drop and call again.
    pub async fn changed(&mut self) {
        if self.receiver.changed().await.is_err() {
            // The store is closed: nothing will ever change again.
            std::future::pending::<()>().await;
        }
    }

    /// Whether something changed since the last look, without waiting.
    pub fn has_changed(&self) -> bool {
        self.receiver.has_changed().unwrap_or(false)
    }

    /// Takes note that all changes up to now were looked at.
    pub fn mark_seen(&mut self) {
        self.receiver.mark_unchanged();
    }
}
