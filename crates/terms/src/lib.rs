//! The glossary as code: the words that cross crate boundaries, as types.
//!
//! Newtypes and small enums only; no behaviour beyond parsing, ordering and display.
//! The doc comment of a type is the definition of its word.

mod address;
mod credential;
mod domain_name;
mod end_reason;
mod epoch;
mod flags;
mod folder_name;
mod id;
mod network;
mod number;
mod printable;
mod protocol;
mod secret;
mod time;

pub use address::{Address, AddressError};
pub use credential::Credential;
pub use domain_name::{DomainName, DomainNameError};
pub use end_reason::EndReason;
pub use epoch::{Epoch, Scope};
pub use flags::{FlagChange, Flags, Keyword, KeywordError, SystemFlag};
pub use folder_name::{FolderName, FolderNameError};
pub use id::{
    AccountId, AppPasswordId, AuditId, CompanyId, DomainId, FolderId, Incarnation, NodeId,
    SessionId, TokenId,
};
pub use network::{Network, NetworkError};
pub use number::{ModSeq, SeqNum, Uid, UidValidity};
pub use printable::printable;
pub use protocol::Protocol;
pub use secret::Secret;
pub use time::{InternalDate, UnixTime};
