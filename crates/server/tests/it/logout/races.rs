//! Logins and other acts in flight while the call runs.
//!
//! What counts as new is not guessed from clocks: storage refuses every operation of a login whose epoch
//! was raised, so a session that can still read its inbox after B carries an epoch read after T, and its
//! credentials were checked against what was stored then.

use crate::client::{Client, Kind};
use crate::house::{ADMIN, House, MARK, OPS, PASSWORD, message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::time::{sleep, sleep_until};

const JOE: &str = "joe@a.example";
/// Logins that met the raised epoch, and were checked once more by what is stored now.
const OVERTAKEN: &str = "posthouse_logins_overtaken_total";

/// What became of a login that raced a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// The client was told no.
    Refused,
    /// The client was told yes, and the session was ended.
    Ended,
    /// The client was told yes, and the session lives: a new one.
    Survived,
}

/// How often which.
#[derive(Debug, Default)]
struct Fates(BTreeMap<Fate, u64>);

impl Fates {
    fn count(&mut self, fate: Fate) {
        *self.0.entry(fate).or_default() += 1;
    }

    fn of(&self, fate: Fate) -> u64 {
        self.0.get(&fate).copied().unwrap_or(0)
    }

    /// Whether another round is to be run: a race that did not come to these yet proves nothing.
    fn wants(&self, round: u32, must: &[Fate]) -> bool {
        round < ROUNDS || round < 4 * ROUNDS && must.iter().any(|fate| self.of(*fate) == 0)
    }

    fn check(&self, what: &str, must: &[Fate]) {
        println!("{what}: {:?}", self.0);
        for fate in must {
            assert!(self.of(*fate) > 0, "{what}: the race never came to {fate:?}: {:?}", self.0);
        }
    }
}

/// A login under way.
struct Racer {
    client: Client,
    /// When the client was told yes.
    told: Option<Instant>,
}

/// Logs in at that moment.
async fn racer(mut client: Client, at: Instant) -> Racer {
    sleep_until(at.into()).await;
    let admitted = client.log_in(JOE, PASSWORD).await;
    // The session may have ended before its first answer was read, and may have been told so in its place.
    let admitted = admitted.unwrap_or(true) || client.last == client.kind.farewell();
    Racer { client, told: admitted.then(Instant::now) }
}

/// How long a login takes here and now, if the password has to be hashed. The race is run in its measure:
/// fixed times would miss it on a machine that is faster, slower or busy.
async fn pace(house: &House) -> Duration {
    house.cool(JOE).await;
    let mut client = house.connect(Kind::Imap).await;
    let begin = Instant::now();
    assert!(client.log_in(JOE, PASSWORD).await.unwrap());
    let pace = begin.elapsed();
    client.leave().await;
    house.cool(JOE).await;
    house.empty().await;
    pace
}

/// When the call is made: later in each round.
fn call_after(pace: Duration, round: u32) -> Duration {
    pace / 2 + pace * 2 * (round % ROUNDS) / ROUNDS
}

/// Who races in each round. A maildrop has one holder at a time.
const RACERS: [Kind; 8] = [
    Kind::Imap,
    Kind::Imaps,
    Kind::Imap,
    Kind::Imap,
    Kind::Pop3,
    Kind::Imap,
    Kind::Imaps,
    Kind::Imap,
];
/// How many rounds there are at least, each with its own times.
const ROUNDS: u32 = 26;
/// How many logins in them.
const TRIES: u64 = ROUNDS as u64 * RACERS.len() as u64;

/// The moments at which the logins of one round begin: spread over the time that one takes, before and
/// after the call.
fn moments(pace: Duration, round: u32) -> impl Iterator<Item = Instant> {
    let zero = Instant::now();
    let step = pace * 3 / TRIES as u32;
    (0..RACERS.len() as u32).map(move |part| zero + step * (part * ROUNDS + round % ROUNDS))
}

