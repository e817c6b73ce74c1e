//! Logging in, on a real store.

use super::*;
use crate::epoch::{Act, voided};
use crate::{Options, Request};
use serde_json::Map;
use storage::{
    AccountChange, DomainChange, Role, RoleGrant, ServiceState, Services, Storage, TokenUse,
};
use terms::{DomainName, Scope};

const NOW: UnixTime = UnixTime(1_795_348_800);
const PASSWORD: &str = "pencil75";

struct World {
    accounts: Accounts,
    storage: Storage,
    _folder: tempfile::TempDir,
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

impl World {
    /// The demo's people, without their mail.
    async fn new() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().to_owned();
        let storage = Storage::open(storage::Options::embedded(data_dir, 1)).await.unwrap();
        let accounts = Accounts::new(storage.clone(), options).unwrap();
        let company = accounts.ensure_company("demo", NOW).await.unwrap();
        let mut weak = DomainChange::default();
        weak.attributes.insert("password_strength".into(), "weak".into());
        weak.aliases = Some(vec![DomainName::parse("example.net").unwrap()]);
        let name = DomainName::parse("example.com").unwrap();
        accounts.ensure_domain(&company, &name, weak.clone(), NOW).await.unwrap();
        let grant = |role, object: &str| RoleGrant { role, objects: vec![object.to_owned()] };
        for (who, role) in [
            ("joe@example.com", None),
            ("jane@example.com", None),
            ("boss@example.com", Some(grant(Role::Domain, "example.com"))),
            ("reader@example.com", Some(grant(Role::CompanyRo, "demo"))),
        ] {
            let secret = Secret::new(PASSWORD);
            accounts.create_with_role(&address(who), &secret, role, NOW).await.unwrap();
        }
        let aliases = Some(vec![address("j.oe@example.com")]);
        let world = Self { accounts, storage, _folder: folder };
        world.change("joe@example.com", AccountChange { aliases, ..Default::default() }).await;
        world
    }

    async fn account(&self, name: &str) -> Account {
        *self.storage.find(&address(name)).await.unwrap().unwrap().into_account()
    }

    async fn change(&self, name: &str, change: AccountChange) {
        let id = self.account(name).await.id;
        let history = Request::of_service("test", NOW).entry(id, "test");
        self.storage.change_account(id, change, history).await.unwrap();
    }

    async fn store_password(&self, name: &str, stored: &str, void: &[Scope]) {
        let (password, void) = (Some(stored.to_owned()), void.to_vec());
        self.change(name, AccountChange { password, void, ..Default::default() }).await;
    }

    async fn try_as(
        &self,
        name: &str,
        behalf: Option<&str>,
        password: &str,
        peer: &str,
    ) -> Result<Login, LoginRefusal> {
        let credentials = Credentials {
            protocol: Protocol::Imap,
            name: name.to_owned(),
            on_behalf_of: behalf.map(str::to_owned),
            secret: Secret::new(password),
        };
        self.accounts.log_in(credentials, ip(peer), NOW).await
    }

    async fn reason(&self, name: &str, behalf: Option<&str>, password: &str) -> Option<Refusal> {
        self.try_as(name, behalf, password, "192.0.2.1").await.err().map(|it| it.reason)
    }
}

#[tokio::test]
async fn every_name_of_an_account() {
    let world = World::new().await;
    let joe = world.account("joe@example.com").await;
    for name in [
        "joe@example.com",
        "JOE@Example.COM",
        "j.oe@example.com",
        "joe@example.net",
        "ｊｏｅ＠example.com",
    ] {
        let login = world.try_as(name, None, PASSWORD, "192.0.2.1").await.unwrap();
        assert_eq!((login.account, login.epoch), (joe.id, joe.epoch), "{name}");
        assert_eq!((login.address.as_str(), login.name.as_str()), ("joe@example.com", name));
        assert_eq!(login.credential, Credential::Password);
        let address = crate::name::login_name(name).unwrap();
        assert_eq!(login.alias, Some(address).filter(|it| *it != joe.address), "{name}");
        assert!(world.storage.login_stands(&login).await.unwrap());
    }
    for name in ["joe", "*@example.com", "joe%@example.com", "", "nobody@example.com"] {
        assert_eq!(world.reason(name, None, PASSWORD).await, Some(Refusal::Invalid), "{name}");
    }
    let wrong = [String::new(), "Pencil75".into(), "pencil75 ".into(), "x".repeat(100_000)];
    for wrong in wrong {
        assert_eq!(world.reason("joe@example.com", None, &wrong).await, Some(Refusal::Invalid));
    }
}

