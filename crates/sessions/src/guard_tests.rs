//! The registry in use: guards, orders, endings, the whole logout, and the race with a login.

use crate::{
    ConfirmError, Failure, Guard, Limits, LogoutError, Orders, Refusal, Request, Session, Sessions,
    Watched,
};
use cluster::{Credential, Filter, Node, Order};
use std::convert::Infallible;
use std::future::{pending, poll_fn, ready};
use std::pin::pin;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use terms::{AccountId, AuditId, EndReason, Epoch, Incarnation, NodeId, Protocol, UnixTime};

const ALICE: AccountId = AccountId(1);
const BOB: AccountId = AccountId(2);

fn sessions() -> Sessions {
    Sessions::new(Node { id: NodeId(1), incarnation: Incarnation(7) }, Limits::default())
}

fn session(account: AccountId, epoch: u64) -> Session {
    Session {
        account,
        epoch: Epoch(epoch),
        protocol: Protocol::Imap,
        peer: "192.0.2.1:40000".parse().unwrap(),
        tls: true,
        trusted: true,
        login: "Alice@Example.com".into(),
        on_behalf: None,
        alias: None,
        credential: Credential::Password,
        since: UnixTime(1000),
    }
}

/// What a future answers within one poll.
fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn log_in(sessions: &Sessions, account: AccountId, epoch: u64) -> (Guard, Orders) {
    let unconfirmed = sessions.register(session(account, epoch)).unwrap();
    poll_once(unconfirmed.confirm(ready(Ok::<_, Infallible>(true)))).unwrap().unwrap()
}

fn order(sessions: &Sessions, below: u64) -> Order {
    let Request { account, filter, reason, audit } = request();
    Order { id: sessions.new_order_id(), account, below: Epoch(below), filter, reason, audit }
}

fn request() -> Request {
    Request {
        account: ALICE,
        filter: Filter::all(),
        reason: EndReason::LoggedOut,
        audit: AuditId("a1".into()),
    }
}

#[test]
fn an_order_is_heard_by_whoever_waits_and_whoever_looks() {
    let sessions = sessions();
    let (guard, orders) = log_in(&sessions, ALICE, 1);
    let (_bob, bobs_orders) = log_in(&sessions, BOB, 1);
    let mut waiting = pin!(orders.end());
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    assert_eq!(orders.pending(), None);

    let ending = sessions.end(&order(&sessions, 2));
    let Poll::Ready(end) = waiting.as_mut().poll(&mut context) else { panic!("not heard") };
    assert_eq!((end.reason, end.audit.as_ref()), (EndReason::LoggedOut, Some(&request().audit)));
    assert_eq!(orders.clone().pending(), Some(&*end));
    assert_eq!(poll_once(orders.end()), Some(end));
    assert_eq!(bobs_orders.pending(), None);

    // Told is not gone.
    assert!(poll_once(ending.finished()).is_none());
    drop(guard);
    assert!(poll_once(ending.finished()).is_some());
    assert_eq!((ending.report().ended.len(), ending.report().open.len()), (1, 0));
}

#[test]
fn a_later_order_does_not_change_the_reason() {
    let sessions = sessions();
    let (_guard, orders) = log_in(&sessions, ALICE, 1);
    let first = sessions.end(&order(&sessions, 2));
    let last = sessions.shutdown();
    assert_eq!(orders.pending().map(|end| end.reason), Some(EndReason::LoggedOut));
    assert!(!first.is_finished() && !last.is_finished());
    drop(_guard);
    assert!(first.is_finished() && last.is_finished());
}

#[test]
fn a_login_is_asked_about_after_it_has_its_place() {
    let sessions = sessions();
    // Made before, asked after: that is why it is a future.
    let stands = async { Ok::<_, Infallible>(sessions.count_of(ALICE) == 1) };
    let unconfirmed = sessions.register(session(ALICE, 1)).unwrap();
    unconfirmed.note_client("Thunderbird");
    let (guard, _orders) = poll_once(unconfirmed.confirm(stands)).unwrap().unwrap();
    assert_eq!(guard.record().client.as_deref(), Some("Thunderbird"));
    assert_eq!(guard.key().to_string(), "1.7.1");
}

