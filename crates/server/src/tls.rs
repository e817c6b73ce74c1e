//! TLS on an accepted socket.

use crate::stream::{Counted, Stream};
use rustls::ServerConfig;
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Makes TLS streams of sockets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Acceptor {
    inner: TlsAcceptor,
}

impl Acceptor {
    /// Uses this configuration; its certificate resolver may change what it serves.
    pub(crate) fn new(config: Arc<ServerConfig>) -> Self {
        Self { inner: TlsAcceptor::from(config) }
    }

    /// Shakes hands. The caller bounds the time.
    ///
    /// # Errors
    /// The client's fault, mostly: no common version, no TLS at all, gone.
    pub(crate) async fn accept(&self, tcp: Counted) -> io::Result<Stream> {
        // Boxed: the state of a handshake is large, and lives only for a moment.
        let tls = Box::pin(self.inner.accept(tcp)).await?;
        Ok(Stream::Tls(Box::new(tls)))
    }
}

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}
