//! What we tell whoever started us: the line `ready` on stdout, and systemd (`sd_notify(3)`).

use crate::config::Entrance;
use sd_notify::NotifyState;
use std::io::Write;

/// Every listener accepts. Prints `ready imap=127.0.0.1:143 …` and sends `READY=1`.
pub fn ready(listeners: &[(Entrance, String)]) {
    let line = ready_line(listeners);
    // Whoever closed our stdout does not want to know.
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    notify(&[NotifyState::Ready, NotifyState::Status(&line)]);
}

/// Reloading begins; [`ready_again`] must follow.
pub fn reloading() {
    // systemd wants to know when, to tell this reload from the one before (Type=notify-reload).
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "cannot read the monotonic clock"),
    }
}

/// Reloading is over.
pub fn ready_again() {
    notify(&[NotifyState::Ready]);
}

/// Stopping begins.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

fn ready_line(listeners: &[(Entrance, String)]) -> String {
    let mut line = "ready".to_owned();
    for (entrance, endpoint) in listeners {
        line.push_str(&format!(" {}={endpoint}", entrance.name()));
    }
    line
}

/// Does nothing unless systemd, or who acts like it, listens.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot notify the service manager");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_lists_every_listener() {
        assert_eq!(
            ready_line(&[
                (Entrance::Imap, "127.0.0.1:143".to_owned()),
                (Entrance::Imap, "[::1]:143".to_owned()),
                (Entrance::Lmtp, "unix:/run/lmtp".to_owned()),
            ]),
            "ready imap=127.0.0.1:143 imap=[::1]:143 lmtp=unix:/run/lmtp"
        );
    }
}
