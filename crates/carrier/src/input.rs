//! Bytes from the client on their way to the dialogue.
//!
//! Bounded: the connection reads from its socket only while there is [`Feed::room`]. Gives its memory
//! back whenever it is empty.

use bytes::{Buf, BytesMut};
use parking_lot::Mutex;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

/// At most this much waits for the dialogue.
const CAPACITY: usize = 32 * 1024;

/// The client is gone, or the connection is being closed. A dialogue returns when it meets this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client is gone")]
pub struct Gone;

/// Why no line could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The line was longer than allowed; it was read to its end and dropped.
    #[error("line too long")]
    TooLong,
    /// No more will come.
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// A line of [`Input::line_or_ends`], without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// All of it.
    Whole(Vec<u8>),
    /// The line was longer than allowed; it was read to its end, and this is what was kept.
    TooLong {
        /// Its first bytes, up to 64.
        head: Vec<u8>,
        /// Its last bytes, up to 64.
        tail: Vec<u8>,
    },
}

/// At most this much is kept of each end of a line that is too long.
const END: usize = 64;

/// A line while it is read.
#[derive(Default)]
struct Collected {
    limit: usize,
    /// The line, its first bytes only once it is too long. May end in the CR of its line end.
    line: Vec<u8>,
    /// The last bytes of a line that is too long.
    tail: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
struct State {
    buffer: BytesMut,
    /// How much of `buffer` is known to hold no line end.
    scanned: usize,
    closed: bool,
    reader: Option<Waker>,
    feeder: Option<Waker>,
}

/// The dialogue's end.
#[derive(Debug)]
pub struct Input {
    state: Arc<Mutex<State>>,
}

/// The connection's end.
#[derive(Debug)]
pub struct Feed {
    state: Arc<Mutex<State>>,
}

/// A new pipe for input.
pub fn input() -> (Feed, Input) {
    let state = Arc::new(Mutex::new(State::default()));
    (Feed { state: state.clone() }, Input { state })
}

impl State {
    fn consume(&mut self, count: usize) -> Vec<u8> {
        let taken = self.buffer[..count].to_vec();
        self.drop_front(count);
        taken
    }

    fn drop_front(&mut self, count: usize) {
        self.buffer.advance(count);
        self.scanned = 0;
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        if let Some(waker) = self.feeder.take() {
            waker.wake();
        }
    }
}

impl Collected {
    fn has_room_for(&self, count: usize) -> bool {
        self.tail.is_none() && self.line.len() + count <= self.limit.saturating_add(1)
    }

    fn push(&mut self, piece: &[u8]) {
        if self.has_room_for(piece.len()) {
            self.line.extend_from_slice(piece);
            return;
        }
        let tail = self.tail.get_or_insert_with(|| {
            let tail = last(&self.line, END).to_vec();
            let missing = END.saturating_sub(self.line.len()).min(piece.len());
            self.line.extend_from_slice(&piece[..missing]);
            self.line.truncate(END);
            self.line.shrink_to_fit();
            tail
        });
        tail.extend_from_slice(last(piece, END));
        tail.drain(..tail.len().saturating_sub(END));
    }

    fn finish(mut self) -> Line {
        // The first bytes may be all of the line, too.
        for end in self.tail.iter_mut().chain([&mut self.line]) {
            if end.last() == Some(&b'\r') {
                end.pop();
            }
        }
        match self.tail {
            Some(tail) => Line::TooLong { head: self.line, tail },
            None if self.line.len() > self.limit => {
                let tail = last(&self.line, END).to_vec();
                self.line.truncate(END);
                Line::TooLong { head: self.line, tail }
            }
            None => Line::Whole(self.line),
        }
    }
}

fn last(bytes: &[u8], count: usize) -> &[u8] {
    &bytes[bytes.len().saturating_sub(count)..]
}

impl Input {
    /// The next line without its line end (CRLF, or a bare LF), at most `limit` bytes long.
    ///
    /// # Errors
    /// [`LineError::TooLong`] after dropping an over-long line whole; [`LineError::Gone`] at the end,
    /// also for a last line without line end.
    pub async fn line(&mut self, limit: usize) -> Result<Vec<u8>, LineError> {
        match self.line_or_ends(limit).await? {
            Line::Whole(line) => Ok(line),
            Line::TooLong { .. } => Err(LineError::TooLong),
        }
    }

