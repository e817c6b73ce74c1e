//! IDLE: the client waits, and hears at once what happens to its folder (RFC 2177).

use super::Outcome;
use crate::dialogue::Talk;
use crate::error::{End, Failure};
use crate::reply::Reply;
use crate::selected::{Presence, Selected};
use crate::state::State;
use crate::view::Numbers;
use crate::wire::request::Numbering;
use carrier::{Gone, Host};
use futures::FutureExt as _;
use std::pin::pin;

/// `DONE` is all that can come.
const MAX_LINE: usize = 1000;

pub(super) async fn run<H: Host>(talk: &mut Talk<H>, state: &mut State) -> Outcome {
    state.login()?;
    talk.output.say(b"+ idling\r\n");
    loop {
        // A client that does not read hears the rest later: nothing is queued for it meanwhile.
        talk.output.room().await?;
        let mut selected = match state {
            State::Selected(selected) => Some(&mut **selected),
            State::NotAuthenticated | State::Authenticated(_) => None,
        };
        if let Some(selected) = &mut selected {
            tell(talk, selected).await?;
        }
        match next_event(talk, selected).await? {
            Event::Input => break,
            Event::Changed => {}
            Event::Silence => talk.output.say(b"* OK Still here\r\n"),
        }
    }
    let line = talk.input.line(MAX_LINE).await?;
    match line.eq_ignore_ascii_case(b"DONE") {
        true => Ok(Reply::ok("No longer idle")),
        false => Err(Reply::bad("Expected DONE").into()),
    }
}

/// What ends a wait.
enum Event {
    /// The client says something.
    Input,
    /// The folder changed.
    Changed,
    /// Nothing happened for long.
    Silence,
}

async fn next_event<H: Host>(
    talk: &mut Talk<H>,
    selected: Option<&mut Selected>,
) -> Result<Event, Gone> {
    let mut input = pin!(talk.input.ready().fuse());
    let mut silence = pin!(talk.host.keepalive().fuse());
    let changed = async {
        match selected {
            Some(selected) => selected.changed().await,
            None => std::future::pending().await,
        }
    };
    let mut changed = pin!(changed.fuse());
    futures::select_biased! {
        ready = input => ready.map(|()| Event::Input),
        () = changed => Ok(Event::Changed),
        () = silence => Ok(Event::Silence),
    }
}

async fn tell<H: Host>(talk: &mut Talk<H>, selected: &mut Selected) -> Result<(), Failure> {
    let Talk { output, context, .. } = talk;
    let synced =
        selected.sync(&context.storage, output, Numbers::MayChange, Numbering::Sequence).await;
    match synced {
        Ok(Presence::There) => Ok(()),
        Ok(Presence::Gone) => Err(End::FOLDER_GONE.into()),
        // Storage cannot say at the moment: the next change, or DONE, asks again.
        Err(Failure::Refused(_)) => Ok(()),
        Err(end @ Failure::End(_)) => Err(end),
    }
}
