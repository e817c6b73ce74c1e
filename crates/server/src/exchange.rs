//! Bytes between a socket and the pipes of its dialogue.
//!
//! An idle connection holds no buffer: the bytes of a read go through a scratch buffer of the thread.

use crate::stream::Stream;
use carrier::{Drain, Feed};
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most that one read takes; also the largest TLS record.
const SCRATCH: usize = 16 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// A socket with the connection's ends of the dialogue's pipes.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// The socket.
    pub(crate) stream: Stream,
    feed: Feed,
    drain: Drain,
    /// Bytes were written that TLS may still hold.
    unflushed: bool,
    /// The client said that no more will come.
    ended: bool,
    /// How much had been written when the last mail was among it.
    mail_until: u64,
}

impl Exchange {
    /// Joins a socket to the pipes.
    pub(crate) fn new(stream: Stream, feed: Feed, drain: Drain) -> Self {
        Self { stream, feed, drain, unflushed: false, ended: false, mail_until: 0 }
    }

    /// The socket and the pipes again. Only between two moves that left nothing behind.
    pub(crate) fn into_parts(self) -> (Stream, Feed, Drain) {
        (self.stream, self.feed, self.drain)
    }

    /// Moves what can be moved without waiting. Ready: something moved, so the dialogue may have
    /// something to do.
    ///
    /// # Errors
    /// The socket's: the connection is broken.
    pub(crate) fn poll_move(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Not both at once: when "begin TLS" has been sent, the dialogue must drop what came before
        // it, and not the handshake that comes after.
        if self.poll_send(cx)? || self.poll_receive(cx)? {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    /// Sends what the dialogue said; answers whether anything went.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let mut moved = false;
        while self.drain.is_pending() {
            let stream = Pin::new(&mut self.stream);
            let step = self.drain.offer(|bytes| match stream.poll_write(cx, bytes) {
                Poll::Ready(Ok(count)) => (count, Poll::Ready(Ok(count))),
                other => (0, other),
            });
            match step {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(_)) => (moved, self.unflushed) = (true, true),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
        }
        if self.unflushed && Pin::new(&mut self.stream).poll_flush(cx)?.is_ready() {
            self.unflushed = false;
            if self.is_flushed() && self.drain.take_mail_mark() {
                self.mail_until = self.stream.written();
            }
        }
        Ok(moved)
    }

    /// Takes what the client sent, if the dialogue has room for it; answers whether anything came.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let room = self.feed.room().min(SCRATCH);
        if self.ended || room == 0 {
            return Ok(false);
        }
        BUFFER.with_borrow_mut(|buffer| {
            let mut read = ReadBuf::new(&mut buffer[..room]);
            match Pin::new(&mut self.stream).poll_read(cx, &mut read) {
                Poll::Pending => Ok(false),
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    // TLS without close_notify, as many clients leave.
                    self.end_of_input();
                    Ok(true)
                }
                Poll::Ready(Err(error)) => Err(error),
                Poll::Ready(Ok(())) => {
                    if read.filled().is_empty() {
                        self.end_of_input();
                    } else {
                        self.feed.push(read.filled());
                    }
                    Ok(true)
                }
            }
        })
    }

    fn end_of_input(&mut self) {
        self.ended = true;
        self.feed.close();
    }

    /// Whether everything said was handed to the kernel.
    pub(crate) fn is_flushed(&self) -> bool {
        !self.drain.is_pending() && !self.unflushed
    }

    /// Whether mail is among the last so many bytes written. Only at a seam.
    pub(crate) fn ends_with_mail(&self, bytes: u32) -> bool {
        self.stream.written().saturating_sub(u64::from(bytes)) < self.mail_until
    }

    /// Whether a reply was cut, so that nothing else can be said.
    pub(crate) fn is_at_seam(&self) -> bool {
        self.is_flushed() && self.drain.is_at_seam()
    }

    /// Drops what is unsent.
    pub(crate) fn silence(&mut self) {
        self.drain.close();
    }

    /// Throws away what the client has sent, as far as it is here: closing a socket with unread
    /// input resets it, and the client may then miss our last words. Bounded.
    pub(crate) fn discard_input(&mut self, cx: &mut Context<'_>) {
        BUFFER.with_borrow_mut(|buffer| {
            for _ in 0..8 {
                let mut read = ReadBuf::new(buffer);
                match Pin::new(&mut self.stream).poll_read(cx, &mut read) {
                    Poll::Ready(Ok(())) if !read.filled().is_empty() => {}
                    _ => break,
                }
            }
        });
    }
}
