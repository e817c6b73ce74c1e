//! How many passwords are hashed at once.
//!
//! Hashing is meant to be slow, so it is what a flood of logins exhausts first. As many run at a time
//! as there are processors, a bounded number wait, and beyond that a login is refused at once rather
//! than late.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Runs hashing on threads where it disturbs nobody.
#[derive(Debug)]
pub(crate) struct HashingPool {
    /// Places to wait or to run.
    places: Arc<Semaphore>,
    /// Places to run.
    slots: Arc<Semaphore>,
}

/// Too many are waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overloaded;

impl HashingPool {
    /// `parallel` at a time, at most `waiting` more in line.
    pub(crate) fn new(parallel: usize, waiting: usize) -> Self {
        let parallel = parallel.max(1);
        let places = parallel.saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            slots: Arc::new(Semaphore::new(parallel.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Waits for its turn.
    pub(crate) async fn turn(&self) -> Result<Turn, Overloaded> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Overloaded)?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| Overloaded)?;
        Ok(Turn { _place: place, _slot: slot })
    }
}

/// The right to hash something now.
pub(crate) struct Turn {
    _place: OwnedSemaphorePermit,
    _slot: OwnedSemaphorePermit,
}

impl Turn {
    /// Does the work on a thread of its own. The turn ends with the work, even if nobody waits for it
    /// any more: a dropped login does not make room for more hashing than the processors can take.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(self);
            result
        });
        done.await.map_err(|_| Overloaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refuses_beyond_its_bounds() {
        let pool = HashingPool::new(1, 1);
        let first = pool.turn().await.unwrap();
        let mut second = Box::pin(pool.turn());
        assert!(futures_poll(&mut second).await.is_none());
        assert!(matches!(pool.turn().await, Err(Overloaded)));
        assert_eq!(first.run(|| 7).await, Ok(7));
        assert_eq!(second.await.unwrap().run(|| 8).await, Ok(8));
        assert!(pool.turn().await.is_ok());
    }

    #[tokio::test]
    async fn a_dropped_caller_frees_its_turn_only_when_the_work_ends() {
        let pool = HashingPool::new(1, 0);
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let mut work = Box::pin(pool.turn().await.unwrap().run(move || wait.recv().is_ok()));
        assert!(futures_poll(&mut work).await.is_none());
        drop(work);
        assert!(matches!(pool.turn().await, Err(Overloaded)));
        release.send(()).unwrap();
        while pool.turn().await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    /// What the future has to say now.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        tokio::select! {
            biased;
            result = future => Some(result),
            () = std::future::ready(()) => None,
        }
    }
}
