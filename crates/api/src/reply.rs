//! Answers as they go over the wire (OMA reference, section 3).
//!
//! Some clients cut the text instead of parsing it, so its form is fixed: compact JSON, `success`
//! first, in failures `error` as the last key but one, and `audit` last, after a comma *and a blank*.

use crate::error::Failure;
use serde_json::{Map, Value};
use terms::AuditId;

/// What a method answers besides the envelope.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reply {
    pub(crate) fields: Map<String, Value>,
}

impl Reply {
    /// Success, and nothing else to say.
    pub(crate) fn done() -> Self {
        Self::default()
    }

    /// With one more field, behind those there are.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
}

/// The body of a success.
pub(crate) fn success(reply: Reply, audit: &AuditId) -> Vec<u8> {
    let mut envelope = Map::new();
    envelope.insert("success".to_owned(), Value::Bool(true));
    envelope.extend(reply.fields);
    finish(envelope, audit)
}

/// The body of a failure.
pub(crate) fn failure(failure: &Failure, audit: &AuditId) -> Vec<u8> {
    let mut envelope = Map::new();
    envelope.insert("success".to_owned(), Value::Bool(false));
    envelope.extend(failure.details.fields.clone());
    if !failure.details.hints.is_empty() {
        envelope.insert("hints".to_owned(), Value::Object(failure.details.hints.clone()));
    }
    envelope.insert("error_number".to_owned(), Value::from(failure.number as u8));
    let text = failure.details.text.unwrap_or_else(|| failure.number.text());
    envelope.insert("error".to_owned(), Value::from(text));
    finish(envelope, audit)
}

/// An object alone, without any envelope.
pub(crate) fn bare(fields: Map<String, Value>) -> Vec<u8> {
    Value::Object(fields).to_string().into_bytes()
}

fn finish(envelope: Map<String, Value>, audit: &AuditId) -> Vec<u8> {
    let mut body = bare(envelope);
    // The closing brace; the envelope is never empty, so a comma follows something.
    body.pop();
    body.extend_from_slice(b", \"audit\":");
    body.extend_from_slice(Value::from(audit.0.as_str()).to_string().as_bytes());
    body.push(b'}');
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorNumber;

    fn audit() -> AuditId {
        AuditId("cedar07_6b02d91c4".to_owned())
    }

    #[test]
    fn exact_bytes() {
        let reply = Reply::done().with("job", "1795348800123");
        assert_eq!(
            String::from_utf8(success(reply, &audit())).unwrap(),
            r#"{"success":true,"job":"1795348800123", "audit":"cedar07_6b02d91c4"}"#
        );
        assert_eq!(
            String::from_utf8(failure(&ErrorNumber::NotFound.into(), &audit())).unwrap(),
            "{\"success\":false,\"error_number\":2,\"error\":\"The requested object does not exist\", \
             \"audit\":\"cedar07_6b02d91c4\"}"
        );
        assert_eq!(
            String::from_utf8(success(Reply::done(), &audit())).unwrap(),
            r#"{"success":true, "audit":"cedar07_6b02d91c4"}"#
        );
        let hinted = Failure::with_hint(ErrorNumber::Value, "quota", "too \"big\"\n");
        assert_eq!(
            String::from_utf8(failure(&hinted, &audit())).unwrap(),
            "{\"success\":false,\"hints\":{\"quota\":\"too \\\"big\\\"\\n\"},\"error_number\":6,\
             \"error\":\"One or more attributes badly formatted\", \"audit\":\"cedar07_6b02d91c4\"}"
        );
    }
}
