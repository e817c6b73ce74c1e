//! What a mail message is: RFC 5322 and MIME (RFC 2045 to 2047, 2231), as a mail server needs it.
//!
//! A message is scanned once, when it is delivered ([`Structure::scan`]); its structure is kept
//! beside it as a digest, and answers from then on what IMAP asks, without the message being read
//! again. Scanning locates and decodes nothing; decoding is for SEARCH and previews.
//!
//! Pure: bytes in, values out. Every sequence of octets is some message, nothing here panics, and
//! everything is linear in its input. This crate knows no folders, no storage and no protocol
//! beyond the few IMAP forms in `render` and `section`.
//!
//! | To | Use |
//! |---|---|
//! | scan at delivery | [`Structure::scan`], [`Structure::size`] |
//! | keep and restore | [`Structure::encode`], [`Structure::decode`], [`Envelope::decode`], [`header_span`] |
//! | answer FETCH ENVELOPE, BODY, BODYSTRUCTURE | [`write_envelope`], [`write_body`], [`write_bodystructure`] |
//! | answer FETCH `BODY[…]` | [`Structure::locate`] → [`Located`]; [`SectionText::filter`] |
//! | answer FETCH `BINARY[…]` | [`Structure::part`], [`Part::body`], [`Part::transfer_encoding`], [`encoding::TransferDecoder`] |
//! | read a header | [`header::fields`], [`header::unfold`], [`encoding::decode_words`] |
//! | SEARCH HEADER, BODY, TEXT | [`search::Needle`], [`search::SearchedHeader`], [`search::body_contains`], [`search::text_contains`]; [`search::pieces`] to read no more than is searched |
//! | SEARCH CHARSET | [`encoding::decode_charset`] |
//! | SEARCH SENTON and its like | [`Envelope::sent`], [`date::SentDate::calendar_day`], [`date::days_from_calendar`] |
//! | SEARCH LARGER and SMALLER | [`Structure::size`] |
//! | answer FETCH PREVIEW | [`preview()`] |
//! | list attachments | [`Part::file_name`], [`Part::is_attachment`] |
//!
//! Offsets are [`Span`]s from the start of the whole message, also inside attached messages.

pub mod address_list;
pub mod content_type;
pub mod date;
pub mod encoding;
pub mod header;
pub mod search;
pub mod structure;

mod digest;
mod envelope;
mod lexer;
mod part;
mod preview;
#[cfg(test)]
mod properties;
mod raw_text;
mod render;
mod section;
mod span;

pub use digest::{DigestError, header_span};
pub use envelope::Envelope;
pub use part::{Content, Part};
pub use preview::preview;
pub use raw_text::RawText;
pub use render::{write_body, write_bodystructure, write_envelope};
pub use section::{Located, SectionText};
pub use span::Span;
pub use structure::Structure;
