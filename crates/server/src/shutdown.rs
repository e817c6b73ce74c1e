//! The server's stop: begun once, heard everywhere.

use tokio::sync::watch;

/// Tells that the server stops. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    begun: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { begun: watch::Sender::new(false) }
    }
}

impl Shutdown {
    /// Begins to stop.
    pub(crate) fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// Waits until it begins.
    pub(crate) async fn begun(&self) {
        // The sender lives in `self`, so it cannot be gone.
        let _ = self.begun.subscribe().wait_for(|begun| *begun).await;
    }
}