    /// Like [`Input::line`], but keeps both ends of a line that is too long: an IMAP command has its
    /// tag at one end, and at the other it may announce bytes that are no commands.
    ///
    /// # Errors
    /// [`Gone`] at the end, also for a last line without line end.
    pub async fn line_or_ends(&mut self, limit: usize) -> Result<Line, Gone> {
        let mut line = Collected { limit, ..Collected::default() };
        poll_fn(|cx| {
            let mut state = self.state.lock();
            let from = state.scanned;
            if let Some(found) = memchr::memchr(b'\n', &state.buffer[from..]) {
                let end = from + found;
                line.push(&state.buffer[..end]);
                state.drop_front(end + 1);
                return Poll::Ready(Ok(()));
            }
            state.scanned = state.buffer.len();
            if state.buffer.len() >= CAPACITY || !line.has_room_for(state.buffer.len()) {
                // A long line is collected outside, so that the pipe stays small.
                line.push(&state.buffer);
                let count = state.buffer.len();
                state.drop_front(count);
            }
            if state.closed {
                return Poll::Ready(Err(Gone));
            }
            state.reader = Some(cx.waker().clone());
            Poll::Pending
        })
        .await?;
        Ok(line.finish())
    }

    /// The next bytes, at least one and at most `limit`: for literals and message data.
    ///
    /// # Errors
    /// [`Gone`] at the end.
    pub async fn chunk(&mut self, limit: usize) -> Result<Vec<u8>, Gone> {
        self.ready().await?;
        let mut state = self.state.lock();
        let count = state.buffer.len().min(limit);
        Ok(state.consume(count))
    }

    /// Offers the next bytes, at least one, to `take`, which answers how many it took: for data that
    /// only its own bytes show the end of.
    ///
    /// # Errors
    /// [`Gone`] at the end.
    pub async fn scan<T>(&mut self, take: impl FnOnce(&[u8]) -> (usize, T)) -> Result<T, Gone> {
        self.ready().await?;
        let mut state = self.state.lock();
        let (taken, result) = take(&state.buffer);
        state.drop_front(taken);
        Ok(result)
    }

