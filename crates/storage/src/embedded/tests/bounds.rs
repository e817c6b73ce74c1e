//! Nothing grows for ever: what is bounded by its number.

use super::place::{self, Place, address};
use crate::{AccountChange, AttemptResult, Login, LoginAttempt};
use std::net::Ipv4Addr;
use terms::{Protocol, Scope, UnixTime};

fn rows(place: &Place, table: &str) -> i64 {
    let conn = rusqlite::Connection::open(place.dir.path().join("posthouse.db")).unwrap();
    conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

/// Other lines of history do not push out each other below 1,000, whatever logins there are.
#[tokio::test]
async fn history() {
    let place = Place::new().await;
    let id = place.alice.account;
    // Attempts of many hours, which are lines of their own.
    for hour in 0..30 {
        for peer in 0..20 {
            place.storage.note_login(LoginAttempt {
                account: id,
                protocol: Protocol::Imap,
                peer: Ipv4Addr::from(peer).into(),
                actor: "alice@example.com".to_owned(),
                at: UnixTime(hour * 3600),
                result: AttemptResult::Failed,
            });
        }
    }
    let place = place.reopened().await;
    let note = async |action: String| {
        let line = crate::HistoryEntry { account: id, ..place::history(&action) };
        place.storage.note_history(line).await.unwrap();
    };
    for number in 0..2_000 {
        note(format!("act {number}")).await;
    }
    let lines = place.storage.history(id, 10_000).await.unwrap();
    let (logins, others): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line.action.starts_with("login"));
    assert!(!logins.is_empty() && logins.len() <= 500, "{}", logins.len());
    assert!((1_000..=1_500).contains(&others.len()), "{}", others.len());
    assert_eq!(others[0].action, "act 1999");
    assert_eq!(others[999].action, "act 1000");

    let at = UnixTime(5);
    place.storage.delete_account(id, at, place::history("delete")).await.unwrap();
    place.purge().await;
    assert_eq!(rows(&place, &format!("history WHERE account = {}", id.0)), 0);
    place.verify().await;
}

/// When too many lost aliases would have to be remembered, all logins end.
#[tokio::test]
async fn lost_aliases() {
    let place = Place::new().await;
    let id = place.alice.account;
    let set = async |aliases: Vec<terms::Address>| {
        let change = AccountChange { aliases: Some(aliases), ..AccountChange::default() };
        place.storage.change_account(id, change, place::history("aliases")).await.unwrap().1
    };
    let mut widened = 0;
    // Each is lost twice: in its domain, and in its alias.
    for round in 0..12 {
        let some = (0..500).map(|number| address(&format!("a{round}.{number}@example.com")));
        set(some.collect()).await;
        let raised = set(Vec::new()).await.unwrap();
        if raised.scopes == [Scope::Everything] {
            widened += 1;
            let before = Login { epoch: terms::Epoch(raised.epoch.0 - 1), ..place.alice.clone() };
            assert!(!place.storage.login_stands(&before).await.unwrap());
        } else {
            assert_eq!(raised.scopes.len(), 1_000);
        }
        assert!(rows(&place, "lost_alias") <= 10_000);
    }
    assert_eq!(widened, 1);
}
