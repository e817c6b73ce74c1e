//! What an S3-compatible store says when it refuses, in words for an operator.

use crate::S3Options;
use object_store::Error;

/// A place, as an operator would call it.
pub(super) fn name(options: &S3Options) -> String {
    let S3Options { bucket, prefix, endpoint, .. } = options;
    let slash = if prefix.is_empty() { "" } else { "/" };
    let server = endpoint.as_ref().map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
    format!("s3://{bucket}{slash}{prefix}{server}")
}

/// What is wrong, and what to look at. `act` is what was tried.
pub(super) fn advice(error: &Error, act: &str, bucket: &str) -> String {
    let words = error.to_string();
    match code(&words) {
        Some("NoSuchBucket") => format!("there is no bucket {bucket:?}: make it, or name another"),
        Some(code @ ("InvalidAccessKeyId" | "NotSignedUp")) => {
            format!("the access key is not known there ({code}): look at access_key_id")
        }
        Some(code @ "SignatureDoesNotMatch") => {
            format!("the secret is not that of the access key ({code}): look at secret_access_key")
        }
        Some(code @ "RequestTimeTooSkewed") => {
            format!("this machine's clock is not that of the server ({code})")
        }
        Some(code @ ("PermanentRedirect" | "AuthorizationHeaderMalformed")) => {
            format!("the bucket is in another region ({code}): look at region and endpoint")
        }
        Some(code @ "AccessDenied") => {
            format!("the access key may not {act} objects ({code})")
        }
        _ => format!("cannot {act} objects: {}", brief(error)),
    }
}

/// What is wrong, without the request and all its causes.
pub(super) fn brief(error: &Error) -> String {
    let words = error.to_string();
    if let Some(code) = code(&words) {
        return match between(&words, "<Message>", "</Message>") {
            Some(message) => format!("{message} ({code})"),
            None => code.to_owned(),
        };
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Whether there is no more room.
pub(super) fn is_full(error: &Error) -> bool {
    let words = error.to_string();
    matches!(code(&words), Some("QuotaExceeded" | "XMinioStorageFull" | "InsufficientStorage"))
        || words.contains("507 Insufficient Storage")
}

/// Whether bytes were asked for that the object does not have.
pub(super) fn is_beyond_the_end(error: &Error) -> bool {
    let words = error.to_string();
    code(&words) == Some("InvalidRange") || words.contains("416 Range Not Satisfiable")
}

/// The name that S3 gives an error, in the XML of its answer.
fn code(words: &str) -> Option<&str> {
    between(words, "<Code>", "</Code>")
}

fn between<'a>(words: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(words.split_once(before)?.1.split_once(after)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the library tells an answer.
    fn answer(status: &str, code: &str, message: &str) -> Error {
        let xml = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        let source = format!("Server returned non-2xx status code: {status}: {xml}").into();
        Error::Generic { store: "S3", source }
    }

    #[test]
    fn each_refusal_says_what_to_look_at() {
        for (code, words) in [
            ("NoSuchBucket", "there is no bucket \"mail\": make it, or name another"),
            (
                "InvalidAccessKeyId",
                "the access key is not known there (InvalidAccessKeyId): look at access_key_id",
            ),
            (
                "RequestTimeTooSkewed",
                "this machine's clock is not that of the server (RequestTimeTooSkewed)",
            ),
            (
                "PermanentRedirect",
                "the bucket is in another region (PermanentRedirect): look at region and endpoint",
            ),
            ("AccessDenied", "the access key may not write objects (AccessDenied)"),
            ("SlowDown", "cannot write objects: Said why. (SlowDown)"),
        ] {
            let error = answer("400 Bad Request", code, "Said why.");
            assert_eq!(advice(&error, "write", "mail"), words);
        }
    }

    #[test]
    fn what_full_and_short_look_like() {
        for (status, code, full, beyond) in [
            ("403 Forbidden", "QuotaExceeded", true, false),
            ("507 Insufficient Storage", "Other", true, false),
            ("416 Range Not Satisfiable", "Other", false, true),
            ("400 Bad Request", "InvalidRange", false, true),
            ("503 Service Unavailable", "SlowDown", false, false),
        ] {
            let error = answer(status, code, "");
            assert_eq!((is_full(&error), is_beyond_the_end(&error)), (full, beyond), "{status}");
        }
    }
}
