//! THE TABLE: every command, when it is allowed, and what it does to the dialogue. The dialogue acts on
//! the table, so that no command can forget it.
//!
//! Below the table, who carries it out: one file per command.

mod append;
mod authenticate;
mod capability;
mod check;
mod close;
mod copy;
mod create;
mod delete;
mod examine;
mod expunge;
mod fetch;
mod id;
mod idle;
mod list;
mod login;
mod logout;
mod lsub;
mod r#move;
mod namespace;
mod noop;
mod rename;
mod search;
mod select;
mod starttls;
mod status;
mod store;
mod subscribe;
mod unselect;
mod unsubscribe;

use crate::dialogue::Talk;
use crate::error::Failure;
use crate::reply::Reply;
use crate::selected::Look;
use crate::state::State;
use crate::view::Numbers;
use crate::wire::request::{Numbering, Request, Tag};
use carrier::Host;
use futures::future::BoxFuture;

/// What the handler of a command comes to.
pub(crate) type Outcome = Result<Reply, Failure>;

/// Said when a folder was closed without the client asking for it by CLOSE or UNSELECT (RFC 7162
/// §3.2.11).
pub(crate) const CLOSED: &[u8] = b"* OK [CLOSED] The folder is no longer open\r\n";

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) name: &'static str,
    /// When it is allowed (RFC 3501 §6).
    pub(crate) when: When,
    /// Whether FETCH responses told along with it must name UIDs (RFC 3501 §6.4.8).
    pub(crate) numbering: Numbering,
    /// What it entails.
    pub(crate) after: After,
}

/// In which states a command is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Anytime,
    BeforeLogin,
    LoggedIn,
    FolderOpen,
}

/// What follows when a command is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Nothing.
    Nothing,
    /// The client hears what happened to its open folder, before the tagged reply.
    Tell {
        /// Whether EXPUNGE may be said: not while numbers are in use (RFC 3501 §7.4.1).
        numbers: Numbers,
        /// `Now` for commands that change the folder themselves.
        look: Look,
        /// What if the folder was deleted.
        if_gone: IfGone,
    },
    /// Failures are counted.
    LoggedIn,
    /// TLS begins.
    StartTls,
    /// The dialogue ends.
    Leave,
}

/// What if the open folder was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfGone {
    /// By somebody else: BYE.
    Bye,
    /// By this command: it is closed.
    Close,
}

/// Everything may be told.
const NEWS: After =
    After::Tell { numbers: Numbers::MayChange, look: Look::IfWoken, if_gone: IfGone::Bye };
/// The same for a command that may itself have changed the folder.
const OWN_NEWS: After =
    After::Tell { numbers: Numbers::MayChange, look: Look::Now, if_gone: IfGone::Bye };
/// The client counts on its numbers.
const NO_EXPUNGE: After =
    After::Tell { numbers: Numbers::Stay, look: Look::IfWoken, if_gone: IfGone::Bye };
/// The command may delete the very folder.
const MAYBE_GONE: After =
    After::Tell { numbers: Numbers::MayChange, look: Look::Now, if_gone: IfGone::Close };

