//! What an operator does from the machine's own shell: `posthouse sessions`, `account` and `domain`. All
//! of it goes over the API of a running server, with the rights of whose credentials are given.

mod account;
mod credentials;
mod domain;
mod remote;
mod sessions;
mod table;
mod url;

use crate::cli::{AccountArgs, DomainArgs, SessionsArgs};
use crate::failure::Failure;
use remote::Remote;

pub use url::Url;

/// `posthouse sessions …`
///
/// # Errors
/// One sentence: what the API, or the way to it, said no to.
pub async fn sessions(args: &SessionsArgs) -> Result<(), Failure> {
    let remote = Remote::new(&args.server)?;
    sessions::run(&remote, &args.command, args.server.json).await
}

/// `posthouse account …`
///
/// # Errors
/// One sentence: what the API, or the way to it, said no to.
pub async fn account(args: &AccountArgs) -> Result<(), Failure> {
    let remote = Remote::new(&args.server)?;
    account::run(&remote, &args.command, args.server.json).await
}

/// `posthouse domain …`
///
/// # Errors
/// One sentence: what the API, or the way to it, said no to.
pub async fn domain(args: &DomainArgs) -> Result<(), Failure> {
    let remote = Remote::new(&args.server)?;
    domain::run(&remote, &args.command, args.server.json).await
}