/// Four logins and a call, and what becomes of them. A session logged in before is gone at B.
async fn race(house: &House, round: u32, method: &str, body: Value) -> Vec<Fate> {
    let pace = pace(house).await;
    // On behalf: were it by Joe's own password, those of the others would be right without a look.
    let mut settled = house.connect(Kind::Imap).await;
    let plain = STANDARD.encode(format!("{JOE}\0{ADMIN}\0{PASSWORD}"));
    assert!(
        settled.ask(&format!("a AUTHENTICATE PLAIN {plain}")).await.unwrap().starts_with("a OK")
    );
    let mut clients = Vec::new();
    for kind in RACERS {
        clients.push(house.connect(kind).await);
    }
    let racers: Vec<_> = clients
        .into_iter()
        .zip(moments(pace, round))
        .map(|(client, at)| tokio::spawn(racer(client, at)))
        .collect();
    sleep(call_after(pace, round)).await;
    let called = house.do_call(OPS, method, body).await;
    assert!(settled.at_once().end.is_some(), "a settled session outlived the answer");
    let mut fates = Vec::new();
    for racer in racers {
        let mut racer = racer.await.unwrap();
        let ended = racer.client.at_once().end.is_some();
        fates.push(match racer.told {
            None => Fate::Refused,
            Some(_) if ended => Fate::Ended,
            Some(told) => {
                assert!(told > called.asked, "a session from before T outlived B");
                assert!(racer.client.lives().await, "a session that is void lives on");
                Fate::Survived
            }
        });
    }
    fates
}

#[tokio::test(flavor = "multi_thread")]
async fn s01_login_in_flight() {
    let house = House::open().await;
    house.administrator(ADMIN, "a.example").await;
    let (mut fates, mut round) = (Fates::default(), 0);
    let must = [Fate::Ended, Fate::Survived];
    while fates.wants(round, &must) {
        let body = json!({"user": JOE});
        for fate in race(&house, round, "logout_user", body).await {
            fates.count(fate);
        }
        round += 1;
        // Survivors were not lost from sight: the next call ends them.
        house.log_out(JOE).await;
        house.empty().await;
    }
    fates.check("logins and logout_user", &must);
    assert_eq!(fates.of(Fate::Refused), 0, "the password was right all the time");
    // Those that were checked before T and not confirmed by then: they were checked again.
    let overtaken = house.figure(OVERTAKEN).await;
    println!("of these overtaken: {overtaken}");
    assert!(overtaken > 0, "no login was overtaken");
}

/// The strictest oracle there is: the password that these logins used is not right any more.
#[tokio::test(flavor = "multi_thread")]
async fn s01_login_in_flight_during_password_change() {
    let house = House::open().await;
    house.administrator(ADMIN, "a.example").await;
    let (mut fates, mut round) = (Fates::default(), 0);
    let must = [Fate::Refused, Fate::Ended];
    while fates.wants(round, &must) {
        let body = json!({"user": JOE, "attributes": {"password": "Another-horse-8"}});
        for fate in race(&house, round, "change_user", body).await {
            fates.count(fate);
        }
        let body = json!({"user": JOE, "attributes": {"password": PASSWORD}});
        house.do_call(OPS, "change_user", body).await;
        house.empty().await;
        round += 1;
    }
    fates.check("logins and a password change", &must);
    assert_eq!(fates.of(Fate::Survived), 0, "the old password was good after B");
}

#[tokio::test(flavor = "multi_thread")]
async fn s02_login_select_fetch_in_one_packet() {
    let house = House::open().await;
    house.append(JOE, &message(100 * 1024)).await;
    let (mut fates, mut round) = (Fates::default(), 0);
    let must = [Fate::Ended, Fate::Survived];
    while fates.wants(round, &must) {
        let pace = pace(&house).await;
        let mut clients = Vec::new();
        for kind in RACERS {
            clients.push(house.connect(kind).await);
        }
        let wires: Vec<_> = clients.iter().map(|client| client.wire.clone()).collect();
        let mut racers = Vec::new();
        for (mut client, at) in clients.into_iter().zip(moments(pace, round)) {
            let kind = client.kind;
            racers.push(tokio::spawn(async move {
                let words = pipeline(kind);
                sleep_until(at.into()).await;
                client.send(words.as_bytes()).await.unwrap();
                let seen = client.gather(|text| answered(kind, text)).await;
                (client, seen)
            }));
        }
        sleep(call_after(pace, round)).await;
        house.log_out(JOE).await;
        let arrived: Vec<_> = wires.iter().map(|wire| wire.arrived()).collect();
        for ((racer, wire), arrived) in racers.into_iter().zip(wires).zip(arrived) {
            let (mut client, seen) = racer.await.unwrap();
            // All may have been answered before the end.
            let end = seen.end.or_else(|| client.at_once().end);
            let refused = ["a NO", "-ERR [AUTH]"].iter().any(|no| seen.holds(no));
            fates.count(match (refused, end) {
                (true, _) => {
                    assert!(!seen.holds(MARK), "mail for a login that was refused");
                    Fate::Refused
                }
                (false, Some(_)) => {
                    assert_eq!(wire.arrived(), arrived, "{:?}: mail after the answer", client.kind);
                    Fate::Ended
                }
                (false, None) => {
                    assert!(seen.holds(MARK) && client.lives().await, "{seen:?}");
                    Fate::Survived
                }
            });
        }
        house.log_out(JOE).await;
        house.empty().await;
        round += 1;
    }
    fates.check("pipelines", &must);
    assert!(house.figure(OVERTAKEN).await > 0, "no login was overtaken");
}

