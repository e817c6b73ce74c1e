//! "Mailbox" is an account to OpenSRS, a folder to IMAP and an address to SMTP. So inside it is none
//! of them: the word stands only where the outside world speaks.

use super::Source;

/// Where texts and names of the outside world are written.
const OUTSIDE: [&str; 6] = [
    "crates/api/",
    "crates/imap/",
    "crates/message/",
    "crates/accounts/src/attribute",
    "crates/server/tests/",
    "xtask/",
];

/// Names that say nothing of what they hold.
const EMPTY_NAMES: [&str; 4] = ["utils.rs", "common.rs", "helpers.rs", "manager.rs"];

pub(super) fn check(source: &Source, problems: &mut Vec<String>) {
    let path = source.path.to_string_lossy();
    if EMPTY_NAMES.iter().any(|name| path.ends_with(name)) {
        problems.push(format!("{path}: name the file after what it holds"));
    }
    for (number, line) in source.text.lines().enumerate() {
        let number = number + 1;
        let code = line.split("//").next().unwrap_or(line);
        // Names of ours: an identifier with the word in it. Strings and comments may quote others.
        let names_it = code
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .any(|name| name.to_lowercase().contains("mailbox"));
        let quoted = code.contains('"');
        if names_it && !quoted && !OUTSIDE.iter().any(|outside| path.starts_with(outside)) {
            problems.push(format!("{path}:{number}: say account, folder or address, not mailbox"));
        }
        if code.contains(concat!("fn ", "get_")) {
            problems.push(format!("{path}:{number}: no `get_` before a name"));
        }
    }
}