/// The table.
pub(crate) fn row(request: &Request) -> Row {
    use Numbering::{Sequence, Uid};
    use Request as R;
    use When::{Anytime, BeforeLogin, FolderOpen, LoggedIn};
    let (name, when, numbering, after) = match request {
        R::Capability => ("CAPABILITY", Anytime, Sequence, NEWS),
        R::Id(_) => ("ID", Anytime, Sequence, NEWS),
        R::Noop => ("NOOP", Anytime, Sequence, NEWS),
        R::Logout => ("LOGOUT", Anytime, Sequence, After::Leave),

        R::StartTls => ("STARTTLS", BeforeLogin, Sequence, After::StartTls),
        R::Login { .. } => ("LOGIN", BeforeLogin, Sequence, After::LoggedIn),
        R::Authenticate { .. } => ("AUTHENTICATE", BeforeLogin, Sequence, After::LoggedIn),

        R::Namespace => ("NAMESPACE", LoggedIn, Sequence, NEWS),
        R::List(..) => ("LIST", LoggedIn, Sequence, NEWS),
        R::Lsub(..) => ("LSUB", LoggedIn, Sequence, NEWS),
        R::Subscribe(_) => ("SUBSCRIBE", LoggedIn, Sequence, NEWS),
        R::Unsubscribe(_) => ("UNSUBSCRIBE", LoggedIn, Sequence, NEWS),
        R::Create(_) => ("CREATE", LoggedIn, Sequence, NEWS),
        R::Delete(_) => ("DELETE", LoggedIn, Sequence, MAYBE_GONE),
        R::Rename(..) => ("RENAME", LoggedIn, Sequence, OWN_NEWS),
        R::Status(..) => ("STATUS", LoggedIn, Sequence, NEWS),
        R::Append { .. } => ("APPEND", LoggedIn, Sequence, OWN_NEWS),
        R::Idle => ("IDLE", LoggedIn, Sequence, NEWS),
        R::Select(_) => ("SELECT", LoggedIn, Sequence, After::Nothing),
        R::Examine(_) => ("EXAMINE", LoggedIn, Sequence, After::Nothing),

        R::Check => ("CHECK", FolderOpen, Sequence, NEWS),
        R::Close => ("CLOSE", FolderOpen, Sequence, After::Nothing),
        R::Unselect => ("UNSELECT", FolderOpen, Sequence, After::Nothing),
        R::Expunge => ("EXPUNGE", FolderOpen, Sequence, OWN_NEWS),
        R::UidExpunge(_) => ("UID EXPUNGE", FolderOpen, Uid, OWN_NEWS),
        R::Search { numbering: Sequence, .. } => ("SEARCH", FolderOpen, Sequence, NO_EXPUNGE),
        R::Search { numbering: Uid, .. } => ("UID SEARCH", FolderOpen, Uid, NEWS),
        R::Fetch { numbering: Sequence, .. } => ("FETCH", FolderOpen, Sequence, NO_EXPUNGE),
        R::Fetch { numbering: Uid, .. } => ("UID FETCH", FolderOpen, Uid, NEWS),
        R::Store { numbering: Sequence, .. } => ("STORE", FolderOpen, Sequence, NO_EXPUNGE),
        R::Store { numbering: Uid, .. } => ("UID STORE", FolderOpen, Uid, NEWS),
        R::Copy { numbering: Sequence, .. } => ("COPY", FolderOpen, Sequence, OWN_NEWS),
        R::Copy { numbering: Uid, .. } => ("UID COPY", FolderOpen, Uid, OWN_NEWS),
        R::Move { numbering: Sequence, .. } => ("MOVE", FolderOpen, Sequence, OWN_NEWS),
        R::Move { numbering: Uid, .. } => ("UID MOVE", FolderOpen, Uid, OWN_NEWS),
    };
    Row { name, when, numbering, after }
}

/// Carries a command out. Boxed one by one, so that waiting in IDLE costs no more than IDLE needs.
pub(crate) fn carry_out<'a, H: Host>(
    tag: &'a Tag,
    request: Request,
    talk: &'a mut Talk<H>,
    state: &'a mut State,
) -> BoxFuture<'a, Outcome> {
    use Request as R;
    match request {
        R::Capability => Box::pin(async { capability::run(talk, state) }),
        R::Id(fields) => Box::pin(async { id::run(talk, fields) }),
        R::Noop => Box::pin(async { noop::run() }),
        R::Logout => Box::pin(async { logout::run(talk) }),

        R::StartTls => Box::pin(async { starttls::run(talk) }),
        R::Login { user, password } => Box::pin(login::run(talk, state, user, password)),
        R::Authenticate { mechanism, initial } => {
            Box::pin(authenticate::run(talk, state, mechanism, initial))
        }

        R::Namespace => Box::pin(async { namespace::run(talk) }),
        R::List(reference, pattern) => Box::pin(list::run(talk, state, reference, pattern)),
        R::Lsub(reference, pattern) => Box::pin(lsub::run(talk, state, reference, pattern)),
        R::Subscribe(name) => Box::pin(subscribe::run(talk, state, name)),
        R::Unsubscribe(name) => Box::pin(unsubscribe::run(talk, state, name)),
        R::Create(name) => Box::pin(create::run(talk, state, name)),
        R::Delete(name) => Box::pin(delete::run(talk, state, name)),
        R::Rename(from, to) => Box::pin(rename::run(talk, state, from, to)),
        R::Status(name, items) => Box::pin(status::run(talk, state, name, items)),
        R::Append { folder, options, literal } => {
            Box::pin(append::run(talk, state, tag, folder, options, literal))
        }
        R::Idle => Box::pin(idle::run(talk, state)),
        R::Select(name) => Box::pin(select::run(talk, state, name)),
        R::Examine(name) => Box::pin(examine::run(talk, state, name)),

        R::Check => Box::pin(async { check::run() }),
        R::Close => Box::pin(close::run(talk, state)),
        R::Unselect => Box::pin(async { unselect::run(talk, state) }),
        R::Expunge => Box::pin(expunge::run(talk, state, None)),
        R::UidExpunge(set) => Box::pin(expunge::run(talk, state, Some(set))),
        R::Search { numbering, charset, keys } => {
            Box::pin(search::run(talk, state, numbering, charset, keys))
        }
        R::Fetch { numbering, set, items } => {
            Box::pin(fetch::run(talk, state, numbering, set, items))
        }
        R::Store { numbering, set, change, silent, flags } => {
            let answer = if silent { store::Answer::Silent } else { store::Answer::Flags };
            Box::pin(store::run(talk, state, (numbering, set), change, answer, flags))
        }
        R::Copy { numbering, set, to } => Box::pin(copy::run(talk, state, (numbering, set), to)),
        R::Move { numbering, set, to } => Box::pin(r#move::run(talk, state, (numbering, set), to)),
    }
}
