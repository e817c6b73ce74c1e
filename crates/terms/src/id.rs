//! Identifiers that storage or a node hands out. Opaque outside; never reused.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// One owner of mail: address, credentials, folders, limits. Stays the same through renames.
    AccountId
);
id!(
    /// A domain whose accounts live here.
    DomainId
);
id!(
    /// The outermost owner: a company has domains.
    CompanyId
);
id!(
    /// An app password of one account.
    AppPasswordId
);
id!(
    /// A token made for one account.
    TokenId
);
id!(
    /// A folder of one account. Stays the same through renames.
    FolderId
);
id!(
    /// A running copy of the server, among several.
    NodeId
);
id!(
    /// The n-th start of a node; a restarted node never repeats one.
    Incarnation
);
id!(
    /// One session of one node: an account's logged-in span on one connection.
    SessionId
);

/// The opaque name of one API request (`audit`), found again in the log and the history.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AuditId(pub String);

impl fmt::Display for AuditId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