#[test]
fn a_login_that_does_not_stand_gives_its_place_back() {
    let sessions = sessions();
    let confirm = |answer: Result<bool, &'static str>| {
        let unconfirmed = sessions.register(session(ALICE, 1)).unwrap();
        let result = poll_once(unconfirmed.confirm(ready(answer))).unwrap();
        (result.map(|_| ()).unwrap_err(), sessions.count_of(ALICE))
    };
    assert_eq!(confirm(Ok(false)), (ConfirmError::Void, 0));
    assert_eq!(confirm(Err("no answer")), (ConfirmError::Unknown("no answer"), 0));
    drop(sessions.register(session(ALICE, 1)).unwrap());
    assert_eq!(sessions.count_of(ALICE), 0);
}

#[test]
fn a_login_ordered_to_end_meanwhile_is_not_confirmed() {
    let sessions = sessions();
    let unconfirmed = sessions.register(session(ALICE, 1)).unwrap();
    let ending = sessions.end(&order(&sessions, 2));
    let result = poll_once(unconfirmed.confirm(ready(Ok::<_, Infallible>(true)))).unwrap();
    assert_eq!(result.map(|_| ()).unwrap_err(), ConfirmError::Void);
    assert!(ending.is_finished());
}

#[test]
fn nobody_gets_in_while_the_server_stops() {
    let sessions = sessions();
    let (guard, _orders) = log_in(&sessions, ALICE, 1);
    let ending = sessions.shutdown();
    assert_eq!(sessions.register(session(BOB, 1)).unwrap_err(), Refusal::Shutdown);
    assert!(!ending.is_finished());
    drop(guard);
    assert!(ending.is_finished());
    assert!(sessions.shutdown().is_finished());
}

#[test]
fn operators_see_confirmed_sessions() {
    let sessions = sessions();
    let (guard, _orders) = log_in(&sessions, ALICE, 1);
    let (_bob, _bobs_orders) = log_in(&sessions, BOB, 1);
    let _unconfirmed = sessions.register(session(ALICE, 1)).unwrap();
    guard.note_client("evil\r\nname\u{1b}[31m");
    guard.note_folder(Some("INBOX"));
    guard.note_activity(UnixTime(1060));
    let list = sessions.list(ALICE);
    assert_eq!(list, [guard.record()]);
    assert_eq!(list[0].client.as_deref(), Some("evil\u{fffd}\u{fffd}name\u{fffd}[31m"));
    assert_eq!(list[0].folder.as_deref(), Some("INBOX"));
    assert_eq!((list[0].age(UnixTime(1100)), list[0].idle(UnixTime(1100))), (100, 40));
    assert_eq!((list[0].age(UnixTime(7)), list[0].idle(UnixTime(7))), (0, 0));
    assert_eq!(sessions.find(guard.key()), Some(guard.record()));
    assert_eq!((sessions.count_of(ALICE), sessions.count_in(Protocol::Imap)), (2, 3));

    let first = sessions.page(None, 1);
    assert_eq!(first, list);
    let after = (first[0].session.account, first[0].key.id);
    let accounts: Vec<_> =
        sessions.page(Some(after), 10).iter().map(|record| record.session.account).collect();
    assert_eq!(accounts, [BOB]);
}

#[test]
fn a_long_client_name_is_cut() {
    let sessions = sessions();
    let (guard, _orders) = log_in(&sessions, ALICE, 1);
    guard.note_client(&"ü".repeat(1000));
    assert_eq!(guard.record().client.as_deref(), Some(format!("{}…", "ü".repeat(199)).as_str()));
    guard.note_client(&"\0".repeat(20));
    assert_eq!(guard.record().client.as_deref(), Some("\u{fffd}".repeat(20).as_str()));
}

#[test]
fn watchers_see_sessions_come_and_go() {
    let sessions = sessions();
    let _unwatched = log_in(&sessions, ALICE, 1);
    let mut watch = sessions.watch();
    let (guard, _orders) = log_in(&sessions, BOB, 1);
    drop(sessions.register(session(ALICE, 1)).unwrap()); // never confirmed, never shown
    let opened = guard.record();
    let _ending = sessions.shutdown();
    drop(guard);
    assert_eq!(poll_once(watch.next()), Some(Some(Watched::Opened(opened.clone()))));
    let Some(Watched::Ended(ended)) = watch.pending() else { panic!("not shown") };
    assert_eq!((ended.key, ended.ending), (opened.key, Some(EndReason::Shutdown)));
    assert_eq!(watch.pending(), None);
}

