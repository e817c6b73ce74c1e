//! Tables for a terminal, and saying things on standard output.

use crate::failure::Failure;
use serde_json::Value;
use std::io::Write;

/// The widest cell, in letters. Longer text is cut: a client chose it.
const WIDEST: usize = 48;

/// Rows under a header, as text in columns.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        let header = header.get(column).map_or(0, |name| name.chars().count());
        cells.max().unwrap_or(0).max(header)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut text = String::new();
    let mut line = |cells: &[String]| {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count().min(*width)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    };
    line(&header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    rows.iter().for_each(|row| line(row));
    text
}

/// Without what could move a terminal's cursor, and not too long.
pub(super) fn printable(text: &str) -> String {
    terms::printable(text, WIDEST)
}

/// A value of an answer as text in a cell.
pub(super) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// Seconds as people say them.
pub(super) fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Says it on standard output.
pub(super) fn say(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::Other(format!("cannot write to standard output: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need() {
        let rows = [
            vec!["1.17.2".to_owned(), "lee@a.example".to_owned(), "imap".to_owned()],
            vec!["1.17.30".to_owned(), "ö".to_owned(), "-".to_owned()],
        ];
        assert_eq!(
            table(&["ID", "USER", "PROTOCOL"], &rows),
            "ID       USER           PROTOCOL\n1.17.2   lee@a.example  imap\n1.17.30  ö              -\n"
        );
        assert_eq!(table(&["ID", "USER"], &[]), "ID  USER\n");
    }

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\r\n\u{9b}"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(printable(&"x".repeat(49)).chars().count(), 48);
        assert!(printable(&"x".repeat(49)).ends_with("x…"));
        assert_eq!(printable(&"x".repeat(48)), "x".repeat(48));
    }

    #[test]
    fn durations() {
        let said: Vec<_> = [0, 59, 60, 3599, 3600, 86_399, 86_400, 1_000_000].map(duration).into();
        assert_eq!(said, ["0s", "59s", "1m00s", "59m59s", "1h00m", "23h59m", "1d00h", "11d13h"]);
    }
}
