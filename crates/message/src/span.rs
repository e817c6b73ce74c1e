//! A byte range of a message, counted from the message's first octet.

/// Where something stands in a message: octets `start..end`, `start <= end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// Offset of the first octet.
    pub start: u64,
    /// Offset behind the last octet.
    pub end: u64,
}

impl Span {
    /// The range `start..end`; an end before the start makes an empty range at `start`.
    pub fn new(start: u64, end: u64) -> Self {
        Self { start, end: end.max(start) }
    }

    /// How many octets it covers.
    pub fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it covers nothing.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether `inner` lies within this range, borders included.
    pub fn holds(self, inner: Span) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }

    /// The octets it covers. What lies beyond the end of `message` is left out, so a digest that
    /// does not belong to these bytes yields less, never a panic.
    pub fn of(self, message: &[u8]) -> &[u8] {
        let clip = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(message.len());
        message.get(clip(self.start)..clip(self.end)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_clipped_to_its_message() {
        let check = |start, end, expected: &str| {
            assert_eq!(Span { start, end }.of(b"hello"), expected.as_bytes(), "{start}..{end}");
        };
        check(0, 5, "hello");
        check(1, 3, "el");
        check(5, 5, "");
        check(3, 99, "lo");
        check(9, 99, "");
        check(3, 1, "");
        check(0, u64::MAX, "hello");
    }
}