/// Situation 25: the warm memory never knows an old password after a change.
#[tokio::test]
async fn a_changed_password_is_forgotten_at_once() {
    let world = World::new().await;
    let other = crate::credential::hash(&Secret::new("other")).unwrap();
    for void in [voided(&Act::SetPassword).scopes, Vec::new()] {
        let old = crate::credential::hash(&Secret::new(PASSWORD)).unwrap();
        world.store_password("joe@example.com", &old, &void).await;
        for _ in 0..3 {
            assert_eq!(world.reason("joe@example.com", None, PASSWORD).await, None);
        }
        world.store_password("joe@example.com", &other, &void).await;
        let refusal = Some(Refusal::Invalid);
        assert_eq!(world.reason("joe@example.com", None, PASSWORD).await, refusal);
        assert_eq!(world.reason("joe@example.com", None, PASSWORD).await, refusal);
        assert_eq!(world.reason("joe@example.com", None, "other").await, None);
    }
}

/// Situation 1: a login whose account was read before the raise carries the old epoch.
#[tokio::test]
async fn a_login_overtaken_by_a_logout_does_not_stand() {
    let world = World::new().await;
    let login = world.try_as("joe@example.com", None, PASSWORD, "192.0.2.1").await.unwrap();
    let history = Request::of_service("test", NOW).entry(login.account, "logout_user");
    world.storage.raise_epoch(login.account, Scope::Everything, history).await.unwrap();
    assert!(!world.storage.login_stands(&login).await.unwrap());
    let again = world.try_as("joe@example.com", None, PASSWORD, "192.0.2.1").await.unwrap();
    assert!(world.storage.login_stands(&again).await.unwrap());
}

/// Situation 25 and 27: a logout costs its clients no hashing, and a change of password is noticed at once
/// all the same, even if nobody can hash.
#[tokio::test]
async fn what_is_remembered_outlives_a_logout_and_no_password() {
    let options = Options { hashing_parallel: 1, hashing_waiting: 0, ..Options::default() };
    let world = World::with(options).await;
    let (joe, other) = ("joe@example.com", "n0thing+Like");
    assert_eq!(world.reason(joe, None, PASSWORD).await, None);
    assert_eq!(world.reason(joe, None, other).await, Some(Refusal::Invalid));
    let busy = world.accounts.inner.hashing.turn(None).await.unwrap();
    let account = world.account(joe).await;
    let history = Request::of_service("test", NOW).entry(account.id, "logout_user");
    world.storage.raise_epoch(account.id, Scope::Everything, history).await.unwrap();
    let again = world.try_as(joe, None, PASSWORD, "192.0.2.1").await.unwrap();
    assert!(again.epoch > account.epoch, "it is a login of after the logout");
    assert!(world.storage.login_stands(&again).await.unwrap());
    assert_eq!(world.reason(joe, None, other).await, Some(Refusal::Invalid));
    // With the same epoch and the same password, even: another hash is another password.
    for password in [other, PASSWORD] {
        let stored = crate::credential::hash(&Secret::new(password)).unwrap();
        world.store_password(joe, &stored, &[]).await;
        for secret in [PASSWORD, other] {
            let reason = world.reason(joe, None, secret).await;
            assert_eq!(reason, Some(Refusal::Unavailable), "{secret} is not known for {password}");
        }
    }
    drop(busy);
    assert_eq!(world.reason(joe, None, PASSWORD).await, None);
    assert_eq!(world.reason(joe, None, other).await, Some(Refusal::Invalid));
}

