//! A client of any mail protocol: says lines, reads lines, and notes what comes at the end.

use crate::wire::{End, Tap, Wire};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, timeout};

/// No answer takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(20);
/// At most so much of what came at the end is kept.
const KEPT: usize = 1 << 20;

/// How mail is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Imap,
    Imaps,
    Pop3,
    Pop3s,
}

impl Kind {
    pub(crate) const ALL: [Kind; 4] = [Kind::Imap, Kind::Imaps, Kind::Pop3, Kind::Pop3s];

    pub(crate) fn is_imap(self) -> bool {
        matches!(self, Kind::Imap | Kind::Imaps)
    }

    pub(crate) fn is_tls(self) -> bool {
        matches!(self, Kind::Imaps | Kind::Pop3s)
    }

    /// How a session that is told of its end hears it.
    pub(crate) fn farewell(self) -> &'static str {
        match self.is_imap() {
            true => {
                "* BYE [UNAVAILABLE] Your sessions were ended by an administrator, log in again\r\n"
            }
            false => "-ERR [SYS/TEMP] logged out by an administrator\r\n",
        }
    }
}

trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// A connected client.
pub(crate) struct Client {
    pub(crate) kind: Kind,
    pub(crate) wire: Arc<Wire>,
    socket: Box<dyn Socket>,
    /// Read from the socket, and not yet by anybody.
    ahead: Vec<u8>,
    /// The last line that was read, whoever asked for it.
    pub(crate) last: String,
}

/// What a client saw from some moment on.
pub(crate) struct Seen {
    /// How many bytes, of text if there is TLS.
    pub(crate) count: u64,
    /// The last of them.
    pub(crate) bytes: Vec<u8>,
    /// How it ended, if it did.
    pub(crate) end: Option<End>,
    /// When it ended, or was looked at.
    pub(crate) at: Instant,
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn holds(&self, text: &str) -> bool {
        self.text().contains(text)
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        let begin: String = text.chars().take(200).collect();
        let end: String =
            text.chars().skip(200.max(text.chars().count().saturating_sub(200))).collect();
        write!(f, "{} bytes, {begin:?} … {end:?}, then {:?}", self.count, self.end)
    }
}

impl Client {
    /// Over a connection on which nothing has been read.
    pub(crate) fn plain(kind: Kind, wire: Arc<Wire>) -> Self {
        Self {
            kind,
            socket: Box::new(Tap(wire.clone())),
            wire,
            ahead: Vec::new(),
            last: String::new(),
        }
    }

    /// Over TLS on that connection.
    pub(crate) fn secured(
        kind: Kind,
        wire: Arc<Wire>,
        stream: tokio_rustls::client::TlsStream<Tap>,
    ) -> Self {
        Self { kind, socket: Box::new(stream), wire, ahead: Vec::new(), last: String::new() }
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await?;
        self.socket.flush().await
    }

    /// Says that nothing more will be said, and goes on listening.
    pub(crate) async fn half_close(&mut self) -> io::Result<()> {
        self.socket.shutdown().await
    }

