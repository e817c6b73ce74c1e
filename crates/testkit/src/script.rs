//! Transcripts: what clients and server say to each other, as text that is also the test.
//!
//! [`Script::parse`] reads one, [`play`] acts it out against dialogues that a [`Stage`] starts. Lines:
//!
//! ```text
//! # A comment. An empty line means nothing.
//! C: a NOOP            the client sends this and CRLF; the first mention opens the connection
//! C2: a NOOP           the same on connection 2: any name of letters and digits
//! S: a OK Done         the server's next line is exactly this ...
//! S: a OK ...          ... except that three dots stand for any text
//! S: ...               alone they pass over lines until the next S: fits
//! !S: * 1 EXPUNGE      until this connection's next C: or Q: the server must not say this
//! Q: a SELECT INBOX    sends, and passes over everything until the server says yes to it
//! C<: hello.eml        the client sends a file, byte for byte, without a line end behind it
//! do: deliver x to y   the stage does something: its own words
//! closed: 2            connection 2 has nothing more to say, and its dialogue has returned
//! hangup: 2            the client closes connection 2
//! cut: 2               we end session 2 where it stands: its dialogue is dropped
//! file hello.eml       what follows behind `|` is a file of this name, each line ending in CRLF
//! | Subject: hi        (one blank behind the bar is not part of it)
//! |
//! | Hello
//! ```
//!
//! `closed`, `hangup`, `cut` stand alone for the connection without a name. `{@hello.eml}` in a C: line
//! becomes `{n}`, n being the file's size, and `{@hello.eml+}` becomes `{n+}`. Every line that the server
//! says must be accounted for, in order, up to the end of the script.

mod play;

pub use play::{Stage, Wire, play};

use std::collections::BTreeMap;

/// A transcript, parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The files it holds.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it stands, counted from 1.
    pub line: usize,
    /// What it says.
    pub action: Action,
}

/// What a step does. Connections go by name; the one without a number has the empty name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The client sends these bytes.
    Send(String, Vec<u8>),
    /// The client sends a line, and what comes up to its success is passed over.
    Quietly(String, String),
    /// The server says this.
    Expect(String, Pattern),
    /// The server may say anything until the next line expected.
    PassOver(String),
    /// The server does not say this before the client sends again.
    Ban(String, Pattern),
    /// The stage does something.
    Do(String),
    /// The server has ended the dialogue.
    Closed(String),
    /// The client closes the connection.
    HangUp(String),
    /// The session is ended where it stands.
    Cut(String),
}

/// A line with `...` in place of any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Whether the line fits.
    pub fn fits(&self, line: &[u8]) -> bool {
        let mut pieces = self.0.split("...");
        let first = pieces.next().unwrap_or_default().as_bytes();
        let Some(mut rest) = line.strip_prefix(first) else { return false };
        let mut pieces: Vec<&[u8]> = pieces.map(str::as_bytes).collect();
        let Some(last) = pieces.pop() else { return rest.is_empty() };
        for piece in pieces {
            let Some(found) = find(rest, piece) else { return false };
            rest = &rest[found + piece.len()..];
        }
        rest.ends_with(last)
    }
}

fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    if piece.is_empty() {
        return Some(0);
    }
    text.windows(piece.len()).position(|window| window == piece)
}

