//! The server's stop: begun once, heard everywhere, and put off for what is to be finished before.

use tokio::sync::watch;

/// Tells that the server stops. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    begun: watch::Sender<bool>,
    holds: watch::Sender<usize>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { begun: watch::Sender::new(false), holds: watch::Sender::new(0) }
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

    /// Something is under way that the server does not end before, within reason.
    pub(crate) fn hold(&self) -> Hold {
        self.holds.send_modify(|count| *count += 1);
        Hold { holds: self.holds.clone() }
    }

    /// Waits until nothing of the kind is under way. The caller bounds the time.
    pub(crate) async fn released(&self) {
        let _ = self.holds.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// Puts off the end until it is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    holds: watch::Sender<usize>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.holds.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn waits_for_the_last_hold() {
        let shutdown = Shutdown::default();
        assert!(shutdown.released().now_or_never().is_some());
        let (one, two) = (shutdown.hold(), shutdown.hold());
        drop(one);
        assert!(shutdown.released().now_or_never().is_none());
        drop(two);
        assert!(shutdown.released().now_or_never().is_some());
    }
}
