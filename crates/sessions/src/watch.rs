//! The feed of sessions that open and end, for operators who watch.

use crate::SessionRecord;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// How many records a watcher may fall behind before it misses some.
const BACKLOG: usize = 1024;

/// What a watcher sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watched {
    /// A session was confirmed.
    Opened(SessionRecord),
    /// A session is over; its record says whether it had been ordered to end, and why.
    Ended(SessionRecord),
    /// The watcher was too slow: this many records are lost to it. Nobody waits for a watcher.
    Missed(u64),
}

/// One watcher's subscription. Dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    records: broadcast::Receiver<Watched>,
}

impl Watch {
    /// The next record; None when the registry is gone. May be dropped while it waits without loss.
    pub async fn next(&mut self) -> Option<Watched> {
        match self.records.recv().await {
            Ok(watched) => Some(watched),
            Err(RecvError::Lagged(missed)) => Some(Watched::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }

    /// The next record if there is one already.
    pub fn pending(&mut self) -> Option<Watched> {
        match self.records.try_recv() {
            Ok(watched) => Some(watched),
            Err(TryRecvError::Lagged(missed)) => Some(Watched::Missed(missed)),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}

/// The registry's end of the feed.
#[derive(Debug)]
pub(crate) struct Feed {
    watchers: broadcast::Sender<Watched>,
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self { watchers: broadcast::Sender::new(BACKLOG) }
    }

    pub(crate) fn subscribe(&self) -> Watch {
        Watch { records: self.watchers.subscribe() }
    }

    pub(crate) fn opened(&self, record: impl FnOnce() -> SessionRecord) {
        self.publish(|| Watched::Opened(record()));
    }

    pub(crate) fn ended(&self, record: impl FnOnce() -> SessionRecord) {
        self.publish(|| Watched::Ended(record()));
    }

    fn publish(&self, watched: impl FnOnce() -> Watched) {
        // Records are not even made while nobody watches. The last watcher may leave in between;
        // then the send fails, which is as good as not sending.
        if self.watchers.receiver_count() > 0 {
            let _ = self.watchers.send(watched());
        }
    }
}
