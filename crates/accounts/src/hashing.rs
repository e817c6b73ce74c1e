//! How many passwords are hashed at once, and who waits for that.
//!
//! Hashing is meant to be slow, so it is what a flood of logins exhausts first. As many run at a time
//! as there are processors, on threads of their own. A bounded number wait for a bounded time, and of
//! those no network has more than its share; beyond that a login is refused rather than late.

use parking_lot::{Condvar, Mutex};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use terms::Network;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

/// One network may take this part of the line.
const SHARE: usize = 4;

/// How much the threads step back behind others (`nice`): who is logged in feels less of a crowd that
/// logs in. Not more, so that logins go on when others take all the processors there are.
const NICENESS: i32 = 5;

/// How urgent what is hashed is, beside all else that the machine has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// As all else.
    Same,
    /// Less.
    Less,
}

/// Runs hashing on threads where it disturbs nobody.
#[derive(Debug)]
pub(crate) struct HashingPool {
    /// Places to wait or to run.
    places: Arc<Semaphore>,
    /// Places to run.
    slots: Arc<Semaphore>,
    /// How many of the places each network has.
    shares: Arc<Mutex<HashMap<Network, usize>>>,
    /// The most that one may have.
    share: usize,
    patience: Duration,
    workshop: Arc<Workshop>,
}

/// Too many are waiting, or this one has waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overloaded;

impl HashingPool {
    /// `parallel` at a time, at most `waiting` more in line, nobody for longer than `patience`. Fails if
    /// the system gives no threads.
    pub(crate) fn new(
        parallel: usize,
        waiting: usize,
        patience: Duration,
        urgency: Urgency,
    ) -> std::io::Result<Self> {
        let parallel = parallel.max(1);
        let places = parallel.saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        let pool = Self {
            places: Arc::new(Semaphore::new(places)),
            slots: Arc::new(Semaphore::new(parallel.min(Semaphore::MAX_PERMITS))),
            shares: Arc::default(),
            share: (places / SHARE).max(1),
            patience,
            workshop: Arc::default(),
        };
        for number in 0..parallel {
            let workshop = Arc::clone(&pool.workshop);
            let thread = std::thread::Builder::new().name(format!("hashing-{number}"));
            thread.spawn(move || {
                if urgency == Urgency::Less {
                    // Without it we only disturb more.
                    let _ = rustix::process::nice(NICENESS);
                }
                workshop.work();
            })?;
        }
        Ok(pool)
    }

    /// Waits for a turn. `network` is whose share it takes; none for who is trusted with all of it.
    pub(crate) async fn turn(&self, network: Option<IpAddr>) -> Result<Turn, Overloaded> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Overloaded)?;
        let share = network.map(|network| self.take_share(network)).transpose()?;
        let slot = timeout(self.patience, Arc::clone(&self.slots).acquire_owned()).await;
        let slot = slot.map_err(|_| Overloaded)?.map_err(|_| Overloaded)?;
        let workshop = Arc::clone(&self.workshop);
        Ok(Turn { workshop, _hold: Hold { _place: place, _share: share, _slot: slot } })
    }

    fn take_share(&self, network: IpAddr) -> Result<Share, Overloaded> {
        let network = Network::of_client(network);
        let mut shares = self.shares.lock();
        let count = shares.entry(network).or_default();
        if *count >= self.share {
            return Err(Overloaded);
        }
        *count += 1;
        Ok(Share { shares: Arc::clone(&self.shares), network })
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        self.workshop.close();
    }
}

/// One of the places that a network has.
struct Share {
    shares: Arc<Mutex<HashMap<Network, usize>>>,
    network: Network,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut shares = self.shares.lock();
        if let Some(count) = shares.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                shares.remove(&self.network);
            }
        }
    }
}

/// The right to hash something now.
pub(crate) struct Turn {
    workshop: Arc<Workshop>,
    _hold: Hold,
}

struct Hold {
    _place: OwnedSemaphorePermit,
    _share: Option<Share>,
    _slot: OwnedSemaphorePermit,
}

