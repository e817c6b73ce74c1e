//! A company: the outermost owner.

use terms::{CompanyId, UnixTime};

/// The outermost owner: has domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Its number.
    pub id: CompanyId,
    /// Its unique name; compared without regard to case.
    pub name: String,
    /// When it was made.
    pub created: UnixTime,
}