#[test]
fn a_slow_watcher_misses_some_and_holds_up_nobody() {
    let sessions = sessions();
    let mut watch = sessions.watch();
    for _ in 0..1000 {
        log_in(&sessions, ALICE, 1);
    }
    assert_eq!(watch.pending(), Some(Watched::Missed(2000 - 1024)));
    assert!(matches!(watch.pending(), Some(Watched::Opened(_))));
    drop(sessions);
    while watch.pending().is_some() {}
    assert_eq!(poll_once(watch.next()), Some(None));
}

#[test]
fn a_logout_answers_when_the_last_guard_is_gone() {
    let sessions = sessions();
    let (first, _) = log_in(&sessions, ALICE, 1);
    let (second, _) = log_in(&sessions, ALICE, 1);
    let (new, _) = log_in(&sessions, ALICE, 2);
    let (bob, _) = log_in(&sessions, BOB, 1);
    let raise = ready(Ok::<_, Infallible>(Epoch(2)));
    let mut logout = pin!(sessions.log_out(request(), raise, pending()));
    let mut context = Context::from_waker(Waker::noop());
    assert!(logout.as_mut().poll(&mut context).is_pending());
    drop(first);
    assert!(logout.as_mut().poll(&mut context).is_pending());
    drop((new, bob));
    assert!(logout.as_mut().poll(&mut context).is_pending());
    drop(second);
    let Poll::Ready(Ok(report)) = logout.as_mut().poll(&mut context) else { panic!("not over") };
    assert_eq!((report.local.ended.len(), report.local.open.len()), (2, 0));
    assert_eq!(report.nodes.len(), 1);
    assert_eq!(report.nodes[0].to_string(), "node 1.7: 2 of 2 sessions ended");
}

#[test]
fn a_logout_that_is_late_names_what_is_open_and_can_be_repeated() {
    let sessions = sessions();
    let (first, _) = log_in(&sessions, ALICE, 1);
    let (stuck, _) = log_in(&sessions, ALICE, 1);
    drop(first);
    let (first, _) = log_in(&sessions, ALICE, 1);
    // The deadline comes at the third look; until then one of the two sessions ends.
    let mut first = Some(first);
    let mut looks = 0;
    let deadline = poll_fn(|context| {
        looks += 1;
        drop(first.take());
        context.waker().wake_by_ref();
        if looks < 3 { Poll::Pending } else { Poll::Ready(()) }
    });
    let raise = ready(Ok::<_, Infallible>(Epoch(2)));
    let mut logout = pin!(sessions.log_out(request(), raise, deadline));
    let mut context = Context::from_waker(Waker::noop());
    let error = loop {
        if let Poll::Ready(result) = logout.as_mut().poll(&mut context) {
            break result.unwrap_err();
        }
    };
    assert_eq!(error.to_string(), "not confirmed in time: node 1.7: 1 of 2 sessions ended");
    let LogoutError::Late { failure: Failure::Unconfirmed(_), local: Some(local) } = error else {
        panic!("{error}")
    };
    assert_eq!((local.ended.len(), local.open[0].key), (1, stuck.key()));

    drop(stuck);
    let raise = ready(Ok::<_, Infallible>(Epoch(3)));
    let report = poll_once(sessions.log_out(request(), raise, pending())).unwrap().unwrap();
    assert_eq!(report.local.found(), 0);
}

#[test]
fn a_logout_that_cannot_raise_ends_nobody() {
    let sessions = sessions();
    let (_guard, orders) = log_in(&sessions, ALICE, 1);
    let refused = poll_once(sessions.log_out(request(), ready(Err("disk full")), pending()));
    assert_eq!(refused, Some(Err(LogoutError::Raise("disk full"))));
    let hung = sessions.log_out(request(), pending::<Result<_, Infallible>>(), ready(()));
    let late = LogoutError::Late { failure: Failure::NotRaised, local: None };
    assert_eq!(poll_once(hung), Some(Err(late)));
    assert_eq!(orders.pending(), None);
}

