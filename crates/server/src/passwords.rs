//! Passwords that come in on standard input.

use crate::failure::Failure;
use std::io::{self, BufRead, IsTerminal};
use terms::Secret;

/// The longest line that is read as a password, in bytes.
const LONGEST_LINE: u64 = 4096;

/// The first line of standard input. Nothing if it is empty, or if a person sits there: passwords
/// are not typed where they can be read.
pub(crate) fn given() -> Result<Option<Secret>, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    first_line(stdin.lock()).map_err(|error| {
        Failure::Other(format!("the password cannot be read from standard input: {error}"))
    })
}

fn first_line(input: impl BufRead) -> io::Result<Option<Secret>> {
    let mut line = String::new();
    input.take(LONGEST_LINE).read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    Ok((!password.is_empty()).then(|| Secret::new(password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_first_line() {
        for (input, password) in [
            ("", None),
            ("\n", None),
            ("pencil75", Some("pencil75")),
            ("pencil75\n", Some("pencil75")),
            ("pen cil75 \r\nmore\n", Some("pen cil75 ")),
        ] {
            let read = first_line(input.as_bytes()).unwrap();
            assert_eq!(read.as_ref().map(Secret::reveal), password, "{input:?}");
        }
        assert!(first_line(&b"\xff\n"[..]).is_err());
    }
}
