//! A client's connection, which counts what arrives: not when it is read, but when it is there.

use super::PATIENCE;
use crate::trust;
use rustix::io::ioctl_fionread;
use rustls::ClientConfig;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The server has closed the connection.
    Closed,
    /// It has reset it.
    Reset,
    /// It says nothing, for too long.
    Stuck,
}

/// A socket and the bytes that were read from it.
#[derive(Debug)]
pub(crate) struct Meter {
    tcp: TcpStream,
    read: Mutex<u64>,
}

impl Meter {
    /// Bytes that have reached this side of the connection: those read, and those that wait to be.
    pub(crate) fn arrived(&self) -> u64 {
        // Nobody can read in between.
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        *read + ioctl_fionread(&self.tcp).unwrap_or_default()
    }
}

/// A connection.
pub(crate) struct Wire {
    stream: Pin<Box<dyn Stream>>,
    meter: Arc<Meter>,
    buffer: Vec<u8>,
}

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

impl Wire {
    /// Connects, with TLS if there is a configuration for it.
    pub(crate) async fn connect(port: u16, tls: Option<Arc<ClientConfig>>) -> io::Result<Self> {
        let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
        tcp.set_nodelay(true)?;
        let meter = Arc::new(Meter { tcp, read: Mutex::new(0) });
        let metered = Metered(meter.clone());
        let stream: Pin<Box<dyn Stream>> = match tls {
            None => Box::pin(metered),
            Some(config) => {
                Box::pin(TlsConnector::from(config).connect(trust::server_name(), metered).await?)
            }
        };
        Ok(Self { stream, meter, buffer: Vec::new() })
    }

    /// For others to look at, as long as the connection is ours.
    pub(crate) fn meter(&self) -> Weak<Meter> {
        Arc::downgrade(&self.meter)
    }

    /// Bytes that have reached us.
    pub(crate) fn arrived(&self) -> u64 {
        self.meter.arrived()
    }

    /// Sends. What cannot be sent is not an error: the answer will not come, which is.
    pub(crate) async fn say(&mut self, bytes: &[u8]) {
        let sending = async {
            if self.stream.write_all(bytes).await.is_ok() {
                let _ = self.stream.flush().await;
            }
        };
        let _ = timeout(PATIENCE, sending).await;
    }

    /// The next line, with its end.
    pub(crate) async fn line(&mut self) -> Result<Vec<u8>, Silence> {
        let mut looked = 0;
        loop {
            if let Some(end) = self.buffer[looked..].iter().position(|byte| *byte == b'\n') {
                return Ok(self.buffer.drain(..=looked + end).collect());
            }
            looked = self.buffer.len();
            self.fill().await?;
        }
    }

    /// The next so many bytes.
    pub(crate) async fn bytes(&mut self, count: usize) -> Result<Vec<u8>, Silence> {
        while self.buffer.len() < count {
            self.fill().await?;
        }
        Ok(self.buffer.drain(..count).collect())
    }

    /// What came of a reply that was cut.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether there is something to read, or comes soon.
    pub(crate) async fn hears_within(
        &mut self,
        time: std::time::Duration,
    ) -> Result<bool, Silence> {
        if !self.buffer.is_empty() {
            return Ok(true);
        }
        match timeout(time, self.fill()).await {
            Err(_) => Ok(false),
            Ok(filled) => filled.map(|()| true),
        }
    }

    async fn fill(&mut self) -> Result<(), Silence> {
        let mut chunk = [0; 16 * 1024];
        match timeout(PATIENCE, self.stream.read(&mut chunk)).await {
            Err(_) => Err(Silence::Stuck),
            // TLS without close_notify is a close, too.
            Ok(Ok(0)) => Err(Silence::Closed),
            Ok(Ok(count)) => {
                self.buffer.extend_from_slice(&chunk[..count]);
                Ok(())
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Silence::Closed),
            Ok(Err(_)) => Err(Silence::Reset),
        }
    }
}

struct Metered(Arc<Meter>);

impl AsyncRead for Metered {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let meter = &self.0;
        loop {
            ready!(meter.tcp.poll_read_ready(cx))?;
            let mut read = meter.read.lock().unwrap_or_else(PoisonError::into_inner);
            match meter.tcp.try_read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    *read += count as u64;
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.tcp.poll_write_ready(cx))?;
            match self.0.tcp.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
