//! The limit: a server of its own process that listens like ours, agrees to everything, and does nothing.
//!
//! Its idle connections are the floor of memory: a bare task that holds a socket, with or without TLS.

mod dialogue;

use crate::site::{Ports, first_line};
use crate::{Outcome, site::Site};
use dialogue::{Dialogue, PIECE, Speech, Stock};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The chore with which this program becomes the null server.
pub(super) const CHORE: &str = "null-server";

/// The most that one read takes.
const CHUNK: usize = 16 * 1024;

/// A running null server.
pub(super) struct Null {
    process: Child,
    pub(super) ports: Ports,
}

impl Null {
    /// Starts it as a child, with the certificate of a site.
    pub(super) fn start(site: &Site) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut process = Command::new(program)
            .args(["bench", CHORE, "--debug"])
            .arg(site.data_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the null server cannot be started: {error}"))?;
        let line = first_line(&mut process)?;
        Ok(Self { process, ports: Ports::announced(&line)? })
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Null {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until whoever started it is gone.
pub(super) async fn serve(data_dir: &Path) -> Outcome {
    let failed = |error: io::Error| format!("the null server: {error}");
    let tls = TlsAcceptor::from(Arc::new(config(data_dir)?));
    let stock = Arc::new(Stock::new());
    let mut ready = "ready".to_owned();
    let mut listeners = Vec::new();
    for name in ["imap", "imaps", "pop3", "lmtp"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        ready.push_str(&format!(" {name}={address}"));
        listeners.push((name, listener));
    }
    for (name, listener) in listeners {
        let (tls, stock) = (tls.clone(), stock.clone());
        tokio::spawn(async move {
            loop {
                let Ok((tcp, _)) = listener.accept().await else { continue };
                let _ = tcp.set_nodelay(true);
                let (tls, stock) = (tls.clone(), stock.clone());
                match name {
                    "imaps" => drop(tokio::spawn(secured(tls, tcp, stock))),
                    "pop3" => drop(tokio::spawn(converse(tcp, Speech::Pop3, stock))),
                    "lmtp" => drop(tokio::spawn(converse(tcp, Speech::Lmtp, stock))),
                    _ => drop(tokio::spawn(converse(tcp, Speech::Imap, stock))),
                }
            }
        });
    }
    super::table::print(&ready);
    tokio::io::stdin().read_to_end(&mut Vec::new()).await.map_err(failed)?;
    Ok(())
}

fn config(data_dir: &Path) -> Result<ServerConfig, String> {
    let certificate = CertificateDer::from_pem_file(data_dir.join("self-signed-certificate.pem"));
    let key = PrivateKeyDer::from_pem_file(data_dir.join("self-signed-key.pem"));
    let (Ok(certificate), Ok(key)) = (certificate, key) else {
        return Err(format!("no certificate in {}", data_dir.display()));
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key))
        .map_err(|error| error.to_string())?;
    config.send_tls13_tickets = 0;
    Ok(config)
}

async fn secured(tls: TlsAcceptor, tcp: TcpStream, stock: Arc<Stock>) {
    // Boxed, because a handshake needs much more room than what comes after.
    if let Ok(stream) = Box::pin(tls.accept(tcp)).await {
        let _ = converse(stream, Speech::Imap, stock).await;
    }
}

async fn converse<S>(mut stream: S, speech: Speech, stock: Arc<Stock>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut dialogue = Dialogue::new(speech);
    stream.write_all(dialogue.greeting()).await?;
    stream.flush().await?;
    while !dialogue.is_over() {
        let input = poll_fn(|cx| read(&mut stream, cx)).await?;
        if input.is_empty() {
            break;
        }
        let mut rest = input.as_slice();
        let mut out = Vec::with_capacity(PIECE / 4);
        loop {
            let more = dialogue.step(&mut rest, &stock, &mut out);
            stream.write_all(&out).await?;
            out.clear();
            if !more {
                break;
            }
        }
        stream.flush().await?;
    }
    stream.shutdown().await
}

/// Reads what is there. The buffer is not part of the task, which holds nothing while it waits.
fn read<S: AsyncRead + Unpin>(stream: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
    let mut bytes = [0; CHUNK];
    let mut buffer = ReadBuf::new(&mut bytes);
    std::task::ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().to_vec()))
}
