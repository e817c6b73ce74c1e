//! Clients that are ready to work, and folders that are full.

use crate::bench::client::{Client, Door};
use crate::bench::letter::{Letters, SIZE};
use crate::site::{PASSWORD, Ports, user_name};
use std::io;

/// Connections that fill a folder.
const FILLING: usize = 16;
/// A folder is filled with letters up to here; beyond, with copies, which share their bytes.
const LETTERS: usize = 10_000;

/// An IMAP client of an account.
pub(super) fn imap(ports: Ports, user: usize) -> io::Result<Client> {
    let mut client = Client::connect(&Door::plain(ports.imap))?;
    client.log_in(&user_name(user), PASSWORD)?;
    Ok(client)
}

/// A POP3 client of an account.
pub(super) fn pop3(ports: Ports, user: usize) -> io::Result<Client> {
    let mut client = Client::connect(&Door::plain(ports.pop3))?;
    for line in [format!("USER {}\r\n", user_name(user)), format!("PASS {PASSWORD}\r\n")] {
        client.say(line.as_bytes())?;
        client.pop3_answer()?;
    }
    Ok(client)
}

/// An LMTP client.
pub(super) fn lmtp(ports: Ports) -> io::Result<Client> {
    let mut client = Client::connect(&Door::plain(ports.lmtp))?;
    client.say(b"LHLO mta.example\r\n")?;
    client.lmtp_answer(b'2')?;
    Ok(client)
}

/// Brings a folder of an account, which it makes unless it is the inbox, from `has` to `count` messages of 10 KiB.
pub(super) fn fill(
    ports: Ports,
    user: usize,
    folder: &str,
    has: usize,
    count: usize,
) -> io::Result<()> {
    let mut client = imap(ports, user)?;
    if has == 0 && folder != "INBOX" {
        client.imap(&format!("CREATE {folder}"))?;
    }
    let letters = count.min(LETTERS);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..FILLING)
            .map(|index| {
                let mine = (has + index..letters).step_by(FILLING).count();
                scope.spawn(move || {
                    let mut client = imap(ports, user)?;
                    let mut letters = Letters::new(SIZE, has + index, FILLING);
                    (0..mine).try_for_each(|_| client.append(folder, letters.next()))
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
        })
    })?;
    let mut has = has.max(letters);
    client.imap(&format!("SELECT {folder}"))?;
    while has < count {
        let more = (count - has).min(LETTERS);
        client.imap(&format!("COPY 1:{more} {folder}"))?;
        has += more;
    }
    Ok(())
}
