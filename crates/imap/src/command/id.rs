//! ID: client and server say who they are (RFC 2971). What the client says is shown to operators only.

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::wire::request::Text;
use crate::wire::writer;
use carrier::Host;

/// What operators see of a client's self-description, in this order.
const SHOWN: [&str; 4] = ["name", "version", "os", "os-version"];

pub(super) fn run<H: Host>(talk: &mut Talk<H>, fields: Vec<(Text, Option<Text>)>) -> Outcome {
    let client = describe(&fields);
    if !client.is_empty() {
        talk.host.client_named(&client);
    }
    let mut line = b"* ID (\"name\" \"Posthouse\" \"version\" ".to_vec();
    writer::string(&mut line, talk.context.version.as_bytes());
    line.extend_from_slice(b")\r\n");
    talk.output.say(&line);
    Ok(Reply::ok("Nice to meet you"))
}

/// Name and version of program and system, as far as given.
fn describe(fields: &[(Text, Option<Text>)]) -> String {
    let value = |name: &&str| {
        let (_, value) =
            fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))?;
        value.as_ref().map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let words: Vec<String> =
        SHOWN.iter().filter_map(value).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_operators_see() {
        let check = |fields: &[(&str, Option<&str>)], shown: &str| {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| {
                    (name.as_bytes().to_vec(), value.map(|v| v.as_bytes().to_vec()))
                })
                .collect();
            assert_eq!(describe(&fields), shown);
        };
        check(&[], "");
        check(
            &[("os", Some("Linux")), ("Name", Some("Thunderbird")), ("version", Some("128.0"))],
            "Thunderbird 128.0 Linux",
        );
        check(&[("name", None), ("version", Some("")), ("vendor", Some("x"))], "");
    }
}
