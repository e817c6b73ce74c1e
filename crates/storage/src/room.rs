//! Memory for messages, and parts of them, that have to be looked at whole.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes that nobody has to wait for. Most messages have fewer.
const SMALL: u64 = 64 * 1024;
/// So many times [`SMALL`] bytes are looked at at once, in the whole process: 128 MiB.
const PIECES: u32 = 2048;

static FREE: Semaphore = Semaphore::const_new(PIECES as usize);

/// Leave to hold bytes of messages in memory, until it is dropped. However many clients bring or search large
/// messages, their bytes take a bounded part of the memory together; who comes when it is taken waits for his turn.
///
/// Whoever has it waits for no client, and for no second one.
#[derive(Debug)]
pub struct Room {
    _pieces: Option<SemaphorePermit<'static>>,
}

impl Room {
    /// Room for so many bytes.
    pub async fn of(bytes: u64) -> Self {
        Self::among(&FREE, bytes).await
    }

    async fn among(free: &'static Semaphore, bytes: u64) -> Self {
        if bytes <= SMALL {
            return Self { _pieces: None };
        }
        // What is larger than all there is takes all there is.
        let pieces = u32::try_from(bytes.div_ceil(SMALL)).unwrap_or(PIECES).min(PIECES);
        // It is never closed.
        Self { _pieces: free.acquire_many(pieces).await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn who_comes_when_it_is_taken_waits() {
        static FREE: Semaphore = Semaphore::const_new(PIECES as usize);
        let room = |bytes| Room::among(&FREE, bytes);
        let half = room(64 << 20).await;
        let mut large = Box::pin(room(65 << 20));
        assert!(large.as_mut().now_or_never().is_none());
        // It is fair: others do not overtake, unless they are small.
        let mut other = Box::pin(room(SMALL + 1));
        assert!(other.as_mut().now_or_never().is_none());
        room(SMALL).await;
        drop(half);
        let large = large.await;
        other.await;
        drop(large);
        drop(room(u64::MAX).await);
        assert_eq!(FREE.available_permits(), PIECES as usize);
    }
}
