//! Every package that is linked has a licence that `deny.toml` allows.
//!
//! `cargo deny` knows more; this needs nothing installed.

use crate::Outcome;
use crate::command::cargo;
use crate::root;
use serde_json::Value;

pub(super) fn check(problems: &mut Vec<String>) -> Outcome {
    let rules = std::fs::read_to_string(root().join("deny.toml"))
        .map_err(|error| format!("deny.toml cannot be read: {error}"))?;
    let allowed: Vec<&str> = rules
        .lines()
        .skip_while(|line| !line.starts_with("allow"))
        .skip(1)
        .take_while(|line| !line.starts_with(']'))
        .filter_map(|line| line.trim().trim_end_matches(',').trim_matches('"').into())
        .collect();
    let output = cargo(&["metadata", "--format-version", "1"])
        .output()
        .map_err(|error| format!("cargo metadata cannot be run: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata cannot be read: {error}"))?;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        if !is_allowed(licence, &allowed) {
            problems.push(format!("{name}: licence `{licence}` is not allowed by deny.toml"));
        }
    }
    Ok(())
}

/// Whether an SPDX expression can be met: `OR` needs one side, `AND` both.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], "");
    expression
        .split(" AND ")
        .all(|all| all.split(" OR ").any(|licence| allowed.contains(&licence.trim())))
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn expressions() {
        let allowed = ["MIT", "ISC"];
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("MIT OR GPL-3.0", true),
            ("MIT/Apache-2.0", true),
            ("ISC AND (MIT OR GPL-3.0)", true),
            ("ISC AND GPL-3.0", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
        }
    }
}
