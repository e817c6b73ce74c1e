//! Many sockets at once, each watched until it is closed.

use super::client::Door;
use crate::trust;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Logins under way at the same time.
const AT_ONCE: usize = 32;
/// No step takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connected socket, with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}
type Wire = Pin<Box<dyn Stream>>;

/// What a client says, line by line, each with how the last line of the answer begins.
pub(super) type Script = Vec<(String, &'static str)>;

/// Connected sockets.
pub(super) struct Fleet {
    watching: JoinSet<io::Result<Instant>>,
}

impl Fleet {
    /// Opens sockets, and says each script line after the answer to the one before came.
    pub(super) async fn open(
        door: &Door,
        count: usize,
        script: impl Fn(usize) -> Script,
    ) -> Result<Self, String> {
        let mut opening = JoinSet::new();
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        for index in 0..count {
            let (turns, script, door) = (turns.clone(), script(index), door.clone());
            opening.spawn(async move {
                let _turn = turns.acquire_owned().await;
                timeout(PATIENCE, board(&door, script))
                    .await
                    .map_err(|_| io::ErrorKind::TimedOut)?
            });
        }
        let mut watching = JoinSet::new();
        while let Some(opened) = opening.join_next().await {
            let wire = opened
                .map_err(io::Error::other)
                .and_then(|opened| opened)
                .map_err(|error| format!("a session cannot be opened: {error}"))?;
            watching.spawn(closed(wire));
        }
        Ok(Self { watching })
    }

    /// When the last socket was closed.
    pub(super) async fn last_closed(mut self) -> Result<Instant, String> {
        let mut last = Instant::now();
        let mut first = true;
        while let Some(watched) = self.watching.join_next().await {
            let at = watched
                .map_err(io::Error::other)
                .and_then(|closed| closed)
                .map_err(|error| format!("a session was not closed: {error}"))?;
            last = if first { at } else { last.max(at) };
            first = false;
        }
        Ok(last)
    }

    /// How many are open.
    pub(super) fn open_count(&mut self) -> usize {
        while self.watching.try_join_next().is_some() {}
        self.watching.len()
    }
}

async fn board(door: &Door, script: Script) -> io::Result<Wire> {
    let tcp = TcpStream::connect(("127.0.0.1", door.port)).await?;
    tcp.set_nodelay(true)?;
    let mut wire: Wire = match &door.tls {
        None => Box::pin(tcp),
        Some(config) => {
            let connector = TlsConnector::from(config.clone());
            Box::pin(connector.connect(trust::server_name(), tcp).await?)
        }
    };
    let mut seen = Vec::new();
    wait_for(&mut wire, &mut seen, "").await?;
    for (line, expected) in script {
        wire.write_all(line.as_bytes()).await?;
        wire.flush().await?;
        wait_for(&mut wire, &mut seen, expected).await?;
    }
    Ok(wire)
}

/// Reads until a line that begins as expected.
async fn wait_for(wire: &mut Wire, seen: &mut Vec<u8>, expected: &str) -> io::Result<()> {
    loop {
        while let Some(end) = seen.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = seen.drain(..=end).collect();
            if line.starts_with(expected.as_bytes()) {
                return Ok(());
            }
        }
        let mut chunk = [0; 4096];
        match wire.read(&mut chunk).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => seen.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Reads until the peer closes, and tells when that was seen.
async fn closed(mut wire: Wire) -> io::Result<Instant> {
    let mut chunk = [0; 512];
    loop {
        match wire.read(&mut chunk).await {
            Ok(0) => return Ok(Instant::now()),
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof
                ) =>
            {
                return Ok(Instant::now());
            }
            Err(error) => return Err(error),
        }
    }
}
