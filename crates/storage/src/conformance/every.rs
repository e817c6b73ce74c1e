//! What holds for every operation that a session makes: it is refused when the login is void, in the transaction that
//! would serve it; and it happens whole or not at all, also when nobody waits for its end.

use super::act::{Act, Stage};
use super::place::{self, Place, history};
use crate::{Login, StorageError};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use terms::Scope;

/// A login of alice as one would be made now.
async fn log_in(place: &Place) -> Login {
    place::login(&place.storage.account(place.alice.account).await.unwrap().unwrap())
}

/// Answers a login that came after.
async fn raise(place: &Place, login: &Login) -> Login {
    let everything = Scope::Everything;
    let raised = place.storage.raise_epoch(login.account, everything, history("logout")).await;
    Login { epoch: raised.unwrap().epoch, ..login.clone() }
}

/// Invariant 10, one after the other.
pub(super) async fn operation_refuses_a_void_login(place: Place) {
    let all = Act::READING.into_iter().chain(Act::CHANGING);
    let listed = include_str!("../mail.rs").matches("login: &Login").count();
    assert_eq!(listed, all.clone().count(), "an operation is not tried");
    for (number, act) in all.enumerate() {
        let login = log_in(&place).await;
        let stage = Stage::set(&place.storage, &login, format!("s{number:02}")).await;
        let before = stage.picture(&login).await;
        let later = raise(&place, &login).await;
        assert_eq!(stage.perform(act, &login).await, Err(StorageError::Void), "{act:?}");
        assert_eq!(stage.picture(&later).await, before, "{act:?}");
        // It was for the login alone.
        stage.perform(act, &later).await.unwrap();
        let changed = stage.picture(&later).await != before;
        assert_eq!(changed, Act::CHANGING.contains(&act), "{act:?}");
    }
    place.verify().await;
}

/// Invariant 10, at the same time: what is not answered `Void` was done when the raise answered.
pub(super) async fn operation_is_done_or_refused_when_a_raise_answers(place: Place) {
    let place = Arc::new(place);
    let (mut done, mut void) = (0, 0);
    for (number, act) in Act::READING.into_iter().chain(Act::CHANGING).cycle().take(66).enumerate()
    {
        let login = log_in(&place).await;
        let stage = Stage::set(&place.storage, &login, format!("s{number:02}")).await;
        let stage = Arc::new(stage);
        let mut sessions = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let (stage, login) = (Arc::clone(&stage), login.clone());
            sessions.spawn(async move { stage.perform(act, &login).await });
        }
        for _ in 0..number % 7 {
            tokio::task::yield_now().await;
        }
        let later = raise(&place, &login).await;
        let then = stage.picture(&later).await;
        while let Some(outcome) = sessions.join_next().await {
            match outcome.unwrap() {
                Err(StorageError::Void) => void += 1,
                // Only one of them finds the folder as it was.
                Ok(()) | Err(StorageError::NotFound(_) | StorageError::Exists(_)) => done += 1,
                Err(other) => panic!("{act:?}: {other}"),
            }
        }
        assert_eq!(stage.picture(&later).await, then, "{act:?}");
    }
    assert!(done > 0 && void > 0, "the race did not happen: {done} done, {void} void");
    place.verify().await;
}

/// Invariant 11: dropped wherever it waits, an operation happens whole or not at all.
pub(super) async fn operation_is_whole_or_not_there_when_dropped(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    let (mut dropped, mut happened, mut number) = (0, 0, 0);
    let mut stage = async || {
        number += 1;
        Stage::set(storage, alice, format!("s{number:03}")).await
    };
    for act in Act::CHANGING {
        let done = stage().await;
        done.perform(act, alice).await.unwrap();
        let done = done.picture(alice).await;
        for polls in 0..7 {
            let stage = stage().await;
            let before = stage.picture(alice).await;
            let is_whole = async || {
                let now = stage.picture(alice).await;
                assert!(now == before || now == done, "{act:?} after {polls}: {now:?}");
                now == done
            };
            match polled(stage.perform(act, alice), polls).await {
                Some(answer) => {
                    answer.unwrap();
                    assert!(is_whole().await, "{act:?} is not there");
                }
                None => {
                    dropped += 1;
                    let mut is_there = false;
                    for _ in 0..4 {
                        let now = is_whole().await;
                        assert!(now || !is_there, "{act:?} was undone");
                        is_there = now;
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    happened += u32::from(is_there);
                }
            }
        }
    }
    assert!(dropped > 0 && happened > 0, "{happened} of {dropped} dropped ones happened");
    place.verify().await;
}

/// What a future comes to if it is polled at most so often; then it is dropped.
async fn polled<F: Future>(future: F, mut times: u32) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        if times > 0
            && let Poll::Ready(output) = future.as_mut().poll(context)
        {
            return Poll::Ready(Some(output));
        }
        times = times.saturating_sub(1);
        if times == 0 { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}
