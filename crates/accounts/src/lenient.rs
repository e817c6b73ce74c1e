//! Values as real clients write them (OMA reference, section 8, "Lenient input"): PHP's `[]` for an
//! empty object, numbers in quotes, `1` for true, one item where a list is meant.

use serde_json::{Map, Number, Value};

/// Whether the value of an optional field counts as absent: `null` or an empty string.
pub fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// `true`, `1`, `"1"`, `"true"`, and their opposites.
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) if text == "1" || text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text == "0" || text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A whole number from 0, also as decimal string or as `5.0`.
pub fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number)),
        Value::String(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse().ok()
        }
        _ => None,
    }
}

/// A text; numbers are taken as their digits, as ids and telephone numbers come.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An object; an empty list is an empty object.
pub fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map),
        Value::Array(list) if list.is_empty() => Some(Map::new()),
        _ => None,
    }
}

/// A list of texts; one text is a list of one, an absent value or an empty object an empty list.
pub fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        _ if is_absent(value) => Some(Vec::new()),
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => list.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::Object(map) if map.is_empty() => Some(Vec::new()),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is checked to be whole and within the exact range of f64"
)]
fn whole(number: &Number) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64()?;
    (float.fract() == 0.0 && (0.0..=EXACT).contains(&float)).then_some(float as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars() {
        for yes in [json!(true), json!(1), json!("1"), json!("true"), json!("TRUE")] {
            assert_eq!(boolean(&yes), Some(true), "{yes}");
        }
        for no in [json!(false), json!(0), json!("0"), json!("false")] {
            assert_eq!(boolean(&no), Some(false), "{no}");
        }
        for neither in [json!(2), json!("yes"), json!(null), json!([]), json!(""), json!(1.5)] {
            assert_eq!(boolean(&neither), None, "{neither}");
        }
        for (value, expected) in [
            (json!(7), Some(7)),
            (json!("7"), Some(7)),
            (json!(7.0), Some(7)),
            (json!("007"), Some(7)),
            (json!(7.5), None),
            (json!(-1), None),
            (json!("-1"), None),
            (json!("7 "), None),
            (json!(""), None),
            (json!("99999999999999999999"), None),
            (json!(1e300), None),
            (json!(true), None),
        ] {
            assert_eq!(integer(&value), expected, "{value}");
        }
    }

    #[test]
    fn collections() {
        assert_eq!(object(json!([])), Some(Map::new()));
        assert_eq!(object(json!([1])), None);
        assert_eq!(object(json!("")), None);
        assert_eq!(texts(&json!(null)), Some(vec![]));
        assert_eq!(texts(&json!("a")), Some(vec!["a".to_owned()]));
        assert_eq!(texts(&json!(["a", "b"])), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(texts(&json!(["a", 1])), None);
        assert_eq!(texts(&json!({})), Some(vec![]));
        assert_eq!(texts(&json!({"a": 1})), None);
    }
}
