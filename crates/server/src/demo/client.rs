//! A small client for `demo --once`: says lines, waits for answers, and notes what comes at the end.

use crate::assemble::Server;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// No answer takes longer on one machine.
const PATIENCE: Duration = Duration::from_secs(10);

trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// A connected client.
pub(super) struct Client {
    stream: BufReader<Box<dyn Socket>>,
}

/// What a client saw at the end of its session.
#[derive(Debug)]
pub(super) struct Ending {
    /// The last words, without line ends.
    pub(super) last_words: String,
    /// When the socket was closed.
    pub(super) closed: Instant,
}

impl Client {
    /// Connects, with TLS if wanted, and reads the greeting.
    pub(super) async fn connect(port: u16, tls: Option<&TlsConnector>) -> io::Result<Self> {
        let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
        tcp.set_nodelay(true)?;
        let socket: Box<dyn Socket> = match tls {
            None => Box::new(tcp),
            Some(tls) => {
                let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
                Box::new(tls.connect(name, tcp).await?)
            }
        };
        let mut client = Self { stream: BufReader::new(socket) };
        client.line().await?;
        Ok(client)
    }

    /// Says a line and reads until a line that starts as expected.
    pub(super) async fn say(&mut self, line: &str, expected: &str) -> io::Result<String> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await?;
        self.wait_for(expected).await
    }

    /// Reads until a line that starts as expected.
    pub(super) async fn wait_for(&mut self, expected: &str) -> io::Result<String> {
        loop {
            let line = self.line().await?;
            if line.starts_with(expected) {
                return Ok(line);
            }
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.stream.read_line(&mut line));
        match read.await.map_err(|_| io::ErrorKind::TimedOut)?? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    /// Reads until the server closes.
    pub(super) async fn until_closed(mut self) -> io::Result<Ending> {
        let mut rest = Vec::new();
        match timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await {
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            // A reset is a way of closing too.
            Ok(Err(error)) if error.kind() != io::ErrorKind::ConnectionReset => return Err(error),
            Ok(_) => {}
        }
        let last_words = String::from_utf8_lossy(&rest).trim_end().replace("\r\n", " ⏎ ");
        Ok(Ending { last_words, closed: Instant::now() })
    }
}

/// TLS that trusts the demo server's own certificate and no other.
pub(super) fn trusting(server: &Server) -> Result<TlsConnector, String> {
    let certificate = server.certificates.certificate().ok_or("the server shows no certificate")?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).map_err(|error| error.to_string())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Posts a request to the API and answers with the body, once it is here whole.
pub(super) async fn post(port: u16, method: &str, body: &str) -> io::Result<String> {
    let mut tcp = TcpStream::connect(("127.0.0.1", port)).await?;
    tcp.set_nodelay(true)?;
    let request = format!(
        "POST /api/{method} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    tcp.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    timeout(PATIENCE, tcp.read_to_string(&mut answer))
        .await
        .map_err(|_| io::ErrorKind::TimedOut)??;
    answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned())
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}
