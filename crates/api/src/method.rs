//! The methods, one file each.

pub(crate) mod app_password;
pub(crate) mod authenticate;
pub(crate) mod change_domain;
pub(crate) mod change_user;
pub(crate) mod delete_user;
pub(crate) mod echo;
pub(crate) mod end_sessions;
pub(crate) mod generate_token;
pub(crate) mod get_domain;
pub(crate) mod get_user;
pub(crate) mod get_user_sessions;
pub(crate) mod logout_user;
pub(crate) mod rename_user;
pub(crate) mod restore_user;
pub(crate) mod search_users;
pub(crate) mod set_role;
