//! How many connections there may be: in all, and from one network before they log in.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;
use terms::Network;

/// Counts connections. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    counts: Arc<Mutex<Counts>>,
    limit: usize,
    limit_before_login: usize,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    before_login: HashMap<Network, usize>,
}

/// A connection's place among all; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    counts: Arc<Mutex<Counts>>,
}

/// A connection's place among those of its address that are not logged in; free again when dropped.
#[derive(Debug)]
pub(crate) struct Doorstep {
    counts: Arc<Mutex<Counts>>,
    network: Network,
}

impl Gate {
    /// With these limits.
    pub(crate) fn new(limit: usize, limit_before_login: usize) -> Self {
        Self { counts: Arc::default(), limit, limit_before_login }
    }

    /// A place, unless all are taken.
    pub(crate) fn enter(&self) -> Option<Place> {
        let mut counts = self.counts.lock();
        if counts.all >= self.limit {
            return None;
        }
        counts.all += 1;
        Some(Place { counts: self.counts.clone() })
    }

    /// A place among those of this address that are not logged in, unless all are taken.
    pub(crate) fn wait_at_door(&self, address: IpAddr) -> Option<Doorstep> {
        let network = Network::of_client(address);
        let mut counts = self.counts.lock();
        let count = counts.before_login.entry(network).or_default();
        if *count >= self.limit_before_login {
            return None;
        }
        *count += 1;
        Some(Doorstep { counts: self.counts.clone(), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.counts.lock().all -= 1;
    }
}

impl Drop for Doorstep {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = self.counts.lock().before_login.entry(self.network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        let gate = Gate::new(2, 1);
        let first = gate.enter().unwrap();
        let _second = gate.enter().unwrap();
        assert!(gate.enter().is_none());
        drop(first);
        assert!(gate.enter().is_some());

        let address: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        let door = gate.wait_at_door(address).unwrap();
        assert!(gate.wait_at_door(neighbour).is_none());
        assert!(gate.wait_at_door("192.0.2.1".parse().unwrap()).is_some());
        drop(door);
        assert!(gate.wait_at_door(neighbour).is_some());
        assert!(gate.counts.lock().before_login.is_empty());
    }
}
