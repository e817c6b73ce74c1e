//! An IMAP client that expects to be cut off at any moment, and nothing else.

use crate::soak::wire::{Silence, Wire};

/// No answer came: the server was killed, or stands still.
#[derive(Debug)]
pub(super) struct Cut(Silence);

impl Cut {
    /// What is wrong, while nobody kills the server.
    pub(super) fn problem(&self, what: &str) -> String {
        format!("{what}: no answer ({:?})", self.0)
    }
}

/// What was answered to a command.
#[derive(Debug)]
pub(super) struct Answer {
    /// `OK …`, `NO …` or `BAD …`.
    pub(super) status: String,
    /// Untagged lines, each with its last literal.
    pub(super) lines: Vec<(String, Vec<u8>)>,
}

impl Answer {
    /// Whether it was OK.
    pub(super) fn is_ok(&self) -> bool {
        self.status.starts_with("OK")
    }
}

/// A connection.
pub(super) struct Imap {
    wire: Wire,
}

impl Imap {
    /// Connects and reads the greeting.
    pub(super) async fn connect(port: u16) -> Result<Self, Cut> {
        let wire = Wire::connect(port, None).await.map_err(|_| Cut(Silence::Closed))?;
        let mut imap = Self { wire };
        imap.line().await?;
        Ok(imap)
    }

    /// Says a command and reads its answer.
    pub(super) async fn command(&mut self, command: &str) -> Result<Answer, Cut> {
        self.send(format!("t {command}\r\n").as_bytes()).await
    }

    /// The same with a literal at its end.
    pub(super) async fn command_with(
        &mut self,
        command: &str,
        literal: &[u8],
    ) -> Result<Answer, Cut> {
        let mut bytes = format!("t {command} {{{}+}}\r\n", literal.len()).into_bytes();
        bytes.extend_from_slice(literal);
        bytes.extend_from_slice(b"\r\n");
        self.send(&bytes).await
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<Answer, Cut> {
        self.wire.say(bytes).await;
        let mut lines = Vec::new();
        loop {
            let (line, literal) = self.line().await?;
            match line.strip_prefix("t ") {
                Some(status) => return Ok(Answer { status: status.to_owned(), lines }),
                None => lines.push((line, literal)),
            }
        }
    }

    async fn line(&mut self) -> Result<(String, Vec<u8>), Cut> {
        let (mut text, mut literal) = (String::new(), Vec::new());
        loop {
            let line = self.wire.line().await.map_err(Cut)?;
            text.push_str(String::from_utf8_lossy(&line).trim_end());
            let Some(size) = literal_size(&text) else { return Ok((text, literal)) };
            literal = self.wire.bytes(size).await.map_err(Cut)?;
        }
    }
}

fn literal_size(line: &str) -> Option<usize> {
    let line = line.strip_suffix('}')?;
    line[line.rfind('{')? + 1..].parse().ok()
}
