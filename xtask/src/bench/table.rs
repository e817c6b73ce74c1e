//! Results, as Markdown on standard output.

use std::time::Duration;

/// A line of the result.
#[expect(clippy::print_stdout, reason = "the result is what was asked for")]
pub(super) fn print(line: &str) {
    println!("{line}");
}

/// A heading.
pub(super) fn heading(text: &str) {
    print(&format!("\n### {text}\n"));
}

/// Begins a table: the first column is words, the others are figures.
pub(super) fn header(columns: &[&str]) {
    print(&format!("| {} |", columns.join(" | ")));
    print(&format!("| ---{} |", " | ---:".repeat(columns.len().saturating_sub(1))));
}

/// A row of it.
pub(super) fn row<T: AsRef<str>>(cells: &[T]) {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    print(&format!("| {} |", cells.join(" | ")));
}

/// The middle one; 0 if there is none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The one below which that share (0 to 1) of all lies; 0 if there is none.
pub(super) fn percentile(values: &mut [Duration], share: f64) -> Duration {
    values.sort();
    let at = (values.len() as f64 * share) as usize;
    values.get(at.min(values.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// In milliseconds.
pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Three digits that count.
pub(super) fn figure(value: f64) -> String {
    if value.abs() < 9.995 {
        format!("{value:.2}")
    } else if value.abs() < 99.95 {
        format!("{value:.1}")
    } else {
        apart(&format!("{value:.0}"))
    }
}

/// A number of things.
pub(super) fn count(value: usize) -> String {
    apart(&value.to_string())
}

/// Thousands apart.
fn apart(digits: &str) -> String {
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !shown.ends_with('-') {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        for (value, shown) in [
            (0.0, "0.00"),
            (1.234, "1.23"),
            (9.999, "10.0"),
            (12.34, "12.3"),
            (123.4, "123"),
            (1234.5, "1,234"),
            (1_234_567.0, "1,234,567"),
            (-123_456.0, "-123,456"),
        ] {
            assert_eq!(figure(value), shown);
        }
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }
}
