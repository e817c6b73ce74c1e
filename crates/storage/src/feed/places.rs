//! Who wants to know of which folder. Entries exist only while somebody subscribes.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use terms::FolderId;
use tokio::sync::watch;

/// The subscriptions of all folders.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    places: Mutex<HashMap<FolderId, Place>>,
}

#[derive(Debug)]
struct Place {
    sender: watch::Sender<u64>,
    subscribers: usize,
}

/// One subscriber's place; leaves on drop.
#[derive(Debug)]
pub(crate) struct FeedPlace {
    feed: Arc<Feed>,
    folder: FolderId,
}

impl Feed {
    /// Subscribes to a folder, which need not exist.
    pub(crate) fn subscribe(self: &Arc<Self>, folder: FolderId) -> crate::Subscription {
        let mut places = self.places.lock();
        let place = places
            .entry(folder)
            .or_insert_with(|| Place { sender: watch::Sender::new(0), subscribers: 0 });
        place.subscribers += 1;
        crate::Subscription {
            receiver: place.sender.subscribe(),
            _place: FeedPlace { feed: Arc::clone(self), folder },
        }
    }

    /// Wakes the subscribers of these folders.
    pub(crate) fn publish(&self, folders: &[FolderId]) {
        if folders.is_empty() {
            return;
        }
        let places = self.places.lock();
        for folder in folders {
            if let Some(place) = places.get(folder) {
                place.sender.send_modify(|count| *count = count.wrapping_add(1));
            }
        }
    }

    /// Lets go of all subscribers: nothing will ever change again.
    pub(crate) fn close(&self) {
        self.places.lock().clear();
    }
}

impl Drop for FeedPlace {
    fn drop(&mut self) {
        if let Entry::Occupied(mut place) = self.feed.places.lock().entry(self.folder) {
            place.get_mut().subscribers -= 1;
            if place.get().subscribers == 0 {
                place.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_go_with_their_last_subscriber() {
        let feed = Arc::new(Feed::default());
        let (one, two) = (feed.subscribe(FolderId(1)), feed.subscribe(FolderId(1)));
        feed.publish(&[FolderId(1), FolderId(2)]);
        assert!(one.has_changed() && two.has_changed());
        drop(one);
        assert_eq!(feed.places.lock().len(), 1);
        drop(two);
        assert!(feed.places.lock().is_empty());
    }

    #[test]
    fn a_place_may_leave_after_the_close() {
        let feed = Arc::new(Feed::default());
        let before = feed.subscribe(FolderId(1));
        feed.close();
        let after = feed.subscribe(FolderId(1));
        drop(before);
        drop(after);
    }
}
