//! Waiting awake for a client that answers at once.
//!
//! A thread that sleeps until the next command comes is woken tens of microseconds after it came; a client on the same
//! machine that says one command after the other (a web mailer, a migration) waits that long for each. So a connection
//! whose client has lately come back quickly, again and again, looks a few times more before it sleeps. Others have
//! their turns in between, clients behind a network are too slow for it to begin, and few connections may do it at
//! once: fewer than there are processors.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A client that comes back within this time is quick. A thread that slept needs most of it to notice.
const QUICK: Duration = Duration::from_micros(150);
/// How often in a row it has to be.
const TURNS: u8 = 8;
/// How long one that is quick is waited for.
const AWAKE: Duration = Duration::from_micros(100);

/// Places for connections that wait awake.
#[derive(Clone, Debug)]
pub(crate) struct Places(Arc<Semaphore>);

impl Places {
    /// As many as a machine with so many processors can spare; with one, none.
    pub(crate) fn new(processors: usize) -> Self {
        Self(Arc::new(Semaphore::new(processors / 2)))
    }
}

/// What a connection remembers of its client's pace.
#[derive(Debug, Default)]
pub(crate) struct Linger {
    quick: u8,
    /// It waits for its client.
    waits: bool,
    place: Option<OwnedSemaphorePermit>,
}

impl Linger {
    /// Something moved, after so long a silence.
    pub(crate) fn moved(&mut self, silence: Duration) {
        self.place = None;
        if std::mem::take(&mut self.waits) {
            self.quick = if silence < QUICK { (self.quick + 1).min(TURNS) } else { 0 };
        }
    }

    /// It waits for its client, for so long already. Whether to look once more instead of sleeping.
    pub(crate) fn stays_awake(&mut self, silence: Duration, places: &Places) -> bool {
        self.waits = true;
        if self.quick < TURNS {
            return false;
        }
        if silence >= AWAKE {
            // It is slower this time, and has to be quick a few times again.
            (self.quick, self.place) = (TURNS / 2, None);
            return false;
        }
        if self.place.is_none() {
            self.place = Arc::clone(&places.0).try_acquire_owned().ok();
        }
        self.place.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_micros(20);

    /// A client that comes back so soon; whether the connection stayed awake for it.
    fn turn(linger: &mut Linger, places: &Places, silence: Duration) -> bool {
        let awake = linger.stays_awake(Duration::ZERO, places);
        linger.moved(silence);
        awake
    }

    fn quick() -> Linger {
        let mut linger = Linger::default();
        for _ in 0..TURNS {
            assert!(!turn(&mut linger, &Places::new(2), SOON));
        }
        linger
    }

    #[test]
    fn only_for_who_is_quick_again_and_again() {
        let places = Places::new(2);
        let mut linger = quick();
        assert!(turn(&mut linger, &places, SOON));
        assert!(turn(&mut linger, &places, QUICK));
        assert!(!turn(&mut linger, &places, SOON));
    }

    #[test]
    fn not_for_long() {
        let places = Places::new(2);
        let mut linger = quick();
        assert!(linger.stays_awake(SOON, &places));
        assert!(!linger.stays_awake(AWAKE, &places));
        // Its place is free again, and it has to earn one.
        assert!(quick().stays_awake(SOON, &places));
        for _ in 0..TURNS / 2 {
            assert!(!turn(&mut linger, &places, SOON));
        }
        assert!(turn(&mut linger, &places, SOON));
    }

    #[test]
    fn not_for_many() {
        let places = Places::new(5);
        let mut some = [quick(), quick(), quick()];
        let awake = some.each_mut().map(|linger| linger.stays_awake(SOON, &places));
        assert_eq!(awake, [true, true, false]);
        some[0].moved(SOON);
        assert!(some[2].stays_awake(SOON, &places));
        assert!(!quick().stays_awake(SOON, &Places::new(1)));
    }

    #[test]
    fn a_long_answer_is_no_quick_client() {
        let mut linger = Linger::default();
        (0..100).for_each(|_| linger.moved(Duration::ZERO));
        assert!(!linger.stays_awake(SOON, &Places::new(2)));
    }
}
