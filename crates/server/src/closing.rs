//! How a connection ends, so that the promises hold.
//!
//! - **A client that left** gets what was said to it. Its place in the registry is kept until its
//!   side has acknowledged every byte: else the kernel would go on sending mail for a session that
//!   nobody can end any more.
//! - **A session that we end** is told so where its protocol allows it: everything said before was
//!   acknowledged, and no reply is cut. In every other case the connection is reset, which makes the
//!   kernel drop what it still holds (promise L2).

use crate::exchange::Exchange;
use crate::send_queue::SendQueues;
use parking_lot::Mutex;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::time::sleep;

static SEND_QUEUES: LazyLock<Mutex<SendQueues>> = LazyLock::new(|| SendQueues::open().into());

/// A FIN that is under way counts as one byte.
const FIN: u32 = 1;

impl Exchange {
    /// Bytes that the kernel holds for the client, if it tells.
    fn unacknowledged(&self) -> Option<u32> {
        let tcp = self.stream.tcp()?;
        let (local, peer) = (tcp.local_addr().ok()?, tcp.peer_addr().ok()?);
        SEND_QUEUES.lock().unacknowledged(local, peer)
    }

    /// Ends the connection at once. Says `farewell` if the client can be told. Never waits: after
    /// this, not one byte of what was said before leaves the machine.
    pub(crate) fn cut(mut self, farewell: &[u8]) {
        // Asked before our own words make the queue longer.
        let quiet = self.is_at_seam() && self.unacknowledged() == Some(0);
        self.silence();
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        if !quiet || self.say_goodbye(cx, farewell).is_err() {
            self.reset();
        }
    }

    fn say_goodbye(&mut self, cx: &mut Context<'_>, farewell: &[u8]) -> io::Result<()> {
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
        let mut pause = Duration::from_millis(1);
        while self.unacknowledged().is_some_and(|queued| queued > FIN) {
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
        Ok(())
    }
}