#[tokio::test]
async fn imported_hashes_are_replaced_at_login() {
    let world = World::new().await;
    let stored = "{SSHA}EAYdtQcrqqjHqU+uuHb06s5QWwJzYWx0eSE=";
    world.store_password("joe@example.com", stored, &[]).await;
    let before = world.account("joe@example.com").await;
    assert_eq!(world.reason("joe@example.com", None, "wrong").await, Some(Refusal::Invalid));
    assert_eq!(world.reason("joe@example.com", None, "password").await, None);
    let after = world.account("joe@example.com").await;
    assert!(after.password.as_ref().unwrap().starts_with("$argon2id$"));
    assert_eq!(after.epoch, before.epoch, "nobody is logged out by this");
    assert_eq!(world.reason("joe@example.com", None, "password").await, None);
    assert_eq!(world.reason("joe@example.com", None, stored).await, Some(Refusal::Invalid));
}

#[tokio::test]
async fn on_behalf_of_others() {
    let world = World::new().await;
    let (joe, boss) =
        (world.account("joe@example.com").await, world.account("boss@example.com").await);
    let login =
        world.try_as("boss@example.com", Some("Joe@example.com"), PASSWORD, "192.0.2.1").await;
    let login = login.unwrap();
    assert_eq!((login.account, login.epoch), (joe.id, joe.epoch));
    let (administrator, epoch) = (boss.id, boss.epoch);
    assert_eq!(login.credential, Credential::OnBehalf { administrator, epoch });
    assert_eq!(login.name, "Joe@example.com");
    // Oneself is nobody else, empty is nobody.
    for own in ["joe@example.com", "JOE@example.com", ""] {
        let login = world.try_as("joe@example.com", Some(own), PASSWORD, "192.0.2.1").await;
        assert_eq!(login.unwrap().credential, Credential::Password, "{own}");
    }
    for (who, whose) in [
        ("joe@example.com", "jane@example.com"),
        ("joe@example.com", "boss@example.com"),
        ("reader@example.com", "joe@example.com"),
        ("boss@example.com", "reader@example.com"),
        ("boss@example.com", "nobody@example.com"),
        ("boss@example.com", "not an address"),
        ("nobody@example.com", "joe@example.com"),
    ] {
        let reason = world.reason(who, Some(whose), PASSWORD).await;
        assert_eq!(reason, Some(Refusal::Invalid), "{who} as {whose}");
    }
    let reason = world.reason("boss@example.com", Some("joe@example.com"), "wrong").await;
    assert_eq!(reason, Some(Refusal::Invalid));
}

#[tokio::test]
async fn what_is_switched_off_is_told_only_to_who_knows_the_password() {
    let world = World::new().await;
    let services = Services { imap4: ServiceState::Disabled, ..Services::default() };
    let change = AccountChange { services: Some(services), ..Default::default() };
    world.change("joe@example.com", change).await;
    assert_eq!(world.reason("joe@example.com", None, "wrong").await, Some(Refusal::Invalid));
    assert_eq!(world.reason("joe@example.com", None, PASSWORD).await, Some(Refusal::NotAllowed));

    let name = DomainName::parse("example.com").unwrap();
    let domain = world.storage.domain(&name).await.unwrap().unwrap();
    let change =
        DomainChange { disabled: Some(true), attributes: Map::new(), ..Default::default() };
    world.storage.change_domain(domain.id, change).await.unwrap();
    assert_eq!(world.reason("jane@example.com", None, PASSWORD).await, Some(Refusal::NotAllowed));
    let secret = Secret::new(PASSWORD);
    let api =
        world.accounts.identify("jane@example.com", Some(&secret), None, ip("192.0.2.1"), NOW);
    assert_eq!(api.await.err().map(|it| it.reason), Some(Refusal::NotAllowed));
}

