//! A file has one subject, says which, and is short enough to be read.

use super::Source;

/// Beyond this, a file has more than one reason to change.
const LINES: usize = 600;

pub(super) fn check(source: &Source, problems: &mut Vec<String>) {
    let path = source.path.display();
    if !source.text.starts_with("//!") {
        problems.push(format!("{path}: begin with a `//!` line: what it is"));
    }
    let lines = source.text.lines().count();
    if lines > LINES {
        problems.push(format!("{path}: {lines} lines, at most {LINES}: split it by subject"));
    }
}
