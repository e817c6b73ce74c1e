//! THE TABLE: method · which actions it may take · module. What is not in it answers 404.

use crate::call::{Call, Outcome};
use crate::live_sessions::BoxFuture;
use crate::method::*;
use crate::request::Fields;
use accounts::Action;

/// A row.
#[derive(Debug)]
pub struct Method {
    /// Its name, the last part of the path.
    pub name: &'static str,
    /// What the caller needs a permit for, each for its own part. Decided by `accounts::authz`.
    pub actions: &'static [Action],
    pub(crate) handler: Handler,
}

/// How a method is carried out.
#[derive(Debug)]
pub(crate) enum Handler {
    /// For anyone; it takes no action.
    Open(fn(Fields) -> Vec<u8>),
    /// For whoever's credentials are right.
    Known(for<'a> fn(&'a Call) -> BoxFuture<'a, Outcome>),
}

type Run = for<'a> fn(&'a Call) -> BoxFuture<'a, Outcome>;

const fn known(name: &'static str, actions: &'static [Action], run: Run) -> Method {
    Method { name, actions, handler: Handler::Known(run) }
}

/// The rows.
pub const METHODS: &[Method] = {
    use Action::*;
    &[
        Method { name: "echo", actions: &[], handler: Handler::Open(echo::run) },
        known("app_password", &[AppPassword], |call| Box::pin(app_password::run(call))),
        known("authenticate", &[Authenticate], |call| Box::pin(authenticate::run(call))),
        known("change_domain", &[ChangeDomain, ChangeDomainBillable, CreateDomain], |call| {
            Box::pin(change_domain::run(call))
        }),
        known("get_domain", &[GetDomain], |call| Box::pin(get_domain::run(call))),
        known(
            "change_user",
            &[ChangeUser, ChangeUserPassword, ChangeUserBillable, CreateUser],
            |call| Box::pin(change_user::run(call)),
        ),
        known("delete_user", &[DeleteUser], |call| Box::pin(delete_user::run(call))),
        known("generate_token", &[GenerateToken], |call| Box::pin(generate_token::run(call))),
        known("get_user", &[GetUser], |call| Box::pin(get_user::run(call))),
        known("get_user_sessions", &[GetUserSessions], |call| {
            Box::pin(get_user_sessions::run(call))
        }),
        known("end_sessions", &[EndSessions], |call| Box::pin(end_sessions::run(call))),
        known("logout_user", &[LogoutUser], |call| Box::pin(logout_user::run(call))),
        known("rename_user", &[RenameUser], |call| Box::pin(rename_user::run(call))),
        known("restore_user", &[RestoreUser], |call| Box::pin(restore_user::run(call))),
        known("search_users", &[SearchUsers], |call| Box::pin(search_users::run(call))),
        known("set_role", &[SetRole], |call| Box::pin(set_role::run(call))),
    ]
};

/// The row that a path names. Clients build their paths in several ways (OMA reference, section 9,
/// 1 to 3), so all of `/api/x`, `/api/api/x`, `/x`, with slashes repeated or trailing, mean `x`.
pub(crate) fn find(path: &str) -> Option<&'static Method> {
    let name = last_part(path)?;
    METHODS.iter().find(|method| method.name == name)
}

/// The name in a path.
pub(crate) fn last_part(path: &str) -> Option<&str> {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
    for _ in 0..2 {
        segments.next_if_eq(&"api");
    }
    let name = segments.next()?;
    segments.next().is_none().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for path in [
            "/api/get_user",
            "/api/api/get_user",
            "/api//get_user",
            "//api/get_user",
            "/get_user",
            "/get_user/",
            "/api/get_user/",
            "get_user",
            "/api/get_user?x=1",
        ] {
            assert_eq!(find(path).map(|method| method.name), Some("get_user"), "{path}");
        }
        for path in [
            "/",
            "",
            "/api",
            "/api/",
            "/api/api/api/get_user",
            "/v1/get_user",
            "/api/get_user/x",
            "/api/Get_User",
            "/api/notify_user",
            "/api/get%5Fuser",
            "/api/../get_user",
        ] {
            assert!(find(path).is_none(), "{path}");
        }
    }
}
