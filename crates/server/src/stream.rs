//! The socket of a connection, before and after TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;

/// A connected socket.
#[derive(Debug)]
pub(crate) enum Stream {
    /// TCP as it is.
    Tcp(Counted),
    /// TLS over TCP. Boxed: most of it is the state of rustls.
    Tls(Box<TlsStream<Counted>>),
    /// A local socket, for LMTP.
    Unix(UnixStream),
}

impl Stream {
    /// The TCP socket below, if it is one.
    pub(crate) fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Stream::Tcp(tcp) => Some(&tcp.tcp),
            Stream::Tls(tls) => Some(&tls.get_ref().0.tcp),
            Stream::Unix(_) => None,
        }
    }

    /// Bytes handed to the kernel so far, as they go over the wire.
    pub(crate) fn written(&self) -> u64 {
        match self {
            Stream::Tcp(tcp) => tcp.written,
            Stream::Tls(tls) => tls.get_ref().0.written,
            Stream::Unix(_) => 0,
        }
    }

    /// Whether TLS is on.
    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Stream::Tls(_))
    }
}

/// A TCP socket that counts what it is given to send, below TLS.
#[derive(Debug)]
pub(crate) struct Counted {
    tcp: TcpStream,
    written: u64,
}

impl From<TcpStream> for Counted {
    fn from(tcp: TcpStream) -> Self {
        Self { tcp, written: 0 }
    }
}

impl Counted {
    fn count(&mut self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = result {
            self.written += count as u64;
        }
        result
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Nobody knows any more what was said and what was not: a reset tells the client so, and
            // makes the kernel drop what it still holds. Fails only for a socket not connected any more.
            let _ = socket2::SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.tcp).poll_write(cx, bytes);
        this.count(result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.tcp).poll_write_vectored(cx, slices);
        this.count(result)
    }

    /// Else TLS would send each record of a handshake by a system call of its own.
    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
            Stream::Unix(unix) => Pin::new(unix).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
            Stream::Unix(unix) => Pin::new(unix).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
            Stream::Unix(unix) => Pin::new(unix).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
            Stream::Unix(unix) => Pin::new(unix).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn whatever_is_written_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut counted = Counted::from(listener.accept().await.unwrap().0);
        counted.write_all(b"one").await.unwrap();
        assert!(counted.is_write_vectored());
        let records = [io::IoSlice::new(b"two, "), io::IoSlice::new(b"three")];
        assert_eq!(counted.write_vectored(&records).await.unwrap(), 10);
        assert_eq!(counted.written, 13);
        drop(counted);
        let mut arrived = Vec::new();
        client.read_to_end(&mut arrived).await.unwrap();
        assert_eq!(arrived, b"onetwo, three");
    }

    /// A task that panics does not look to its client like one that has said everything.
    #[tokio::test]
    async fn a_task_that_panics_resets_its_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        for panics in [true, false] {
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (tcp, _) = listener.accept().await.unwrap();
            let served = tokio::spawn(async move {
                let mut stream = Stream::Tcp(tcp.into());
                stream.write_all(b"* 1 FETCH (BODY[] {4}\r\nab").await.unwrap();
                assert!(!panics, "on purpose");
            });
            assert_eq!(served.await.is_err(), panics);
            let end = client.read_to_end(&mut Vec::new()).await;
            assert_eq!(
                end.err().map(|error| error.kind()),
                panics.then_some(io::ErrorKind::ConnectionReset)
            );
        }
    }
}