#[test]
fn whoever_gives_up_waiting_leaves_nothing_behind() {
    let sessions = sessions();
    let (_guard, orders) = log_in(&sessions, ALICE, 1);
    for _ in 0..1000 {
        drop(sessions.end(&order(&sessions, 2)));
    }
    assert!(orders.pending().is_some());
    assert_eq!(sessions.waiting(), 0);
}

#[test]
fn ten_thousand_sessions_of_one_account_end_at_once() {
    let limits = Limits { per_account: 20_000, per_account_and_address: 20_000 };
    let sessions = Sessions::new(Node { id: NodeId(1), incarnation: Incarnation(7) }, limits);
    let mut guards: Vec<_> = (0..10_000).map(|_| log_in(&sessions, ALICE, 1)).collect();
    let (_bob, bobs_orders) = log_in(&sessions, BOB, 1);
    let ending = sessions.end(&order(&sessions, 2));
    assert!(guards.iter().all(|(_, orders)| orders.pending().is_some()));
    let last = guards.pop();
    drop(guards);
    assert!(!ending.is_finished());
    assert_eq!((ending.report().ended.len(), ending.report().open.len()), (9_999, 1));
    drop(last);
    assert_eq!(ending.report().found(), 10_000);
    assert!(ending.is_finished() && bobs_orders.pending().is_none());
    assert_eq!(sessions.count_of(ALICE), 0);
}

#[test]
fn a_session_is_small() {
    // The row in the table is counted with the tree's slack and the counts beside it.
    let row = 2 * (size_of::<crate::Row<Arc<()>>>() + size_of::<(AccountId, u64)>());
    let owner = 2 * size_of::<(u64, AccountId)>();
    let place = 2 * size_of::<(AccountId, std::net::IpAddr, usize)>();
    let total = row + owner + place + size_of::<Session>() + crate::session::LINE_SIZE + 32;
    assert!(total <= 500, "{total} bytes");
}

/// Logins race with logouts on real threads. Storage is an atomic epoch.
#[test]
fn no_login_slips_through_on_real_threads() {
    const TRIES: usize = 20_000;
    const ENOUGH: usize = 20;
    let (mut found, mut refused, mut new, mut tries) = (0, 0, 0, 0);
    while tries < TRIES && [found, refused, new].iter().any(|seen| *seen < ENOUGH) {
        tries += 1;
        let sessions = sessions();
        let storage = AtomicU64::new(1);
        let live = AtomicBool::new(false);
        let start = Barrier::new(2);
        std::thread::scope(|scope| {
            let login = scope.spawn(|| {
                start.wait();
                dawdle(tries % 7);
                let epoch = storage.load(SeqCst);
                dawdle(tries % 11);
                let unconfirmed = sessions.register(session(ALICE, epoch)).unwrap();
                let stands = async { Ok::<_, Infallible>(storage.load(SeqCst) <= epoch) };
                let Ok((guard, orders)) = poll_once(unconfirmed.confirm(stands)).unwrap() else {
                    return None;
                };
                if epoch == 1 {
                    live.store(true, SeqCst);
                    while orders.pending().is_none() {
                        std::thread::yield_now();
                    }
                    live.store(false, SeqCst);
                }
                drop(guard);
                Some(epoch)
            });
            start.wait();
            dawdle(tries % 13);
            storage.store(2, SeqCst);
            let ending = sessions.end(&order(&sessions, 2));
            while !ending.is_finished() {
                std::thread::yield_now();
            }
            assert!(!live.load(SeqCst), "success, and the session is live");
            let report = ending.report();
            match login.join().unwrap() {
                Some(1) => {
                    assert_eq!(report.found(), 1);
                    found += 1;
                }
                Some(_) => {
                    assert_eq!(report.found(), 0, "a new login was counted");
                    new += 1;
                }
                None => refused += 1,
            }
            assert!(!live.load(SeqCst), "the session came to life afterwards");
        });
        assert_eq!(sessions.count_of(ALICE), 0);
    }
    println!("{tries} tries: {found} found by the order, {refused} refused, {new} new");
    assert!(found > 0 && refused > 0 && new > 0, "no race: {found}, {refused}, {new}");
}

/// Takes a little time, so that the threads meet at different places.
fn dawdle(amount: usize) {
    for _ in 0..amount * 40 {
        std::hint::spin_loop();
    }
}
