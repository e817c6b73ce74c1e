//! How a connection ends, so that the promises hold.
//!
//! - **A client that left** gets what was said to it. Its place in the registry is kept until its
//!   side has acknowledged every byte: else the kernel would go on sending mail for a session that
//!   nobody can end any more.
//! - **A session that we end** is told so where its protocol allows it: everything said before has
//!   left, and no reply is cut. In every other case the connection is reset, which makes the kernel
//!   drop what it still holds (promise L2). Mail that has left but is not acknowledged might have to be
//!   sent again, so the connection is then reset, too, unless the acknowledgement follows soon.

use crate::exchange::Exchange;
use crate::send_queue::{SendQueue, SendQueues};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::time::{sleep, timeout};

thread_local! {
    /// The thread's own: many connections end at once, and none waits for another's answer.
    static SEND_QUEUES: SendQueues = SendQueues::open();
}

/// A FIN that is under way counts as one byte.
const FIN: u32 = 1;

/// The longest that clients' systems put off an acknowledgement, by which they hope to save a packet.
/// Many do for 40 ms after each answer.
const DELAYED_ACK: Duration = Duration::from_millis(200);

/// How often to look for an acknowledgement that somebody waits for, and for one that nobody does.
const LOOK_SOON: Duration = Duration::from_millis(8);
const LOOK_LATER: Duration = Duration::from_millis(200);

impl Exchange {
    /// What the kernel holds for the client, if it tells.
    fn send_queue(&self) -> Option<SendQueue> {
        let Some(tcp) = self.stream.tcp() else {
            // What is written to a local socket is with its reader at once.
            return Some(SendQueue::default());
        };
        let (local, peer) = (tcp.local_addr().ok()?, tcp.peer_addr().ok()?);
        SEND_QUEUES.with(|queues| queues.ask(local, peer))
    }

    fn unacknowledged(&self) -> Option<u32> {
        self.send_queue().map(|queue| queue.unacknowledged)
    }

    /// Ends the connection. Says `farewell` if the client can be told. After this, not one byte of what
    /// was said before leaves the machine.
    ///
    /// Waits for no client; for its system, [`DELAYED_ACK`] if there is mail to acknowledge.
    pub(crate) async fn cut(mut self, farewell: &[u8]) {
        // Asked before our own words make the queue longer.
        let queue = self.send_queue().filter(|queue| self.is_at_seam() && queue.unsent == 0);
        let mail = queue.is_some_and(|queue| self.ends_with_mail(queue.unacknowledged));
        self.silence();
        let told = queue.is_some() && self.say_goodbye(farewell).is_ok();
        let quiet =
            told && (!mail || timeout(DELAYED_ACK, self.acknowledged(0, LOOK_SOON)).await.is_ok());
        if !quiet {
            self.reset();
        }
    }

    fn say_goodbye(&mut self, farewell: &[u8]) -> io::Result<()> {
        if let Some(tcp) = self.stream.tcp() {
            // Our words and the end leave in one packet: a client is woken once, not twice. Where that is not
            // possible, they leave in two.
            let _ = rustix::net::sockopt::set_tcp_cork(tcp, true);
        }
        let cx = &mut Context::from_waker(Waker::noop());
        let would_wait = || io::Error::from(io::ErrorKind::WouldBlock);
        match Pin::new(&mut self.stream).poll_write(cx, farewell)? {
            Poll::Ready(count) if count == farewell.len() => {}
            _ => return Err(would_wait()),
        }
        if Pin::new(&mut self.stream).poll_flush(cx)?.is_pending() {
            return Err(would_wait());
        }
        self.discard_input(cx);
        match Pin::new(&mut self.stream).poll_shutdown(cx)? {
            Poll::Ready(()) => Ok(()),
            Poll::Pending => Err(would_wait()),
        }
    }

    /// Closes so that the kernel drops what it still holds, and tells the client by a reset.
    pub(crate) fn reset(self) {
        if let Some(tcp) = self.stream.tcp() {
            // Only fails for a socket that is no longer connected.
            let _ = socket2::SockRef::from(tcp).set_linger(Some(Duration::ZERO));
        }
    }

    /// Sends what is left to a client that is leaving, and waits until its side has it. The caller
    /// bounds the time, and resets when it is over.
    ///
    /// # Errors
    /// The socket's: the client is gone.
    pub(crate) async fn finish(&mut self) -> io::Result<()> {
        poll_fn(|cx| {
            loop {
                let moved = self.poll_move(cx)?.is_ready();
                if self.is_flushed() {
                    return Poll::Ready(Ok(()));
                }
                if !moved {
                    return Poll::Pending::<io::Result<()>>;
                }
            }
        })
        .await?;
        poll_fn(|cx| {
            self.discard_input(cx);
            Pin::new(&mut self.stream).poll_shutdown(cx)
        })
        .await?;
        self.acknowledged(FIN, LOOK_LATER).await;
        Ok(())
    }

    /// Waits until the client's side has acknowledged all but so many bytes. Looks ever more rarely,
    /// at last once in `longest`.
    async fn acknowledged(&self, all_but: u32, longest: Duration) {
        let mut pause = Duration::from_millis(1);
        while self.unacknowledged().is_some_and(|queued| queued > all_but) {
            sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }
}
