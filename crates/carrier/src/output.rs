//! Bytes from the dialogue on their way to the client.
//!
//! The dialogue pushes whole replies and waits for [`Output::room`] in long answers, so that at most
//! about one slice more than the high-water mark is held for a client that reads slowly. A *seam* is a
//! point between two replies: only there may anything else be said to the client.

use crate::Gone;
use parking_lot::Mutex;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

/// A dialogue with this much unsent waits before it says more.
const HIGH_WATER: usize = 64 * 1024;

#[derive(Debug, Default)]
struct State {
    buffer: Vec<u8>,
    /// How much of `buffer` the connection has sent.
    sent: usize,
    /// Whether the last byte pushed ends a reply.
    at_seam: bool,
    /// Whether mail was said since the connection last took note.
    mail: bool,
    closed: bool,
    writer: Option<Waker>,
    drain: Option<Waker>,
}

impl State {
    fn unsent(&self) -> usize {
        self.buffer.len() - self.sent
    }

    fn wake_drain(&mut self) {
        if let Some(waker) = self.drain.take() {
            waker.wake();
        }
    }
}

/// The dialogue's end.
#[derive(Debug)]
pub struct Output {
    state: Arc<Mutex<State>>,
}

/// The connection's end.
#[derive(Debug)]
pub struct Drain {
    state: Arc<Mutex<State>>,
}

/// A new pipe for output.
pub fn output() -> (Output, Drain) {
    let state = Arc::new(Mutex::new(State { at_seam: true, ..State::default() }));
    (Output { state: state.clone() }, Drain { state })
}

impl Output {
    /// Says whole replies: `bytes` ends at a seam.
    pub fn say(&mut self, bytes: &[u8]) {
        self.put(bytes, true);
    }

    /// Says a part of a reply; more follows.
    pub fn say_part(&mut self, bytes: &[u8]) {
        self.put(bytes, false);
    }

    /// Notes that what was just said was the last word: nobody says anything behind it, not even goodbye.
    pub fn conclude(&mut self) {
        self.state.lock().at_seam = false;
    }

    /// Notes that what was just said holds mail: the connection must know when the client's side has
    /// all of it.
    pub fn mark_mail(&mut self) {
        self.state.lock().mail = true;
    }

    fn put(&mut self, bytes: &[u8], at_seam: bool) {
        let mut state = self.state.lock();
        if !state.closed {
            if state.sent > HIGH_WATER {
                // A client that reads, but never quite catches up.
                let sent = std::mem::take(&mut state.sent);
                state.buffer.drain(..sent);
            }
            state.buffer.extend_from_slice(bytes);
            state.at_seam = at_seam;
            state.wake_drain();
        }
    }

    /// Waits until there is room for more. Long answers call this between slices.
    ///
    /// # Errors
    /// [`Gone`] when the connection is being closed.
    pub async fn room(&mut self) -> Result<(), Gone> {
        self.until(|state| state.unsent() < HIGH_WATER).await
    }

    /// Waits until everything was handed to the kernel.
    ///
    /// # Errors
    /// [`Gone`] when the connection is being closed.
    pub async fn flushed(&mut self) -> Result<(), Gone> {
        self.until(|state| state.unsent() == 0).await
    }

    async fn until(&mut self, reached: impl Fn(&State) -> bool) -> Result<(), Gone> {
        poll_fn(|cx| {
            let mut state = self.state.lock();
            if state.closed {
                return Poll::Ready(Err(Gone));
            }
            if reached(&state) {
                return Poll::Ready(Ok(()));
            }
            state.writer = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }
}

impl Drain {
    /// Waits until there is something to send.
    pub async fn pending(&self) {
        poll_fn(|cx| {
            let mut state = self.state.lock();
            if state.unsent() > 0 {
                return Poll::Ready(());
            }
            state.drain = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Whether there is something to send.
    pub fn is_pending(&self) -> bool {
        self.state.lock().unsent() > 0
    }

    /// Whether the last byte said ends a reply, so that something else may follow.
    pub fn is_at_seam(&self) -> bool {
        self.state.lock().at_seam
    }

    /// Whether mail was said since this was last asked.
    pub fn take_mail_mark(&self) -> bool {
        std::mem::take(&mut self.state.lock().mail)
    }

    /// Offers the unsent bytes to `send`, which answers how many it took.
    pub fn offer<T>(&self, send: impl FnOnce(&[u8]) -> (usize, T)) -> T {
        let mut state = self.state.lock();
        let (taken, result) = send(&state.buffer[state.sent..]);
        state.sent += taken;
        debug_assert!(state.sent <= state.buffer.len());
        if state.unsent() == 0 {
            // Idle sessions hold no buffer.
            state.buffer = Vec::new();
            state.sent = 0;
        }
        if taken > 0
            && let Some(waker) = state.writer.take()
        {
            waker.wake();
        }
        result
    }

    /// Drops what is unsent and takes nothing more.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.buffer = Vec::new();
        state.sent = 0;
        if let Some(waker) = state.writer.take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, executor::block_on};

    #[test]
    fn a_slow_reader_holds_the_dialogue_back() {
        let (mut output, drain) = output();
        output.say_part(&vec![b'x'; HIGH_WATER]);
        assert!(output.room().now_or_never().is_none());
        assert!(!drain.is_at_seam());
        drain.offer(|bytes| (1, assert_eq!(bytes.len(), HIGH_WATER)));
        block_on(output.room()).unwrap();
        assert!(output.flushed().now_or_never().is_none());
        drain.offer(|bytes| (bytes.len(), ()));
        block_on(output.flushed()).unwrap();
        output.say(b"* OK\r\n");
        assert!(drain.is_at_seam() && drain.is_pending());
        output.conclude();
        assert!(!drain.is_at_seam());
        drain.close();
        assert_eq!(block_on(output.room()), Err(Gone));
        assert!(!drain.is_pending());
    }
}
