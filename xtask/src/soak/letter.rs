//! Messages that tell who they are, and whether every byte of them is still there.

use super::chance::Chance;

/// The number of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LetterId(pub(crate) u64);

/// Names the letter.
const FIELD: &str = "X-Soak: ";

/// The letter of that number, always the same: from 200 bytes to 20 KiB.
pub(crate) fn write(id: LetterId) -> Vec<u8> {
    let mut chance = Chance::new(0, id.0);
    let mut text = format!(
        "{FIELD}{}\r\nFrom: <soak@sender.example>\r\nSubject: letter {}\r\n\r\n",
        id.0, id.0
    );
    let lines = if chance.percent(80) { chance.below(20) } else { chance.below(280) };
    for line in 0..=lines {
        // Never a dot at the beginning: LMTP and POP3 would stuff it.
        text.push_str(&format!(
            "{line:04} {:016x} {:016x} {:016x}\r\n",
            id.0,
            chance.below(usize::MAX),
            chance.below(usize::MAX)
        ));
    }
    text.into_bytes()
}

/// Which letter a message, or its header, says it is.
pub(crate) fn id_of(message: &[u8]) -> Option<LetterId> {
    let text = String::from_utf8_lossy(&message[..message.len().min(4096)]);
    let number = text.split(FIELD).nth(1)?.split("\r\n").next()?;
    number.trim().parse().ok().map(LetterId)
}

/// Whether a message is that letter, whole. Header fields may have been put above it on its way.
pub(crate) fn is_whole(message: &[u8], id: LetterId) -> bool {
    message.ends_with(&write(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_recognized_and_damage_too() {
        for number in 0..50 {
            let id = LetterId(number);
            let mut received = b"Received: from x\r\n".to_vec();
            received.extend_from_slice(&write(id));
            assert_eq!(id_of(&received), Some(id));
            assert!(is_whole(&received, id));
            received.pop();
            assert!(!is_whole(&received, id));
        }
        assert_eq!(id_of(b"Subject: x\r\n\r\n"), None);
    }
}