#[tokio::test]
async fn guessers_are_refused_and_owners_are_not() {
    let world = World::new().await;
    let mut delays = Vec::new();
    for guess in 0..10 {
        let guess = format!("guess{guess}");
        let refusal = world.try_as("joe@example.com", None, &guess, "192.0.2.66").await;
        delays.push(refusal.unwrap_err().delay);
    }
    assert!(delays.is_sorted() && delays[0] > Duration::ZERO, "{delays:?}");
    let refusal = world.try_as("joe@example.com", None, PASSWORD, "192.0.2.66").await.unwrap_err();
    assert_eq!((refusal.reason, refusal.delay), (Refusal::Throttled, Duration::ZERO));
    // By no other name, and not for the API.
    let alias = world.try_as("j.oe@example.com", None, PASSWORD, "192.0.2.66").await;
    assert_eq!(alias.unwrap_err().reason, Refusal::Throttled);
    let secret = Secret::new(PASSWORD);
    let api =
        world.accounts.identify("joe@example.com", Some(&secret), None, ip("192.0.2.66"), NOW);
    assert_eq!(api.await.unwrap_err().reason, Refusal::Throttled);
    assert!(world.try_as("joe@example.com", None, PASSWORD, "192.0.2.67").await.is_ok());
    // A name that does not exist looks the same.
    for (index, delay) in delays.iter().enumerate() {
        let guess = format!("guess{index}");
        let refusal = world.try_as("nobody@example.com", None, &guess, "192.0.2.66").await;
        assert_eq!(refusal.unwrap_err().delay, *delay);
    }
    let refusal = world.try_as("nobody@example.com", None, PASSWORD, "192.0.2.66").await;
    assert_eq!(refusal.unwrap_err().reason, Refusal::Throttled);
}

#[tokio::test]
async fn an_outdated_client_costs_no_hashing_and_locks_nobody_out() {
    let world = World::new().await;
    for _ in 0..50 {
        let reason = world.reason("joe@example.com", None, "outdated").await;
        assert_eq!(reason, Some(Refusal::Invalid));
    }
    assert_eq!(world.reason("joe@example.com", None, PASSWORD).await, None);
}

#[tokio::test]
async fn a_crowd_beyond_the_queue_is_refused_at_once() {
    let trusted_networks = vec!["192.0.2.0/24".parse().unwrap()];
    let (hashing_parallel, hashing_waiting) = (1, 1);
    let options =
        Options { hashing_parallel, hashing_waiting, trusted_networks, ..Options::default() };
    let world = World::with(options).await;
    let logins = (0..8).map(|guess| {
        let (world, guess) = (&world, format!("guess{guess}"));
        async move { world.reason("joe@example.com", None, &guess).await }
    });
    let reasons = futures::future::join_all(logins).await;
    let count = |reason| reasons.iter().filter(|it| **it == Some(reason)).count();
    assert_eq!((count(Refusal::Invalid), count(Refusal::Unavailable)), (2, 6));
}

#[tokio::test]
async fn a_crowd_at_the_mail_ports_does_not_keep_the_api_waiting() {
    let options = Options { hashing_parallel: 1, hashing_waiting: 0, ..Options::default() };
    let world = World::with(options).await;
    let turn = world.accounts.inner.hashing.turn(None).await.unwrap();
    let reason = world.reason("joe@example.com", None, PASSWORD).await;
    assert_eq!(reason, Some(Refusal::Unavailable));
    let (password, peer) = (Secret::new(PASSWORD), ip("192.0.2.1"));
    let actor = world.accounts.identify("joe@example.com", Some(&password), None, peer, NOW).await;
    assert!(actor.is_ok());
    drop(turn);
}

