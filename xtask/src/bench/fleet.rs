//! Many sockets at once, each watched until it is closed.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Logins under way at the same time.
const AT_ONCE: usize = 32;
/// No step takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connected sockets.
pub(super) struct Fleet {
    watching: JoinSet<io::Result<Instant>>,
}

impl Fleet {
    /// Opens sockets to `port` and says each script line after the answer to the one before came.
    /// A line is what to say, and how the last line of its answer begins.
    pub(super) async fn open(
        port: u16,
        count: usize,
        script: impl Fn(usize) -> Vec<(String, &'static str)>,
    ) -> Result<Self, String> {
        let mut opening = JoinSet::new();
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        for index in 0..count {
            let (turns, script) = (turns.clone(), script(index));
            opening.spawn(async move {
                let _turn = turns.acquire_owned().await;
                timeout(PATIENCE, board(port, script)).await.map_err(|_| io::ErrorKind::TimedOut)?
            });
        }
        let mut watching = JoinSet::new();
        while let Some(opened) = opening.join_next().await {
            let socket = opened
                .map_err(io::Error::other)
                .and_then(|opened| opened)
                .map_err(|error| format!("a session cannot be opened: {error}"))?;
            watching.spawn(closed(socket));
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

async fn board(port: u16, script: Vec<(String, &'static str)>) -> io::Result<TcpStream> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await?;
    socket.set_nodelay(true)?;
    let mut seen = Vec::new();
    wait_for(&mut socket, &mut seen, "").await?;
    for (line, expected) in script {
        socket.write_all(line.as_bytes()).await?;
        wait_for(&mut socket, &mut seen, expected).await?;
    }
    Ok(socket)
}

/// Reads until a line that begins as expected.
async fn wait_for(socket: &mut TcpStream, seen: &mut Vec<u8>, expected: &str) -> io::Result<()> {
    loop {
        while let Some(end) = seen.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = seen.drain(..=end).collect();
            if line.starts_with(expected.as_bytes()) {
                return Ok(());
            }
        }
        let mut chunk = [0; 4096];
        match socket.read(&mut chunk).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => seen.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Reads until the peer closes, and tells when that was seen.
async fn closed(mut socket: TcpStream) -> io::Result<Instant> {
    let mut chunk = [0; 512];
    loop {
        match socket.read(&mut chunk).await {
            Ok(0) => return Ok(Instant::now()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                return Ok(Instant::now());
            }
            Err(error) => return Err(error),
        }
    }
}
