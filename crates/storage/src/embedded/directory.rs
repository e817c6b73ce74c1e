//! Who exists, as rows: one module per noun.

pub(crate) mod account;
pub(crate) mod account_address;
pub(crate) mod account_change;
pub(crate) mod app_password;
pub(crate) mod attempt;
pub(crate) mod company;
pub(crate) mod domain;
pub(crate) mod epoch;
pub(crate) mod history;
pub(crate) mod listing;
pub(crate) mod name;
pub(crate) mod token;