#[tokio::test]
async fn tokens() {
    let world = World::new().await;
    let joe = world.account("joe@example.com").await;
    let token = world.accounts.issue_token(joe.id, None, 600, NOW).await.unwrap();
    assert_eq!((token.expires, token.text.reveal().len()), (UnixTime(NOW.0 + 600), 32));
    let identify = |name: &'static str, password: Option<&'static str>, text: Secret, now: i64| {
        let accounts = world.accounts.clone();
        async move {
            let password = password.map(Secret::new);
            let now = UnixTime(NOW.0 + now);
            accounts.identify(name, password.as_ref(), Some(&text), ip("192.0.2.1"), now).await
        }
    };
    let actor = identify("Joe@example.com", None, token.text.clone(), 599).await.unwrap();
    assert_eq!((actor.identity().account, actor.proof()), (joe.id, Proof::Token));
    assert!(identify("joe@example.com", Some("wrong"), token.text.clone(), 0).await.is_ok());
    assert!(identify("joe@example.com", Some(PASSWORD), Secret::new("no"), 0).await.is_ok());
    for (name, text, now) in [
        ("jane@example.com", token.text.clone(), 0),
        ("joe@example.com", token.text.clone(), 600),
        ("joe@example.com", Secret::new("0".repeat(32)), 0),
        ("joe@example.com", Secret::new(""), 0),
    ] {
        let reason = identify(name, None, text, now).await.err().map(|it| it.reason);
        assert_eq!(reason, Some(Refusal::Invalid), "{name} {now}");
    }
    // A token is no password for mail.
    let reason = world.reason("joe@example.com", None, token.text.reveal()).await;
    assert_eq!(reason, Some(Refusal::Invalid));
    // It ends with the password it stands in for.
    let other = crate::credential::hash(&Secret::new("other")).unwrap();
    world.store_password("joe@example.com", &other, &[]).await;
    assert!(identify("joe@example.com", None, token.text, 0).await.is_err());
}

impl World {
    fn permit(&self, boss: &Account, action: Action, target: &Account) -> crate::Permit {
        let actor = Actor::new(Identity::of(boss), Proof::Password);
        authz::permit(&actor, action, &Target::account(target)).unwrap()
    }

    async fn add(&self, tag: &str) -> Secret {
        let (boss, joe) =
            (self.account("boss@example.com").await, self.account("joe@example.com").await);
        let permit = self.permit(&boss, Action::AppPassword, &joe);
        let request = Request::of_service("test", NOW);
        self.accounts.add_app_password(&permit, Some(tag.to_owned()), &request).await.unwrap()
    }

    async fn generate(&self, name: &str, use_for: TokenUse, once: bool) -> Secret {
        let (boss, target) = (self.account("boss@example.com").await, self.account(name).await);
        let permit = self.permit(&boss, Action::GenerateToken, &target);
        let wish = crate::TokenWish { text: None, use_for, once, seconds: 3600 };
        let request = Request::of_service("test", NOW);
        self.accounts.generate_token(&permit, wish, "test", &request).await.unwrap().text
    }

    async fn api(&self, name: &str, password: Option<&str>, token: Option<&str>) -> bool {
        let (password, token) = (password.map(Secret::new), token.map(Secret::new));
        let (password, token) = (password.as_ref(), token.as_ref());
        self.accounts.identify(name, password, token, ip("192.0.2.1"), NOW).await.is_ok()
    }
}

