//! The same promise where a PostgreSQL database and an object store keep the mail.

use crate::client::Kind;
use crate::house::{House, message};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const JOE: &str = "joe@a.example";
const ANN: &str = "ann@a.example";

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_session_ends_and_nobody_elses() {
    let Some(house) = House::on_servers().await else { return };
    house.account(ANN).await;
    for user in [JOE, ANN] {
        house.append(user, &message(300_000)).await;
    }
    let (mut his, mut hers) = (Vec::new(), Vec::new());
    for kind in [Kind::Imap, Kind::Imaps, Kind::Pop3] {
        his.push((kind, house.log_in(kind, JOE).await));
        hers.push(house.log_in(kind, ANN).await);
    }
    house.log_out(JOE).await;
    for (kind, mut client) in his {
        assert!(client.at_once().holds(kind.farewell()), "{kind:?}");
        assert!(!client.lives().await);
    }
    for mut client in hers {
        assert!(client.lives().await);
    }
    assert_eq!(house.messages(JOE).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_appends_stop_at_the_answer() {
    let Some(house) = House::on_servers().await else { return };
    let mut client = house.log_in(Kind::Imap, JOE).await;
    let one = "a APPEND INBOX {12+}\r\nSubject: x\r\n\r\n";
    let sending = tokio::spawn(async move {
        while client.send(one.repeat(200).as_bytes()).await.is_ok() {
            client.at_once();
        }
    });
    while house.messages(JOE).await == 0 {}
    house.log_out(JOE).await;
    let at_answer = house.messages(JOE).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(house.messages(JOE).await, at_answer, "commands ran on after the answer");
    sending.await.unwrap();
}

/// A login that was told yes either ended with the call, or is a new one that may read.
#[tokio::test(flavor = "multi_thread")]
async fn logins_that_race_the_call_are_refused_ended_or_new() {
    const TRIES: u64 = 40;
    let Some(house) = House::on_servers().await else { return };
    let house = Arc::new(house);
    drop(house.log_in(Kind::Imap, JOE).await);
    let (mut refused, mut ended, mut new) = (0, 0, 0);
    for number in 0..TRIES {
        let mut client = house.connect(Kind::Imap).await;
        // From long before the raise to after the answer.
        let after = Duration::from_micros(number * 12_000 / TRIES);
        let logging_in = tokio::spawn(async move {
            sleep(after).await;
            let told = client.log_in(JOE, crate::house::PASSWORD).await.unwrap_or(false);
            (told, client)
        });
        house.log_out(JOE).await;
        let (told, mut client) = logging_in.await.unwrap();
        // The last ones log in after the answer.
        match (told, client.lives().await) {
            (false, _) => refused += 1,
            (true, false) => ended += 1,
            (true, true) => {
                // Storage refuses what carries an epoch from before the call.
                assert!(client.say("a EXAMINE INBOX", "a OK").await.is_ok());
                new += 1;
            }
        }
    }
    println!("{TRIES} tries: {refused} refused, {ended} ended, {new} new");
    assert!(ended > 0 && new > 0, "the race was not run");
}
