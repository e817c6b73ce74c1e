//! Bytes ↔ requests and replies: the grammar of RFC 3501 §9 and of the extensions we speak.

pub mod request;
