//! A client's TCP connection that counts every byte that arrives, and notes how the connection ends.
//!
//! Reads bypass the runtime's idea of readiness: what the kernel has is what a read finds. So a test can
//! ask what is true at this very moment, without waiting for anything.

use rustix::net::{RecvFlags, recv};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};

/// A connection, shared by the client that reads and writes it and the test that watches it.
#[derive(Debug)]
pub(crate) struct Wire {
    tcp: TcpStream,
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    arrived: u64,
    end: Option<End>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server closed.
    Closed,
    /// The server reset.
    Reset,
}

impl End {
    /// What an error of reading means. TLS may end without saying so: that is closed.
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset => End::Reset,
            _ => End::Closed,
        }
    }
}

impl Wire {
    /// Connects; with a receive buffer of that many bytes, if one is given. The kernel doubles it.
    pub(crate) async fn connect(
        to: SocketAddr,
        receive_buffer: Option<u32>,
    ) -> io::Result<Arc<Self>> {
        let socket = TcpSocket::new_v4()?;
        if let Some(size) = receive_buffer {
            socket.set_recv_buffer_size(size)?;
        }
        let tcp = socket.connect(to).await?;
        tcp.set_nodelay(true)?;
        Ok(Arc::new(Self { tcp, record: Mutex::default() }))
    }

    /// How many bytes have arrived on this side, whether somebody has read them or not.
    pub(crate) fn arrived(&self) -> u64 {
        // Nobody reads meanwhile: reads hold the same lock.
        let record = self.record.lock().unwrap();
        record.arrived + rustix::io::ioctl_fionread(&self.tcp).unwrap_or(0)
    }

    /// How it ended, as far as somebody has read so far.
    pub(crate) fn end(&self) -> Option<End> {
        self.record.lock().unwrap().end
    }

    fn receive(&self, buffer: &mut ReadBuf<'_>) -> io::Result<()> {
        let mut record = self.record.lock().unwrap();
        match recv(&self.tcp, buffer.initialize_unfilled(), RecvFlags::DONTWAIT) {
            Ok((0, _)) => {
                record.end.get_or_insert(End::Closed);
                Ok(())
            }
            Ok((count, _)) => {
                record.arrived += count as u64;
                buffer.advance(count);
                Ok(())
            }
            Err(error) => {
                let error = io::Error::from(error);
                if error.kind() == io::ErrorKind::ConnectionReset {
                    record.end.get_or_insert(End::Reset);
                }
                Err(error)
            }
        }
    }
}

/// The reading and writing end.
#[derive(Debug)]
pub(crate) struct Tap(pub(crate) Arc<Wire>);

fn would_block(result: &io::Result<()>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl AsyncRead for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let received = self.0.receive(buffer);
        if !would_block(&received) {
            return Poll::Ready(received);
        }
        loop {
            ready!(self.0.tcp.poll_read_ready(cx))?;
            let received = self.0.tcp.try_io(Interest::READABLE, || self.0.receive(buffer));
            if !would_block(&received) {
                return Poll::Ready(received);
            }
        }
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.tcp.poll_write_ready(cx))?;
            match self.0.tcp.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(socket2::SockRef::from(&self.0.tcp).shutdown(std::net::Shutdown::Write))
    }
}
