//! Who is connected, anywhere: the live sessions of accounts, their limits, and the logout
//! procedure that ends them and does not say so before it is true.
//!
//! Nothing here opens a socket, reads a clock, starts a task or needs a runtime: times come in as
//! values, waiting is a future, deadlines are the caller's. It knows no protocol beyond its name.
//!
//! # For a connection
//!
//! ```
//! # use sessions::{ConfirmError, Guard, Orders, Session, Sessions};
//! # async fn login_stands() -> Result<bool, std::io::Error> { Ok(true) }
//! # async fn log_in(sessions: &Sessions, session: Session) -> Option<(Guard, Orders)> {
//! // 1. Credentials were checked at `session.epoch`, the epoch read before. Ask for a place:
//! let unconfirmed = sessions.register(session).ok()?; // Err: a limit (`Refusal`)
//! // 2. Ask storage again whether the login stands; only after this tell the client yes:
//! let (guard, orders) = unconfirmed.confirm(login_stands()).await.ok()?; // Err: `ConfirmError`
//! // 3. While it lives: `orders.end()` is one arm of the connection's select!, `orders.pending()`
//! //    the look between two slices of work; `guard.note_activity(now)`, `note_client`,
//! //    `note_folder` tell operators what it does.
//! // 4. On an order: end the dialogue, close the socket, and drop the guard last.
//! # Some((guard, orders))
//! # }
//! ```
//!
//! # For whoever ends sessions
//!
//! ```
//! # use cluster::Filter;
//! # use sessions::{Report, Request, Sessions};
//! # use terms::{AccountId, AuditId, EndReason, Epoch, Scope, UnixTime};
//! # async fn raise() -> Result<Epoch, std::io::Error> { Ok(Epoch(2)) }
//! # async fn end(sessions: &Sessions, now: UnixTime) -> Option<()> {
//! let request = Request {
//!     account: AccountId(1),
//!     filter: Filter::from(Scope::Everything), // or Filter::scopes(&raised.scopes)
//!     reason: EndReason::LoggedOut,
//!     audit: AuditId("3f9a".into()),
//! };
//! // Raises the epoch, orders, waits. The deadline is any future; here one that never comes.
//! let deadline = std::future::pending();
//! let report = sessions.log_out(request.clone(), raise(), deadline).await.ok()?;
//! report.local.log(&request.audit, request.reason, now); // who was ended, in the log
//! # Some(())
//! # }
//! ```
//!
//! [`Sessions::log_out`] is the whole procedure of one node. Its parts, for other uses:
//! [`Sessions::end`] gives an order at once and answers an [`Ending`] to wait for
//! (`ending.finished().await` under a timeout of yours, then `ending.report()`), and [`Logout`] is
//! the pure procedure for any number of nodes.
//!
//! An end that voids no login (an operator picks sessions by id, protocol, network or credential)
//! is an order too, with a [`cluster::Filter`] and `below` just above the account's present epoch.
//! [`Sessions::shutdown`] ends all in the same way and takes no more.
//! [`Sessions::list`], [`Sessions::page`], [`Sessions::find`] and [`Sessions::watch`] show them.

mod conduct;
mod guard;
mod limits;
mod logout;
mod registry;
mod report;
mod session;
mod watch;

pub use conduct::{LogoutError, Report};
pub use guard::{ConfirmError, Ending, Guard, Orders, Sessions, Unconfirmed};
pub use limits::{Limits, Refusal};
pub use logout::{Action, Event, Failure, Logout, NodeOutcome, Request};
pub use registry::{EndingId, Ordered, Outcome, Placed, Registry, Row, Standing, Tally};
pub use report::NodeReport;
pub use session::{End, Session, SessionRecord};
pub use watch::{Watch, Watched};
