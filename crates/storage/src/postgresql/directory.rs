//! Who exists, as rows: one module per noun.

pub(super) mod name;
