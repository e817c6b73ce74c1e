//! What Posthouse keeps, durably: companies, domains, accounts, folders, entries and the bytes of
//! messages. The only crate that touches disk or database.
//!
//! [`Storage`] is the boundary in the domain's words. Each method is one whole operation and one
//! transaction; an operation made for a session takes its [`Login`] and is refused with
//! [`StorageError::Void`] in that same transaction when the login's epoch has been overtaken.
//! An operation that changes something answers after the change is on disk (fsynced).
//! Dropping a method's future never undoes or halves the operation: it happens whole or not at all.
//!
//! It knows accounts, folders and entries as data, but no protocol, no session and no rule that is
//! not an invariant of what is kept.

mod account;
mod account_change;
mod attempt;
mod attempts;
mod blob;
mod bounds;
mod change;
mod clock;
mod company;
#[cfg(test)]
mod conformance;
mod deleted;
mod delta;
mod directory;
mod domain;
mod embedded;
mod entry;
mod error;
mod examiner;
mod feed;
mod folder;
mod known;
mod limits;
mod login;
mod logins;
mod mail;
mod objects;
mod options;
mod postgresql;
mod probe;
mod room;
mod runs;
mod secret;
mod standard_folders;
mod storage;
mod verification;
mod words;

pub use account::{
    Account, AccountChange, AccountKind, AccountStatus, AccountSummary, Found, LastLogin,
    NewAccount, Raised, Role, RoleGrant, Service, ServiceState, Services,
};
pub use attempt::{AttemptResult, LoginAttempt};
pub use blob::{BlobRange, BlobRef, BlobWriter, FenceMark, HeldBlob};
pub use change::{Changes, HistoryEntry};
pub use company::Company;
pub use deleted::{Compacted, DeletedEntry, Purged};
pub use domain::{Domain, DomainChange, NewDomain};
pub use entry::{Copied, Entry, EntryQuery, NewEntry, Recipient, StoreOutcome, Update};
pub use error::{OpenError, StorageError, What};
pub use examiner::Examiner;
pub use feed::Subscription;
pub use folder::{Folder, OpenFolder, SpecialUse, Subscribed, Usage};
pub use login::Login;
pub use options::{BlobPlace, EngineOptions, Options, PostgresqlOptions, S3Options};
pub use probe::Probe;
pub use room::Room;
pub use runs::UidRuns;
pub use secret::{AppPassword, NewAppPassword, NewToken, Token, TokenUse};
pub use storage::Storage;
pub use terms::Credential;
pub use verification::Verification;