/// OMA reference 14.23, and situation 26.
#[tokio::test]
async fn app_passwords_take_the_place_of_the_password_for_mail() {
    let world = World::new().await;
    let joe = "joe@example.com";
    let invalid = Some(Refusal::Invalid);
    // Warm: what was right before must not stay right.
    assert_eq!(world.reason(joe, None, PASSWORD).await, None);
    let (phone, laptop) = (world.add("phone").await, world.add("laptop").await);
    let (phone, laptop) = (phone.reveal(), laptop.reveal());
    for _ in 0..2 {
        assert_eq!(world.reason(joe, None, PASSWORD).await, invalid);
        assert_eq!(world.reason(joe, None, phone).await, None);
        assert_eq!(world.reason("J.Oe@example.com", None, laptop).await, None);
    }
    assert!(world.api(joe, Some(PASSWORD), None).await);
    assert!(!world.api(joe, Some(phone), None).await && !world.api(joe, None, Some(phone)).await);
    assert_eq!(world.reason("jane@example.com", None, phone).await, invalid);
    assert_eq!(world.reason("boss@example.com", Some(joe), PASSWORD).await, None);

    let login = world.try_as(joe, None, phone, "192.0.2.1").await.unwrap();
    let other = world.try_as(joe, None, laptop, "192.0.2.1").await.unwrap();
    let account = world.account(joe).await;
    assert_eq!(login.credential, Credential::AppPassword(account.app_passwords[0].id));
    assert_eq!(login.epoch, account.epoch);
    let permit =
        world.permit(&world.account("boss@example.com").await, Action::AppPassword, &account);
    let request = Request::of_service("test", NOW);
    let remove = async |tag: &str| world.accounts.remove_app_password(&permit, tag, &request).await;
    let (raised, voided) = remove("phone").await.unwrap();
    assert_eq!(raised.scopes, [Scope::AppPassword(account.app_passwords[0].id)]);
    assert_eq!(voided.reason, terms::EndReason::CredentialRevoked);
    assert!(!world.storage.login_stands(&login).await.unwrap());
    assert!(world.storage.login_stands(&other).await.unwrap());
    assert_eq!(world.reason(joe, None, phone).await, invalid);
    assert_eq!(world.reason(joe, None, laptop).await, None);
    assert_eq!(world.reason(joe, None, PASSWORD).await, invalid);
    remove("laptop").await.unwrap();
    assert_eq!(world.reason(joe, None, laptop).await, invalid);
    // A password that was remembered as wrong is right again.
    assert_eq!(world.reason(joe, None, PASSWORD).await, None);
}

/// An app password on a telephone is no key to everybody's mail, and does not bring the password back.
#[tokio::test]
async fn an_administrator_with_app_passwords() {
    let world = World::new().await;
    let boss = world.account("boss@example.com").await;
    let permit = world.permit(&boss, Action::AppPassword, &boss);
    let request = Request::of_service("test", NOW);
    let phone = world.accounts.add_app_password(&permit, None, &request).await.unwrap();
    let joe = Some("joe@example.com");
    for secret in [phone.reveal(), PASSWORD] {
        assert_eq!(world.reason("boss@example.com", joe, secret).await, Some(Refusal::Invalid));
    }
    let token = world.generate("boss@example.com", TokenUse::Mail, false).await;
    assert_eq!(world.reason("boss@example.com", joe, token.reveal()).await, Some(Refusal::Invalid));
    assert_eq!(world.reason("boss@example.com", None, token.reveal()).await, None);
}

#[tokio::test]
async fn tokens_for_mail() {
    let world = World::new().await;
    let joe = "joe@example.com";
    let session = world.generate(joe, TokenUse::Mail, false).await;
    let sso = world.generate(joe, TokenUse::Mail, true).await;
    let both = world.generate(joe, TokenUse::ApiAndMail, true).await;
    let oma = world.generate(joe, TokenUse::Api, false).await;
    let [session, sso, both, oma] = [&session, &sso, &both, &oma].map(|it| it.reveal());
    let invalid = Some(Refusal::Invalid);
    for _ in 0..2 {
        assert_eq!(world.reason(joe, None, session).await, None);
        assert_eq!(world.reason("jane@example.com", None, session).await, invalid);
        assert_eq!(world.reason(joe, None, oma).await, invalid);
        assert!(!world.api(joe, None, Some(session)).await);
        assert!(!world.api(joe, None, Some(sso)).await);
        assert!(world.api(joe, None, Some(oma)).await);
        assert_eq!(world.reason(joe, None, PASSWORD).await, None, "the password goes on working");
    }
    // One success, whatever was tried before.
    let off = Services { imap4: ServiceState::Disabled, ..Services::default() };
    world.change(joe, AccountChange { services: Some(off), ..Default::default() }).await;
    assert_eq!(world.reason(joe, None, sso).await, Some(Refusal::NotAllowed));
    let on = Some(Services::default());
    world.change(joe, AccountChange { services: on, ..Default::default() }).await;
    let login = world.try_as(joe, None, sso, "192.0.2.1").await.unwrap();
    assert!(matches!(login.credential, Credential::Token(_)));
    assert_eq!(world.reason(joe, None, sso).await, invalid);
    assert!(world.storage.login_stands(&login).await.unwrap());
    assert!(world.api(joe, None, Some(both)).await);
    assert!(!world.api(joe, None, Some(both)).await);
    assert_eq!(world.reason(joe, None, both).await, invalid, "used up by the API");
    // Many at once: one has it.
    let sso = world.generate(joe, TokenUse::Mail, true).await;
    let tries = (0..8).map(|_| world.reason(joe, None, sso.reveal()));
    let tries = futures::future::join_all(tries).await;
    assert_eq!(tries.iter().filter(|it| it.is_none()).count(), 1, "{tries:?}");

    // Its time is over, exactly.
    let by_session = world.try_as(joe, None, session, "192.0.2.1").await.unwrap();
    for (after, opens) in [(3599, true), (3600, false)] {
        let credentials = Credentials {
            protocol: Protocol::Imap,
            name: joe.to_owned(),
            on_behalf_of: None,
            secret: Secret::new(session),
        };
        let now = UnixTime(NOW.0 + after);
        let login = world.accounts.log_in(credentials, ip("192.0.2.1"), now).await;
        assert_eq!(login.is_ok(), opens, "{after}");
    }
    let history = Request::of_service("test", NOW).entry(by_session.account, "token_expired");
    let expired = world.storage.expire_tokens(UnixTime(NOW.0 + 3600), history).await.unwrap();
    let Credential::Token(id) = by_session.credential else { panic!("{by_session:?}") };
    assert!(expired.iter().any(|it| it.scopes == [Scope::Token(id)]));
    assert!(!world.storage.login_stands(&by_session).await.unwrap());
}

