//! Decoding what mail encodes: bodies (RFC 2045 §6), charsets, and words in headers (RFC 2047).
//!
//! Used by SEARCH, previews and BINARY only; FETCH of a body section never decodes. Nothing here
//! fails on bad input: as in any mail reader, what can be read is read.

mod charset;
mod transfer;
mod word;

pub(crate) use charset::TextReader;
pub use charset::decode_charset;
pub use transfer::{TransferDecoder, TransferEncoding};
pub use word::decode_words;