impl Script {
    /// Reads a transcript.
    ///
    /// # Errors
    /// A sentence that names the line that cannot be understood.
    pub fn parse(text: &str) -> Result<Script, String> {
        let mut script = Script::default();
        let mut file: Option<String> = None;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if let Some(content) = line.strip_prefix('|') {
                let name = file.as_ref().ok_or(format!("line {number}: a bar outside a file"))?;
                let bytes = script.files.entry(name.clone()).or_default();
                bytes.extend_from_slice(content.strip_prefix(' ').unwrap_or(content).as_bytes());
                bytes.extend_from_slice(b"\r\n");
                continue;
            }
            file = None;
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix("file ") {
                let name = name.trim().to_owned();
                script.files.insert(name.clone(), Vec::new());
                file = Some(name);
                continue;
            }
            let action = parse_action(line)
                .ok_or_else(|| format!("line {number} cannot be understood: {line}"))?;
            script.steps.push(Step { line: number, action });
        }
        script.fill_in_files()?;
        Ok(script)
    }

    /// Files may stand below the lines that use them, so their sizes and bytes are put in last.
    fn fill_in_files(&mut self) -> Result<(), String> {
        for step in &mut self.steps {
            let Action::Send(_, bytes) = &mut step.action else { continue };
            let missing = |name: &str| format!("line {}: no file {name}", step.line);
            if let Some(name) = bytes.strip_prefix(b"<") {
                let name = String::from_utf8_lossy(name).into_owned();
                *bytes = self.files.get(&name).ok_or_else(|| missing(&name))?.clone();
                continue;
            }
            let mut line = String::from_utf8_lossy(bytes).into_owned();
            while let Some((before, rest)) = line.split_once("{@") {
                let Some((name, after)) = rest.split_once('}') else { break };
                let (name, plus) = name.strip_suffix('+').map_or((name, ""), |name| (name, "+"));
                let size = self.files.get(name).ok_or_else(|| missing(name))?.len();
                line = format!("{before}{{{size}{plus}}}{after}");
            }
            *bytes = format!("{line}\r\n").into_bytes();
        }
        Ok(())
    }
}

fn parse_action(line: &str) -> Option<Action> {
    let (head, text) = match line.split_once(':') {
        Some((head, text)) => (head, text.strip_prefix(' ').unwrap_or(text)),
        None => (line.trim(), ""),
    };
    let named = |prefix: &str| {
        let name = head.strip_prefix(prefix)?;
        name.bytes().all(|b| b.is_ascii_alphanumeric()).then(|| name.to_owned())
    };
    match head {
        "do" => return Some(Action::Do(text.to_owned())),
        "closed" => return Some(Action::Closed(text.trim().to_owned())),
        "hangup" => return Some(Action::HangUp(text.trim().to_owned())),
        "cut" => return Some(Action::Cut(text.trim().to_owned())),
        _ if !line.contains(':') => return None,
        _ => {}
    }
    if let Some(name) = head.strip_suffix('<').and_then(|head| head.strip_prefix('C')) {
        return Some(Action::Send(name.to_owned(), format!("<{}", text.trim()).into_bytes()));
    }
    if let Some(name) = named("!S") {
        return Some(Action::Ban(name, Pattern(text.to_owned())));
    }
    if let Some(name) = named("C") {
        return Some(Action::Send(name, text.as_bytes().to_vec()));
    }
    if let Some(name) = named("Q") {
        return Some(Action::Quietly(name, text.to_owned()));
    }
    let name = named("S")?;
    Some(match text {
        "..." => Action::PassOver(name),
        _ => Action::Expect(name, Pattern(text.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let script = Script::parse(
            "# head\nC: a {@x} b\nC2<: x\nS2: ok ...\nS: ...\n!S: no\nQ: q\ndo: a b\nclosed\ncut: 2\nfile x\n| hi\n|\n",
        )
        .unwrap();
        let actions: Vec<Action> = script.steps.into_iter().map(|step| step.action).collect();
        assert_eq!(
            actions,
            [
                Action::Send(String::new(), b"a {6} b\r\n".to_vec()),
                Action::Send("2".into(), b"hi\r\n\r\n".to_vec()),
                Action::Expect("2".into(), Pattern("ok ...".into())),
                Action::PassOver(String::new()),
                Action::Ban(String::new(), Pattern("no".into())),
                Action::Quietly(String::new(), "q".into()),
                Action::Do("a b".into()),
                Action::Closed(String::new()),
                Action::Cut("2".into()),
            ]
        );
        for bad in ["hello", "X: y", "| stray", "C: {@none}", "C<: none"] {
            assert!(Script::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns() {
        let check = |pattern: &str, line: &str, fits: bool| {
            assert_eq!(Pattern(pattern.into()).fits(line.as_bytes()), fits, "{pattern} | {line}");
        };
        check("a b", "a b", true);
        check("a b", "a bc", false);
        check("a ...", "a bc", true);
        check("a ... c", "a b c", true);
        check("a ... c", "a b d", false);
        check("... [X] ...", "t OK [X] yes", true);
        check("a...a", "a", false);
        check("a...b...c", "a12b34c", true);
        check("a...b...c", "acb", false);
    }
}