/// Setting the password takes tokens away, an upgrade of its hash does not.
#[tokio::test]
async fn an_upgraded_hash_costs_no_token() {
    let world = World::new().await;
    let joe = "joe@example.com";
    world.store_password(joe, "{SSHA}EAYdtQcrqqjHqU+uuHb06s5QWwJzYWx0eSE=", &[]).await;
    let token = world.generate(joe, TokenUse::Mail, false).await;
    assert_eq!(world.reason(joe, None, "password").await, None);
    assert!(world.account(joe).await.password.unwrap().starts_with("$argon2id$"));
    assert_eq!(world.reason(joe, None, token.reveal()).await, None);
    let other = crate::credential::hash(&Secret::new("other")).unwrap();
    world.store_password(joe, &other, &[]).await;
    assert_eq!(world.reason(joe, None, token.reveal()).await, Some(Refusal::Invalid));
}

/// What was tried is in the account's history, under the name of whose secret it was.
#[tokio::test]
async fn attempts_are_in_the_history() {
    let world = World::new().await;
    let joe = world.account("joe@example.com").await.id;
    for (name, behalf, password) in [
        ("JOE@example.com", None, PASSWORD),
        ("j.oe@example.com", None, PASSWORD),
        ("joe@example.com", None, "wrong"),
        ("boss@example.com", Some("joe@example.com"), PASSWORD),
        ("jane@example.com", Some("joe@example.com"), PASSWORD),
        ("jane@example.com", None, PASSWORD),
        ("nobody@example.com", None, PASSWORD),
        ("nobody@example.com", Some("joe@example.com"), PASSWORD),
    ] {
        let _ = world.try_as(name, behalf, password, "::ffff:192.0.2.7").await;
    }
    world.storage.close().await;
    let data_dir = world._folder.path().to_owned();
    let storage = Storage::open(storage::Options::embedded(data_dir, 1)).await.unwrap();
    let history = storage.history(joe, 100).await.unwrap();
    let mut told: Vec<_> = history
        .iter()
        .filter(|line| line.action.starts_with("login"))
        .map(|line| {
            assert_eq!(line.peer, Some(ip("192.0.2.7")));
            format!("{} {} {}", line.action, line.actor, line.detail["count"])
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "login boss@example.com 1",
            "login joe@example.com 2",
            "login_failed jane@example.com 1",
            "login_failed joe@example.com 1",
        ]
    );
}
