//! A bounded queue from asynchronous callers to threads that block.
//!
//! Whoever finds it full waits, in order of arrival; a caller who gives up waiting has put nothing in.

use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::Semaphore;

/// See the module's head.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    places: Semaphore,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

/// The queue takes nothing more.
#[derive(Debug)]
pub(super) struct Closed;

/// What a taker finds.
#[derive(Debug)]
pub(super) enum Taken<T> {
    /// What was queued, oldest first, at least one.
    Items(Vec<T>),
    /// Nothing came in time.
    Idle,
    /// The queue is closed and everything in it was taken.
    Closed,
}

impl<T> Queue<T> {
    /// A queue of at most `bound` items.
    pub(super) fn new(bound: usize) -> Self {
        Self {
            state: Mutex::new(State { items: VecDeque::new(), closed: false }),
            filled: Condvar::new(),
            places: Semaphore::new(bound),
        }
    }

    /// Puts an item at the end, waiting for a place.
    pub(super) async fn push(&self, item: T) -> Result<(), Closed> {
        let place = self.places.acquire().await.map_err(|_| Closed)?;
        let mut state = self.state.lock();
        if state.closed {
            return Err(Closed);
        }
        place.forget();
        state.items.push_back(item);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Takes the first item, waiting for it; none: closed and empty.
    pub(super) fn pop(&self) -> Option<T> {
        let mut state = self.state.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                self.places.add_permits(1);
                return Some(item);
            }
            if state.closed {
                return None;
            }
            self.filled.wait(&mut state);
        }
    }

    /// Takes up to `most` items, waiting up to `patience` for the first.
    pub(super) fn take(&self, most: usize, patience: Duration) -> Taken<T> {
        let mut state = self.state.lock();
        if state.items.is_empty() && !state.closed {
            self.filled.wait_for(&mut state, patience);
        }
        if state.items.is_empty() {
            return if state.closed { Taken::Closed } else { Taken::Idle };
        }
        let count = state.items.len().min(most);
        let items = state.items.drain(..count).collect();
        self.places.add_permits(count);
        Taken::Items(items)
    }

    /// Takes nothing more; what is in it can still be taken.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.places.close();
        self.filled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_queue_gives_what_it_holds() {
        let queue = Queue::new(2);
        queue.push(1).await.unwrap();
        queue.push(2).await.unwrap();
        queue.close();
        assert!(queue.push(3).await.is_err());
        assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(1), Some(2), None));
        assert!(matches!(queue.take(9, Duration::ZERO), Taken::Closed));
    }

    #[tokio::test]
    async fn who_gives_up_waiting_puts_nothing_in() {
        let queue = Queue::new(1);
        queue.push(1).await.unwrap();
        let waited = tokio::time::timeout(Duration::from_millis(5), queue.push(2)).await;
        assert!(waited.is_err());
        assert!(matches!(queue.take(9, Duration::ZERO), Taken::Items(items) if items == [1]));
        queue.push(3).await.unwrap();
        assert_eq!(queue.pop(), Some(3));
    }
}
