//! Accepting connections: bound sockets, and the sockets they yield.

use crate::config::Endpoint;
use crate::stream::Stream;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, UnixListener, UnixStream};

/// How many connections may wait to be accepted. The kernel caps it at `net.core.somaxconn`.
const BACKLOG: u32 = 4096;

/// Who stands for the peer on a local socket: somebody on this machine.
const LOCAL_PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A bound socket that accepts connections.
#[derive(Debug)]
pub(crate) enum Listener {
    /// On a TCP address.
    Tcp(TcpListener),
    /// On a path.
    Unix(UnixListener),
}

/// A listener cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {endpoint}: {hint}")]
pub(crate) struct BindError {
    endpoint: String,
    hint: String,
}

impl Listener {
    /// Binds and listens. A socket file that nobody serves any more is replaced; any other file in
    /// its place is not.
    ///
    /// # Errors
    /// A sentence that names the endpoint and what to do.
    pub(crate) async fn bind(endpoint: &Endpoint) -> Result<Self, BindError> {
        let result = match endpoint {
            Endpoint::Tcp(address) => bind_tcp(*address).map(Listener::Tcp),
            Endpoint::Unix(path) => bind_unix(path).await.map(Listener::Unix),
        };
        result.map_err(|error| BindError {
            endpoint: endpoint.to_string(),
            hint: match error.kind() {
                io::ErrorKind::AddrInUse => {
                    "already in use; stop the other program, or choose another one in [listen]"
                        .into()
                }
                io::ErrorKind::PermissionDenied => {
                    "permission denied; ports below 1024 need CAP_NET_BIND_SERVICE or root".into()
                }
                io::ErrorKind::AddrNotAvailable => "this machine does not have that address".into(),
                _ => error.to_string(),
            },
        })
    }

    /// The TCP address bound, with the port that the kernel chose for port 0.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().ok(),
            Listener::Unix(_) => None,
        }
    }

    /// The next connection and its peer.
    ///
    /// # Errors
    /// The kernel's: out of file descriptors, for example. Trying again later is right.
    pub(crate) async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Answers are written whole; waiting for more would only delay them.
                stream.set_nodelay(true)?;
                let keepalive = TcpKeepalive::new()
                    .with_time(Duration::from_secs(300))
                    .with_interval(Duration::from_secs(60))
                    .with_retries(5);
                SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
                Ok((Stream::Tcp(stream.into()), peer))
            }
            Listener::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Stream::Unix(stream), LOCAL_PEER))
            }
        }
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the old connections' TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let is_socket = std::fs::symlink_metadata(path)?.file_type().is_socket();
            if !is_socket || UnixStream::connect(path).await.is_ok() {
                return Err(error);
            }
            std::fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named() {
        let first = Listener::bind(&Endpoint::Tcp("127.0.0.1:0".parse().unwrap())).await.unwrap();
        let taken = first.local_addr().unwrap();
        let error = Listener::bind(&Endpoint::Tcp(taken)).await.unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "cannot listen on {taken}: already in use; stop the other program, or choose another one in [listen]"
            )
        );
    }

    #[tokio::test]
    async fn a_stale_socket_file_is_replaced_and_a_live_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lmtp");
        let endpoint = Endpoint::Unix(path.clone());
        let live = Listener::bind(&endpoint).await.unwrap();
        assert!(Listener::bind(&endpoint).await.is_err());
        drop(live);
        drop(Listener::bind(&endpoint).await.unwrap());
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "precious").unwrap();
        assert!(Listener::bind(&endpoint).await.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }
}
