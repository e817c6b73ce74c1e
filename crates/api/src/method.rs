//! The methods, one file each.

pub(crate) mod authenticate;
pub(crate) mod change_domain;
pub(crate) mod change_user;
pub(crate) mod delete_user;
pub(crate) mod echo;
pub(crate) mod get_domain;
pub(crate) mod get_user;
pub(crate) mod logout_user;
pub(crate) mod search_users;
pub(crate) mod set_role;
