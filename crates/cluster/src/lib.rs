//! The other nodes: who they are, how long each may serve, what they are ordered and what they
//! answer.
//!
//! Everything here is data and pure functions of time passed in. It knows no mail and no sockets,
//! and does not know how an order travels: a bus may lose, repeat or delay whatever it carries, so
//! correctness rests on the epoch in storage, on leases and on acknowledgements, never on arrival.
//!
//! Today one node runs alone ([`Membership::alone`]); nothing here assumes it.

mod bus;
mod filter;
mod lease;
mod membership;
mod node;
mod order;

pub use bus::{Arrival, Inbox};
pub use filter::{Filter, Traits};
pub use lease::{Grant, Lapsed, Lease, LeaseTerms, LeaseTermsError, Moment, StoreMoment};
pub use membership::Membership;
pub use node::{Node, ParseSessionKeyError, SessionKey};
pub use order::{Acknowledgement, Order, OrderId};
pub use terms::Credential;