    /// The next line, without its end.
    pub(crate) async fn line(&mut self) -> io::Result<String> {
        timeout(PATIENCE, self.line_at_last()).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    async fn line_at_last(&mut self) -> io::Result<String> {
        let mut searched = 0;
        loop {
            if let Some(found) = self.ahead[searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.ahead.drain(..=searched + found).collect::<Vec<_>>();
                self.last = String::from_utf8_lossy(&line).into_owned();
                return Ok(self.last.trim_end().to_owned());
            }
            searched = self.ahead.len();
            if self.socket.read_buf(&mut self.ahead).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads until a line that begins so.
    pub(crate) async fn until(&mut self, begin: &str) -> io::Result<String> {
        loop {
            let line = self.line().await?;
            if line.starts_with(begin) {
                return Ok(line);
            }
        }
    }

    /// Says a line and reads until a line that begins so.
    pub(crate) async fn say(&mut self, line: &str, begin: &str) -> io::Result<String> {
        self.send(format!("{line}\r\n").as_bytes()).await?;
        self.until(begin).await
    }

    /// Says a line and reads the answer: the tagged reply of a command with the tag `a`, or a line.
    pub(crate) async fn ask(&mut self, line: &str) -> io::Result<String> {
        let begin = if self.kind.is_imap() { "a " } else { "" };
        self.say(line, begin).await
    }

    /// Logs in; whether that was allowed.
    pub(crate) async fn log_in(&mut self, user: &str, password: &str) -> io::Result<bool> {
        if self.kind.is_imap() {
            let answer = self.ask(&format!("a LOGIN {user} {password}")).await?;
            return Ok(answer.starts_with("a OK"));
        }
        self.ask(&format!("USER {user}")).await?;
        Ok(self.ask(&format!("PASS {password}")).await?.starts_with("+OK"))
    }

    /// Whether the session does what it is told.
    pub(crate) async fn lives(&mut self) -> bool {
        let answer = match self.kind.is_imap() {
            true => self.ask("a STATUS INBOX (MESSAGES)").await,
            false => self.ask("STAT").await,
        };
        answer.is_ok_and(|line| line.starts_with("a OK") || line.starts_with("+OK"))
    }

    /// Leaves, and waits for the server to close.
    pub(crate) async fn leave(mut self) -> Seen {
        let word = if self.kind.is_imap() { "z LOGOUT\r\n" } else { "QUIT\r\n" };
        // If that fails, the server has closed already.
        let _ = self.send(word.as_bytes()).await;
        self.until_closed().await
    }

    /// Reads until all that came satisfies the test, or the server closes.
    pub(crate) async fn gather(&mut self, enough: impl Fn(&str) -> bool) -> Seen {
        let mut bytes = std::mem::take(&mut self.ahead);
        let reading = async {
            while !enough(&String::from_utf8_lossy(&bytes)) {
                bytes.reserve(64 * 1024);
                match self.socket.read_buf(&mut bytes).await {
                    Ok(0) => return Some(End::Closed),
                    Ok(_) => {}
                    Err(error) => return Some(End::of(&error)),
                }
            }
            None
        };
        let end = timeout(PATIENCE, reading).await.expect("the server answers");
        Seen { count: bytes.len() as u64, bytes, end, at: Instant::now() }
    }

    /// What is there now, without waiting for anything.
    pub(crate) fn at_once(&mut self) -> Seen {
        let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
        let mut seen = Seen { count: 0, bytes: Vec::new(), end: None, at: Instant::now() };
        // Pending: nothing more is there.
        let _ = std::pin::pin!(read_on(&mut self.socket, &mut self.ahead, &mut seen)).poll(cx);
        seen
    }

    /// Reads until the server closes, a little at a time.
    pub(crate) async fn sip_until_closed(mut self) -> Option<End> {
        let mut piece = [0; 2048];
        let sipping = async {
            loop {
                match self.socket.read(&mut piece).await {
                    Ok(0) => return End::Closed,
                    Ok(_) => sleep(Duration::from_millis(1)).await,
                    Err(error) => return End::of(&error),
                }
            }
        };
        timeout(PATIENCE, sipping).await.ok()
    }

    /// Reads until the server closes. The bytes come on top of what was read ahead.
    pub(crate) async fn until_closed(mut self) -> Seen {
        let mut seen = Seen { count: 0, bytes: Vec::new(), end: None, at: Instant::now() };
        // Whoever expects an end finds that there was none.
        let _ = timeout(PATIENCE, read_on(&mut self.socket, &mut self.ahead, &mut seen)).await;
        seen
    }
}

async fn read_on(socket: &mut Box<dyn Socket>, ahead: &mut Vec<u8>, seen: &mut Seen) {
    seen.bytes = std::mem::take(ahead);
    seen.count = seen.bytes.len() as u64;
    let end = loop {
        seen.bytes.reserve(64 * 1024);
        match socket.read_buf(&mut seen.bytes).await {
            Ok(0) => break End::Closed,
            Ok(count) => seen.count += count as u64,
            Err(error) => break End::of(&error),
        }
        if seen.bytes.len() > 2 * KEPT {
            seen.bytes.drain(..seen.bytes.len() - KEPT);
        }
    };
    (seen.end, seen.at) = (Some(end), Instant::now());
}
