//! The numbers of IMAP that must never mix (RFC 9051 §2.3.1).

use std::fmt;
use std::num::NonZeroU32;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The smallest value, 1.
            pub const MIN: Self = Self(NonZeroU32::MIN);
            /// The largest value, 2^32 - 1.
            pub const MAX: Self = Self(NonZeroU32::MAX);

            /// The number, or nothing for 0.
            pub fn new(value: u32) -> Option<Self> {
                NonZeroU32::new(value).map(Self)
            }

            /// The plain number; never 0.
            pub fn value(self) -> u32 {
                self.0.get()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A message's number in its folder, growing, never given twice under one [`UidValidity`].
    Uid
);
number!(
    /// A message's place in one session's view of the folder: 1 is the first. Changes with EXPUNGE.
    SeqNum
);
number!(
    /// The era in which a folder name's [`Uid`]s are valid.
    UidValidity
);

/// A folder's change counter: every change gets a larger one (RFC 7162). 0 is "before all".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModSeq(pub u64);

impl fmt::Display for ModSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
