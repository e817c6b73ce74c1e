//! The messages that benchmarks deliver, append and look for.

/// What most of them weigh: 10 KiB.
pub(super) const SIZE: usize = 10 * 1024;

/// Stands in the subject of one letter of [`RARE`], and nowhere else.
pub(super) const MARK: &str = "zanzibar";
/// One letter of so many has the [`MARK`].
pub(super) const RARE: usize = 100;

/// Ten digits, replaced by the serial number.
const SLOT: &str = "##########";

const WORDS: [&str; 24] = [
    "the", "meeting", "of", "Thursday", "will", "be", "moved", "to", "another", "room", "please",
    "bring", "your", "notes", "and", "figures", "from", "last", "quarter", "with", "kind",
    "regards", "invoice", "attached",
];

/// Letters of one size that differ in their Message-ID and subject.
pub(super) struct Letters {
    text: Vec<u8>,
    slots: Vec<usize>,
    serial: usize,
    stride: usize,
}

impl Letters {
    /// Numbered `first`, `first + stride`, and so on.
    pub(super) fn new(size: usize, first: usize, stride: usize) -> Self {
        let mut text = format!(
            "From: Ada Lovelace <ada@sender.example>\r\n\
             To: Charles Babbage <charles@bench.example>\r\n\
             Subject: Report {SLOT} plain____ on the engine\r\n\
             Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\
             Message-ID: <{SLOT}@sender.example>\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        )
        .into_bytes();
        let mut column = 0;
        let mut turn = first;
        while text.len() + 2 < size {
            // Not random, but not repetitive either.
            turn = turn
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let word = WORDS[(turn >> 33) % WORDS.len()].as_bytes();
            let room = size - 2 - text.len();
            text.extend_from_slice(&word[..word.len().min(room)]);
            column += word.len() + 1;
            if room > word.len() + 1 {
                if column > 66 {
                    text.extend_from_slice(b"\r\n");
                    column = 0;
                } else {
                    text.push(b' ');
                }
            }
        }
        text.truncate(size - 2);
        text.extend_from_slice(b"\r\n");
        let slots = (0..text.len()).filter(|at| text[*at..].starts_with(SLOT.as_bytes())).collect();
        Self { text, slots, serial: first, stride }
    }

    /// The next one.
    pub(super) fn next(&mut self) -> &[u8] {
        let serial = format!("{:010}", self.serial);
        for slot in &self.slots {
            self.text[*slot..*slot + SLOT.len()].copy_from_slice(serial.as_bytes());
        }
        if let Some(subject) = self.slots.first() {
            let marked = self.serial.is_multiple_of(RARE);
            let word = if marked { format!("{MARK:_<9}") } else { "plain____".to_owned() };
            let at = subject + SLOT.len() + 1;
            self.text[at..at + 9].copy_from_slice(word.as_bytes());
        }
        self.serial += self.stride;
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_serials() {
        for size in [500, SIZE, 1 << 20] {
            let mut letters = Letters::new(size, 99, 1);
            let first = letters.next().to_vec();
            let second = letters.next().to_vec();
            assert_eq!((first.len(), second.len()), (size, size));
            assert!(String::from_utf8_lossy(&first).contains("<0000000099@"));
            assert!(String::from_utf8_lossy(&second).contains(MARK));
            assert!(!String::from_utf8_lossy(&first).contains(MARK));
            assert!(second.ends_with(b"\r\n"));
        }
    }
}
