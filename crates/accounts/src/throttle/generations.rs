//! A bounded table that forgets what was not touched for longest.

use std::collections::HashMap;
use std::hash::Hash;

/// Two generations of entries. What is touched moves to the young one; when that is full, the old one
/// is forgotten and the young one grows old. Every step costs the same, whatever the size.
#[derive(Debug)]
pub(super) struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash + Copy, V: Copy + Default> Generations<K, V> {
    /// Remembers at most `capacity` entries, and at least the latest half of that.
    pub(super) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (capacity / 2).max(1) }
    }

    /// The entry, untouched.
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// The entry, made if it is not there.
    pub(super) fn entry(&mut self, key: K) -> &mut V {
        let old = self.old.remove(&key);
        if !self.young.contains_key(&key) && self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.entry(key).or_insert_with(|| old.unwrap_or_default())
    }

    /// Forgets the entry.
    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded_and_keeps_what_is_in_use() {
        let mut table = Generations::<u32, u32>::new(10);
        for key in 0..1000 {
            *table.entry(key) += 1;
            *table.entry(7777) += 1;
            assert!(table.young.len() + table.old.len() <= 10);
        }
        assert_eq!(table.get(&7777), Some(&1000));
        assert_eq!((table.get(&999), table.get(&1)), (Some(&1), None));
        table.remove(&7777);
        assert_eq!(table.get(&7777), None);
    }
}