/// All in one packet: name, password, and what is to be read.
fn pipeline(kind: Kind) -> String {
    match kind.is_imap() {
        true => {
            format!("a LOGIN {JOE} {PASSWORD}\r\nb SELECT INBOX\r\nc FETCH 1 BODY[]\r\nd NOOP\r\n")
        }
        false => format!("USER {JOE}\r\nPASS {PASSWORD}\r\nRETR 1\r\nNOOP\r\n"),
    }
}

/// Whether all of it was answered, or nothing of it.
fn answered(kind: Kind, text: &str) -> bool {
    let words: &[&str] =
        if kind.is_imap() { &["\r\nd OK", "\r\nd BAD", "d NO"] } else { &["\r\n.\r\n+OK", "-ERR"] };
    words.iter().any(|word| text.contains(word))
}

/// Half of a login is no session: it is left alone, and what comes of it is new.
#[tokio::test(flavor = "multi_thread")]
async fn s03_half_a_login() {
    let house = House::open().await;
    let plain = STANDARD.encode(format!("\0{JOE}\0{PASSWORD}"));
    let pass = format!("PASS {PASSWORD}");
    let rows: [(Kind, String, &str, &str); 6] = [
        (Kind::Imap, "a AUTHENTICATE PLAIN".into(), "+", &plain),
        (Kind::Imaps, "a AUTHENTICATE PLAIN".into(), "+", &plain),
        (Kind::Pop3, format!("USER {JOE}"), "+OK", &pass),
        (Kind::Pop3s, format!("USER {JOE}"), "+OK", &pass),
        (Kind::Pop3, "AUTH PLAIN".into(), "+", &plain),
        (Kind::Imap, format!("a LOGIN {JOE} {{{}}}", PASSWORD.len()), "+", PASSWORD),
    ];
    for (kind, first, ready, second) in rows {
        let mut client = house.connect(kind).await;
        client.say(&first, ready).await.unwrap();
        house.log_out(JOE).await;
        let seen = client.at_once();
        assert!(seen.bytes.is_empty() && seen.end.is_none(), "{first}: {seen:?}");
        let answer = client.ask(second).await.unwrap();
        assert!(answer.starts_with("a OK") || answer.starts_with("+OK"), "{first}: {answer}");
        assert!(client.lives().await, "{first}");
        house.log_out(JOE).await;
        assert!(client.at_once().end.is_some(), "{first}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s03_starttls_under_way() {
    let house = House::open().await;
    for (kind, word, ready) in [(Kind::Imap, "a STARTTLS", "a OK"), (Kind::Pop3, "STLS", "+OK")] {
        let wire = crate::wire::Wire::connect(house.address_of(kind), None).await.unwrap();
        let mut client = Client::plain(kind, wire.clone());
        client.line().await.unwrap();
        client.say(word, ready).await.unwrap();
        house.log_out(JOE).await;
        let mut client = house.secure(kind, wire).await.unwrap();
        assert!(client.log_in(JOE, PASSWORD).await.unwrap());
        assert!(client.lives().await);
        house.log_out(JOE).await;
        assert_eq!(client.at_once().text(), kind.farewell());
    }
}

async fn several(house: &House) -> Vec<Client> {
    let mut clients = Vec::new();
    for kind in [Kind::Imap, Kind::Imaps, Kind::Pop3, Kind::Imap] {
        clients.push(house.enter(kind, JOE).await);
    }
    clients
}

#[tokio::test(flavor = "multi_thread")]
async fn s04_two_calls_at_once() {
    let house = House::open().await;
    for _ in 0..20 {
        let mut clients = several(&house).await;
        let id = house.account_of(JOE);
        let gone = async |mut clients: Vec<Client>| {
            // Whichever answers first: it is true by then.
            assert!(clients.iter_mut().all(|client| client.at_once().end.is_some()));
            assert_eq!(house.count_of(id), 0);
        };
        let (one, two) = (house.log_out(JOE), house.log_out(JOE));
        let (mut one, mut two) = (Box::pin(one), Box::pin(two));
        tokio::select! {
            _ = &mut one => {
                gone(std::mem::take(&mut clients)).await;
                two.await;
            }
            _ = &mut two => {
                gone(std::mem::take(&mut clients)).await;
                one.await;
            }
        }
    }
}

/// Logout at the same time as another act that takes access away. Both answers are true.
async fn meanwhile(house: &House, method: &str, body: Value, told: &[&str]) {
    let mut clients = several(house).await;
    let id = house.account_of(JOE);
    let (act, logout) = tokio::join!(
        house.call(OPS, method, body),
        house.call(OPS, "logout_user", json!({"user": JOE}))
    );
    assert!(act.succeeded(), "{method}: {}", act.answer);
    // Of a deleted account, it may say that it is not there.
    assert!(logout.succeeded() || logout.error() == Some(2), "{}", logout.answer);
    assert_eq!(house.count_of(id), 0);
    for client in &mut clients {
        let seen = client.at_once();
        let words = seen.text();
        assert!(seen.end.is_some());
        let known = words == client.kind.farewell() || told.iter().any(|told| words.contains(told));
        assert!(known && words.lines().count() == 1, "{method}: {words:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s04_logout_during_other_acts() {
    let house = House::open().await;
    for _ in 0..5 {
        let password = json!({"user": JOE, "attributes": {"password": PASSWORD}});
        meanwhile(&house, "change_user", password, &["password was changed"]).await;
        assert!(house.admits(Kind::Imap, JOE, PASSWORD).await);

        let services = |state: &str| json!({"service_imap4": state, "service_pop3": state});
        let suspended = json!({"user": JOE, "attributes": services("suspended")});
        meanwhile(&house, "change_user", suspended, &["may not use IMAP", "switched off"]).await;
        for kind in Kind::ALL {
            assert!(!house.admits(kind, JOE, PASSWORD).await);
        }
        let enabled = json!({"user": JOE, "attributes": services("enabled")});
        house.do_call(OPS, "change_user", enabled).await;

        meanwhile(&house, "delete_user", json!({"user": JOE}), &["was deleted"]).await;
        assert!(!house.admits(Kind::Imap, JOE, PASSWORD).await);
        house.account(JOE).await;
    }
}

/// The address is used again, for a new account, while calls for the old one are under way.
#[tokio::test(flavor = "multi_thread")]
async fn s04_delete_and_make_again() {
    let house = House::open().await;
    let mut late = 0;
    for _ in 0..15 {
        let mut clients = several(&house).await;
        let old = house.account_of(JOE);
        let again = async {
            house.do_call(OPS, "delete_user", json!({"user": JOE})).await;
            house.account(JOE).await;
            let new = house.enter(Kind::Imap, JOE).await;
            (new, Instant::now())
        };
        let logout = house.call(OPS, "logout_user", json!({"user": JOE}));
        let ((mut new, ready), logout) = tokio::join!(again, logout);
        assert!(logout.succeeded() || logout.error() == Some(2), "{}", logout.answer);
        assert_eq!(house.count_of(old), 0);
        assert!(clients.iter_mut().all(|client| client.at_once().end.is_some()));
        assert_ne!(house.account_of(JOE), old);
        // Unless the call came when the new account was there already, its session is not touched.
        match logout.answered < ready {
            true => assert!(
                new.lives().await,
                "an order for the old account ended the new one's session"
            ),
            false => late += 1,
        }
    }
    println!("15 accounts made again, {late} of them before the call was answered");
    assert!(late < 15);
}