impl Turn {
    /// Does the work on one of the threads. The turn ends with the work, even if nobody waits for it
    /// any more: a dropped login does not make room for more hashing than the processors can take.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let Turn { workshop, _hold: hold } = self;
        let (done, result) = oneshot::channel();
        workshop.add(Box::new(move || {
            // If it panics, nobody is told a result.
            let made = catch_unwind(AssertUnwindSafe(work));
            drop(hold);
            if let Ok(made) = made {
                let _ = done.send(made);
            }
        }));
        result.await.map_err(|_| Overloaded)
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// Where the threads get their work. Never holds more than there are turns.
#[derive(Default)]
struct Workshop {
    bench: Mutex<Bench>,
    bell: Condvar,
}

#[derive(Default)]
struct Bench {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Workshop {
    fn add(&self, job: Job) {
        self.bench.lock().jobs.push_back(job);
        self.bell.notify_one();
    }

    /// What was begun or waits is finished.
    fn close(&self) {
        self.bench.lock().closed = true;
        self.bell.notify_all();
    }

    fn work(&self) {
        let mut bench = self.bench.lock();
        loop {
            match bench.jobs.pop_front() {
                Some(job) => parking_lot::MutexGuard::unlocked(&mut bench, job),
                None if bench.closed => return,
                None => self.bell.wait(&mut bench),
            }
        }
    }
}

impl std::fmt::Debug for Workshop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Workshop")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn pool(parallel: usize, waiting: usize) -> HashingPool {
        let patience = Duration::from_secs(60);
        HashingPool::new(parallel, waiting, patience, Urgency::Less).unwrap()
    }

    #[tokio::test]
    async fn refuses_beyond_its_bounds() {
        let pool = pool(1, 1);
        let first = pool.turn(None).await.unwrap();
        let mut second = Box::pin(pool.turn(None));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(matches!(pool.turn(None).await, Err(Overloaded)));
        assert_eq!(first.run(|| 7).await, Ok(7));
        assert_eq!(second.await.unwrap().run(|| 8).await, Ok(8));
        assert!(pool.turn(None).await.is_ok());
    }

    #[tokio::test]
    async fn a_dropped_caller_frees_its_turn_only_when_the_work_ends() {
        let pool = pool(1, 0);
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let mut work = Box::pin(pool.turn(None).await.unwrap().run(move || wait.recv().is_ok()));
        assert!(work.as_mut().now_or_never().is_none());
        drop(work);
        assert!(matches!(pool.turn(None).await, Err(Overloaded)));
        release.send(()).unwrap();
        while pool.turn(None).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_network_does_not_take_the_whole_line() {
        let pool = pool(1, 7);
        let crowd = |last: u8| IpAddr::from([0x2001, 0xdb8, 0, 7, 0, 0, 0, u16::from(last)]);
        let first = pool.turn(Some(crowd(1))).await.unwrap();
        let mut second = Box::pin(pool.turn(Some(crowd(2))));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(matches!(pool.turn(Some(crowd(3))).await, Err(Overloaded)));
        let mut other = Box::pin(pool.turn(Some("192.0.2.1".parse().unwrap())));
        let mut trusted = Box::pin(pool.turn(None));
        assert!(other.as_mut().now_or_never().is_none());
        assert!(trusted.as_mut().now_or_never().is_none());
        drop((first, second, other, trusted));
        assert!(pool.shares.lock().is_empty());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let pool = HashingPool::new(1, 1, Duration::from_millis(5), Urgency::Same).unwrap();
        let held = pool.turn(None).await.unwrap();
        assert!(matches!(pool.turn(None).await, Err(Overloaded)));
        drop(held);
        assert!(pool.turn(None).await.is_ok());
    }

    #[tokio::test]
    async fn a_panic_costs_its_caller_only() {
        let pool = pool(1, 0);
        let work: fn() -> u8 = || panic!("on purpose");
        assert_eq!(pool.turn(None).await.unwrap().run(work).await, Err(Overloaded));
        assert_eq!(pool.turn(None).await.unwrap().run(|| 7).await, Ok(7));
    }
}
