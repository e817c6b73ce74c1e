//! The states of a dialogue, and what is there in each.

use crate::command::When;
use crate::reply::{Code, Reply};
use crate::selected::Selected;
use std::sync::Arc;
use storage::Login;

/// Where the dialogue stands (RFC 3501 §3). The fourth state, logout, is its end.
///
/// ```text
/// NotAuthenticated ──LOGIN, AUTHENTICATE──► Authenticated ──SELECT, EXAMINE──► Selected
///                                                 ▲                               │
///                                                 └──CLOSE, UNSELECT, SELECT failed, DELETE of it
/// ```
#[derive(Debug)]
pub(crate) enum State {
    /// Nobody is logged in.
    NotAuthenticated,
    /// Logged in, no folder open.
    Authenticated(Arc<Login>),
    /// Logged in, a folder open.
    Selected(Box<Selected>),
}

impl State {
    /// Whether a command with this condition may run now.
    pub(crate) fn admits(&self, when: When) -> bool {
        match when {
            When::Anytime => true,
            When::BeforeLogin => matches!(self, State::NotAuthenticated),
            When::LoggedIn => !matches!(self, State::NotAuthenticated),
            When::FolderOpen => matches!(self, State::Selected(_)),
        }
    }

    /// The login.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn login(&self) -> Result<&Arc<Login>, Reply> {
        match self {
            State::NotAuthenticated => Err(out_of_place(When::LoggedIn)),
            State::Authenticated(login) => Ok(login),
            State::Selected(selected) => Ok(&selected.login),
        }
    }

    /// The open folder.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn selected(&mut self) -> Result<&mut Selected, Reply> {
        match self {
            State::Selected(selected) => Ok(selected),
            State::NotAuthenticated | State::Authenticated(_) => {
                Err(out_of_place(When::FolderOpen))
            }
        }
    }

    /// Closes the folder, if one is open.
    pub(crate) fn close_folder(&mut self) -> WasOpen {
        let State::Selected(selected) = self else { return WasOpen::No };
        *self = State::Authenticated(Arc::clone(&selected.login));
        WasOpen::Yes
    }
}

/// Whether a folder was open before it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WasOpen {
    Yes,
    No,
}

/// The answer to a command that is not allowed now.
pub(crate) fn out_of_place(when: When) -> Reply {
    let text = match when {
        When::Anytime => "Not now",
        When::BeforeLogin => "You are logged in already",
        When::LoggedIn => "Log in first",
        When::FolderOpen => "Select a folder first",
    };
    Reply::bad(text).with(Code::ClientBug)
}
