//! Bounds on how many there can be of what administration makes, for all engines.

/// Aliases of one account (OMA reference 7).
pub(crate) const ALIASES: usize = 2000;
/// Aliases of one domain (there, too).
pub(crate) const DOMAIN_ALIASES: usize = 2000;
/// App passwords of one account (OMA reference 14.23).
pub(crate) const APP_PASSWORDS: usize = 4;
/// Aliases of one account whose loss is remembered one by one.
pub(crate) const LOST_ALIASES: u64 = 10_000;
/// Lines of an account's history among which older ones than this many make room for new ones. Attempts to log in have
/// their own, lower bound ([`crate::attempts::history`]) and do not push others out, so at least 1,000 others stay.
pub(crate) const HISTORY: u64 = 1_500;
/// Tokens of one account.
pub(crate) const TOKENS: u64 = 1000;
/// Expired tokens that are removed in one transaction.
pub(crate) const EXPIRED_AT_ONCE: u64 = 256;
/// Accounts whose attempts to log in are written in one transaction.
pub(crate) const ATTEMPTS_AT_ONCE: usize = 100;
