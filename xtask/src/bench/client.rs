//! A client that costs little: one blocking socket, one buffer, lines and literals.

use crate::trust;
use memchr::memchr;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// The tag of every command.
const TAG: &str = "t";
/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(120);
/// The most that one read takes.
const CHUNK: usize = 256 * 1024;

/// Where and how to connect.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) port: u16,
    /// TLS from the first byte.
    pub(super) tls: Option<Arc<ClientConfig>>,
    /// The client's own address.
    pub(super) from: Ipv4Addr,
}

impl Door {
    /// Without TLS, from the address that the server trusts.
    pub(super) fn plain(port: u16) -> Self {
        Self { port, tls: None, from: Ipv4Addr::LOCALHOST }
    }
}

/// A connection.
pub(super) struct Client {
    wire: Wire,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Client {
    /// Connects, and waits for the greeting.
    pub(super) fn connect(door: &Door) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        if door.from != Ipv4Addr::LOCALHOST {
            socket.bind(&SockAddr::from(SocketAddr::from((door.from, 0))))?;
        }
        socket.connect(&SockAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, door.port))))?;
        let tcp = TcpStream::from(socket);
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let wire = match &door.tls {
            None => Wire::Plain(tcp),
            Some(config) => {
                let connection = ClientConnection::new(config.clone(), trust::server_name())
                    .map_err(io::Error::other)?;
                Wire::Tls(Box::new(StreamOwned::new(connection, tcp)))
            }
        };
        let mut client = Self { wire, buffer: Vec::new(), start: 0, end: 0 };
        client.line()?;
        Ok(client)
    }

    /// Sends bytes.
    pub(super) fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.wire {
            Wire::Plain(tcp) => tcp.write_all(bytes),
            Wire::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
        }
    }

    /// The next line, without its end.
    pub(super) fn line(&mut self) -> io::Result<&[u8]> {
        let mut looked = self.start;
        loop {
            let here = memchr(b'\n', &self.buffer[looked..self.end]);
            if let Some(length) = here {
                let (start, end) = (self.start, looked + length);
                self.start = end + 1;
                let line = &self.buffer[start..end];
                return Ok(line.strip_suffix(b"\r").unwrap_or(line));
            }
            looked = self.end;
            let moved = self.start;
            self.fill()?;
            if self.start != moved {
                looked -= moved - self.start;
            }
        }
    }

    /// Throws away so many bytes.
    pub(super) fn skip(&mut self, mut count: u64) -> io::Result<()> {
        loop {
            let here = count.min((self.end - self.start) as u64);
            count -= here;
            self.start += usize::try_from(here).unwrap_or_default();
            if count == 0 {
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// Sends an IMAP command, and answers how many untagged lines came before its OK. Literals are skipped.
    pub(super) fn imap(&mut self, command: &str) -> io::Result<u64> {
        self.say(format!("{TAG} {command}\r\n").as_bytes())?;
        self.imap_answer()
    }

    /// Waits for the OK of an IMAP command, and answers how many untagged lines came before it.
    pub(super) fn imap_answer(&mut self) -> io::Result<u64> {
        let mut lines = 0;
        loop {
            let line = self.line()?;
            if let Some(answer) = line.strip_prefix(b"t ") {
                if answer.starts_with(b"OK") {
                    return Ok(lines);
                }
                return Err(refused(line));
            }
            if let Some(size) = literal_size(line) {
                self.skip(size)?;
                // The rest of the line belongs to the same answer.
                self.line()?;
            }
            lines += 1;
        }
    }

    /// Sends a SEARCH command, and answers how many messages it found.
    pub(super) fn search(&mut self, command: &str) -> io::Result<usize> {
        self.say(format!("{TAG} {command}\r\n").as_bytes())?;
        let mut found = 0;
        loop {
            let line = self.line()?;
            if line.starts_with(b"t OK") {
                return Ok(found);
            }
            if line.starts_with(b"t ") {
                return Err(refused(line));
            }
            if let Some(numbers) = line.strip_prefix(b"* SEARCH") {
                found += numbers.iter().filter(|byte| **byte == b' ').count();
            }
        }
    }

    /// Logs in to IMAP.
    pub(super) fn log_in(&mut self, user: &str, password: &str) -> io::Result<()> {
        self.imap(&format!("LOGIN {user} {password}")).map(drop)
    }

    /// Appends a message.
    pub(super) fn append(&mut self, folder: &str, letter: &[u8]) -> io::Result<()> {
        let mut command = format!("{TAG} APPEND {folder} {{{}+}}\r\n", letter.len()).into_bytes();
        command.extend_from_slice(letter);
        command.extend_from_slice(b"\r\n");
        self.say(&command)?;
        self.imap_answer().map(drop)
    }

    /// Waits for a POP3 answer of one line.
    pub(super) fn pop3_answer(&mut self) -> io::Result<()> {
        match self.line()? {
            line if line.starts_with(b"+OK") => Ok(()),
            line => Err(refused(line)),
        }
    }

    /// Waits for a POP3 answer that ends with a dot.
    pub(super) fn pop3_text(&mut self) -> io::Result<()> {
        self.pop3_answer()?;
        while self.line()? != b"." {}
        Ok(())
    }

    /// Waits for an LMTP answer of that class (its first digit), however many lines it has.
    pub(super) fn lmtp_answer(&mut self, class: u8) -> io::Result<()> {
        loop {
            let line = self.line()?;
            if line.first() != Some(&class) {
                return Err(refused(line));
            }
            if line.get(3) != Some(&b'-') {
                return Ok(());
            }
        }
    }

    /// Delivers a message, as Postfix does: what can be sent together is sent together.
    pub(super) fn deliver(&mut self, to: &str, letter: &[u8]) -> io::Result<()> {
        self.say(
            format!("MAIL FROM:<ada@sender.example>\r\nRCPT TO:<{to}>\r\nDATA\r\n").as_bytes(),
        )?;
        self.lmtp_answer(b'2')?;
        self.lmtp_answer(b'2')?;
        self.lmtp_answer(b'3')?;
        let mut data = letter.to_vec();
        data.extend_from_slice(b".\r\n");
        self.say(&data)?;
        self.lmtp_answer(b'2')
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.end == self.buffer.len() {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            } else {
                // Small at first: most answers are.
                let larger = if self.buffer.is_empty() { 4096 } else { self.buffer.len() + CHUNK };
                self.buffer.resize(larger, 0);
            }
        }
        let room = &mut self.buffer[self.end..];
        let read = match &mut self.wire {
            Wire::Plain(tcp) => tcp.read(room)?,
            Wire::Tls(tls) => tls.read(room)?,
        };
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.end += read;
        Ok(())
    }
}

/// `{n}` at the end of a line.
fn literal_size(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"}")?;
    let open = line.iter().rposition(|byte| *byte == b'{')?;
    std::str::from_utf8(&line[open + 1..]).ok()?.parse().ok()
}

fn refused(line: &[u8]) -> io::Error {
    io::Error::other(format!("refused: {}", String::from_utf8_lossy(line)))
}