    /// Waits until at least one byte is there, without taking it. Safe to drop and call again.
    ///
    /// # Errors
    /// [`Gone`] at the end.
    pub async fn ready(&mut self) -> Result<(), Gone> {
        poll_fn(|cx| {
            let mut state = self.state.lock();
            if !state.buffer.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if state.closed {
                return Poll::Ready(Err(Gone));
            }
            state.reader = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Whether bytes are waiting: the client pipelines.
    pub fn is_waiting(&self) -> bool {
        !self.state.lock().buffer.is_empty()
    }

    /// Drops what is waiting: what was sent before TLS must not count after it (RFC 9051 §6.2.1).
    pub fn discard(&mut self) {
        let mut state = self.state.lock();
        let count = state.buffer.len();
        state.drop_front(count);
    }
}

impl Feed {
    /// How many bytes may be pushed now.
    pub fn room(&self) -> usize {
        CAPACITY.saturating_sub(self.state.lock().buffer.len())
    }

    /// Waits until there is room.
    pub async fn wanted(&self) {
        poll_fn(|cx| {
            let mut state = self.state.lock();
            if state.buffer.len() < CAPACITY {
                return Poll::Ready(());
            }
            state.feeder = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Hands bytes to the dialogue: no more than there is [`Feed::room`] for.
    pub fn push(&self, bytes: &[u8]) {
        let mut state = self.state.lock();
        debug_assert!(state.buffer.len() + bytes.len() <= CAPACITY);
        state.buffer.extend_from_slice(bytes);
        if let Some(waker) = state.reader.take() {
            waker.wake();
        }
    }

    /// No more will come.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        if let Some(waker) = state.reader.take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, executor::block_on};

    fn line(input: &mut Input, limit: usize) -> Option<Result<Vec<u8>, LineError>> {
        input.line(limit).now_or_never()
    }

    #[test]
    fn lines_and_chunks() {
        let (feed, mut input) = input();
        feed.push(b"one\r\ntwo\nabcdef\r\n");
        assert_eq!(block_on(input.line(100)), Ok(b"one".to_vec()));
        assert_eq!(block_on(input.line(3)), Ok(b"two".to_vec()));
        assert_eq!(block_on(input.chunk(4)), Ok(b"abcd".to_vec()));
        assert_eq!(block_on(input.line(2)), Ok(b"ef".to_vec()));
        feed.push(b"gh.ij\r\n");
        let dot = block_on(input.scan(|bytes| (3, bytes.to_vec())));
        assert_eq!(dot, Ok(b"gh.ij\r\n".to_vec()));
        assert_eq!(block_on(input.line(2)), Ok(b"ij".to_vec()));
        feed.push(b"x");
        assert_eq!(line(&mut input, 10), None);
        feed.close();
        assert_eq!(line(&mut input, 10), Some(Err(LineError::Gone(Gone))));
    }

    #[test]
    fn a_long_line_is_dropped_whole_and_the_next_one_is_read() {
        let (feed, mut input) = input();
        feed.push(b"toolong\r\nok\r\n");
        assert_eq!(block_on(input.line(6)), Err(LineError::TooLong));
        assert_eq!(block_on(input.line(6)), Ok(b"ok".to_vec()));
        feed.push(b"exactly\r\n");
        assert_eq!(block_on(input.line(7)), Ok(b"exactly".to_vec()));
    }

    #[test]
    fn a_long_line_leaves_its_ends() {
        let long =
            |head: &[u8], tail: &[u8]| Line::TooLong { head: head.into(), tail: tail.into() };
        let (feed, mut input) = input();
        let mut text = b"a1 NOOP ".to_vec();
        text.resize(300, b'x');
        text.extend_from_slice(b" {5+}\r\n");
        for piece in [1, 7, 63, 64, 65, 1000] {
            let mut waiting = Box::pin(input.line_or_ends(100));
            for bytes in text[..text.len() - 1].chunks(piece) {
                feed.push(bytes);
                assert!(waiting.as_mut().now_or_never().is_none());
            }
            feed.push(b"\n");
            let Ok(Line::TooLong { head, tail }) = block_on(waiting) else {
                panic!("not too long")
            };
            assert_eq!(head, text[..64]);
            assert!(tail.ends_with(b"xx {5+}") && (63..=64).contains(&tail.len()));
        }
        feed.push(b"abcd\r\n");
        assert_eq!(block_on(input.line_or_ends(3)), Ok(long(b"abcd", b"abcd")));
        feed.push(b"abcd\r\nabc\r\n");
        assert_eq!(block_on(input.line_or_ends(0)), Ok(long(b"abcd", b"abcd")));
        assert_eq!(block_on(input.line_or_ends(3)), Ok(Line::Whole(b"abc".to_vec())));
    }

    #[test]
    fn a_line_longer_than_the_pipe() {
        let (feed, mut input) = input();
        let mut waiting = Box::pin(input.line(100_000));
        for _ in 0..3 {
            feed.push(&vec![b'a'; feed.room()]);
            assert!(waiting.as_mut().now_or_never().is_none());
            assert!(feed.room() > 0);
        }
        feed.push(b"\n");
        assert_eq!(block_on(waiting).map(|line| line.len()), Ok(3 * CAPACITY));
    }
}
