//! How a dialogue comes to its own end.

use crate::Gone;

/// Why a dialogue is over, unless it was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The client left, is gone, or was sent away. What there was to say has been said.
    Left,
    /// Storage finds the login void: the order to end the session is on its way, and the dialogue may
    /// not say a word more. It is the connection that tells the client.
    Void,
}

impl From<Gone> for Over {
    fn from(Gone: Gone) -> Self {
        Over::Left
    }
}
