//! Who exists, proving who you are, and who may do what. Knows no protocol, no HTTP and no socket,
//! and reads no clock: time is passed in, and delays are answered, not slept.
//!
//! - [`Accounts`] checks credentials, for sessions ([`Accounts::log_in`]) and for the API
//!   ([`Accounts::identify`]), and makes tokens and first administrators.
//!   Its other operations change what exists, for whoever holds the [`Permit`].
//! - [`authz`] is the table of rights: actor, action, target → [`Permit`].
//! - [`attributes`] is the table of what can be set on accounts and domains, and by whom.
//! - [`epoch`] says which logins a change makes void.

mod accounts;
mod actor;
mod administer;
mod app_password;
pub mod attributes;
pub mod authz;
mod bootstrap;
pub mod credential;
pub mod epoch;
mod hashing;
mod history;
mod identify;
pub mod lenient;
mod login;
mod name;
pub mod password;
pub mod role;
pub mod throttle;
mod token;
mod verified;

pub use accounts::{Accounts, HashUnavailable, Options};
pub use actor::{Actor, Identity, Proof};
pub use administer::{AdministerError, RESTORABLE};
pub use authz::{Action, Denied, Permit, Target};
pub use bootstrap::BootstrapError;
pub use history::{Request, attribute_names};
pub use login::{Credentials, LoginRefusal, Refusal};
pub use token::{IssueError, IssuedToken, TokenWish};
