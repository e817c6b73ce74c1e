//! App passwords, tokens, aliases and administrators: what a login was made with, and what becomes of it.

use super::fence::stands;
use super::place::{self, NOW, Place, address, history};
use crate::{
    AccountChange, AccountKind, AppPassword, DomainChange, Login, NewAccount, NewAppPassword,
    NewToken, Raised, Role, RoleGrant, ServiceState, Services, StorageError, TokenUse, What,
};
use terms::{AccountId, AppPasswordId, Credential, DomainName, Scope, TokenId, UnixTime};

impl Place {
    async fn add(
        &self,
        account: AccountId,
        tag: Option<&str>,
    ) -> Result<AppPassword, StorageError> {
        let tag = tag.map(str::to_owned);
        let new = NewAppPassword { account, tag, hash: "h".to_owned(), created: NOW };
        self.storage.add_app_password(new, history("app_password")).await
    }

    async fn token(&self, hash: &str, use_for: TokenUse, seconds: i64) -> TokenId {
        let (hash, account) = (hash.to_owned(), self.alice.account);
        let new =
            NewToken { hash, account, use_for, once: false, expires: UnixTime(NOW.0 + seconds) };
        self.storage.create_token(new, NOW, None).await.unwrap()
    }

    async fn change(&self, account: AccountId, change: AccountChange) -> Option<Raised> {
        self.storage.change_account(account, change, history("change")).await.unwrap().1
    }
}

fn with(login: &Login, credential: Credential) -> Login {
    Login { credential, ..login.clone() }
}

fn by(login: &Login, alias: &str) -> Login {
    Login { alias: Some(address(alias)), ..login.clone() }
}

pub(super) async fn a_removed_app_password_voids_its_logins_only(place: Place) {
    let id = place.alice.account;
    let one = place.add(id, None).await.unwrap();
    let two = place.add(id, Some("phone")).await.unwrap();
    assert_eq!((one.tag.as_str(), two.tag.as_str()), ("app-1", "phone"));
    assert_eq!(place.add(id, Some("phone")).await, Err(StorageError::Exists(What::AppPassword)));
    place.add(id, Some("app-2")).await.unwrap();
    assert_eq!(place.add(id, None).await.unwrap().tag, "app-3");
    for tag in [None, Some("fifth")] {
        let limit = Err(StorageError::Limit("app passwords of an account"));
        assert_eq!(place.add(id, tag).await, limit);
    }
    assert_eq!(place.add(AccountId(99), None).await, Err(StorageError::NotFound(What::Address)));

    let epoch = place.storage.account(id).await.unwrap().unwrap().epoch;
    assert_eq!(epoch, place.alice.epoch, "adding raises nothing");
    let (with_one, with_two) = (
        with(&place.alice, Credential::AppPassword(one.id)),
        with(&place.alice, Credential::AppPassword(two.id)),
    );
    let stranger = with(&place.bob, Credential::AppPassword(one.id));
    assert!(stands(&place, &with_one).await && stands(&place, &with_two).await);
    assert!(!stands(&place, &stranger).await);
    let remove =
        async |tag: &str| place.storage.remove_app_password(id, tag, history("remove")).await;
    let raised = remove("app-1").await.unwrap();
    assert!(raised.epoch > epoch);
    assert_eq!((raised.account, raised.scopes), (id, vec![Scope::AppPassword(one.id)]));
    assert_eq!(remove("app-1").await, Err(StorageError::NotFound(What::AppPassword)));
    assert!(!stands(&place, &with_one).await && stands(&place, &with_two).await);
    assert!(stands(&place, &place.alice).await);

    // Made again under the same tag, it is another one.
    let again = place.add(id, None).await.unwrap();
    assert_eq!(again.tag, "app-1");
    assert_ne!(again.id, one.id);
    assert!(!stands(&place, &with_one).await);
    let tags: Vec<String> = {
        let account = place.storage.account(id).await.unwrap().unwrap();
        account.app_passwords.into_iter().map(|it| it.tag).collect()
    };
    assert_eq!(tags, ["phone", "app-2", "app-3", "app-1"]);
    let line = place.storage.history(id, 1).await.unwrap().remove(0);
    assert_eq!(line.detail, serde_json::json!({"mode": "add", "tag": "app-1"}));

    let place = place.reopened().await;
    assert!(!stands(&place, &with_one).await && stands(&place, &with_two).await);
    place.verify().await;
}

pub(super) async fn tokens_expire_and_are_spent(place: Place) {
    let storage = &place.storage;
    let soon = place.token("soon", TokenUse::Mail, 10).await;
    let late = place.token("late", TokenUse::ApiAndMail, 20).await;
    let api = place.token("api", TokenUse::Api, 5).await;
    let login = |id| with(&place.alice, Credential::Token(id));
    assert!(stands(&place, &login(soon)).await && stands(&place, &login(late)).await);
    assert!(!stands(&place, &with(&place.bob, Credential::Token(soon))).await);
    assert!(storage.account(place.alice.account).await.unwrap().unwrap().has_tokens);
    assert!(!storage.account(place.bob.account).await.unwrap().unwrap().has_tokens);

    let at = |seconds: i64| UnixTime(NOW.0 + seconds);
    let expire = async |seconds: i64| {
        storage.expire_tokens(at(seconds), history("token_expired")).await.unwrap()
    };
    assert_eq!(storage.next_token_expiry().await, Ok(Some(at(5))));
    assert_eq!(expire(4).await, []);
    // One that is good for the API only has no sessions.
    assert_eq!(expire(9).await, []);
    assert!(!stands(&place, &login(api)).await);
    assert_eq!(storage.next_token_expiry().await, Ok(Some(at(10))));
    // Making one more does not lose the sessions of an expired one from sight.
    place.token("x", TokenUse::Api, 99).await;
    storage
        .create_token(
            NewToken {
                hash: "y".to_owned(),
                account: place.alice.account,
                use_for: TokenUse::Mail,
                once: true,
                expires: at(50),
            },
            at(15),
            Some(history("generate_token")),
        )
        .await
        .unwrap();
    let raised = expire(15).await;
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0].scopes, [Scope::Token(soon)]);
    assert!(!stands(&place, &login(soon)).await && stands(&place, &login(late)).await);
    assert!(stands(&place, &place.alice).await);

    assert_eq!(storage.token("late", at(20)).await, Ok(None));
    assert_eq!(storage.token("late", at(19)).await.unwrap().map(|it| it.id), Some(late));
    let once = storage.token("y", at(19)).await.unwrap().unwrap();
    assert!(once.once && once.use_for == TokenUse::Mail);
    let (one, other) = tokio::join!(storage.spend_token(once.id), storage.spend_token(once.id));
    assert!(one.unwrap() != other.unwrap(), "one of them has it, whichever");
    assert_eq!(storage.token("y", at(19)).await, Ok(None), "spent");
    assert!(stands(&place, &login(once.id)).await, "but its session goes on");
    assert_eq!(storage.spend_token(late).await, Ok(false), "not one for one use");
    assert_eq!(storage.spend_token(TokenId(99)).await, Ok(false));
    assert_eq!(expire(50).await.len(), 2);
    assert!(!stands(&place, &login(once.id)).await);
    place.verify().await;
}

/// Setting the password, suspension, deletion and a disabled domain take all tokens away.
pub(super) async fn what_revokes_tokens(place: Place) {
    let storage = &place.storage;
    let id = place.alice.account;
    let suspended = ServiceState::Suspended;
    let mut services = Services {
        imap4: ServiceState::Enabled,
        pop3: suspended,
        smtpin: suspended,
        smtprelay: suspended,
        smtprelay_webmail: suspended,
        webmail: suspended,
    };
    let has_tokens = async || storage.account(id).await.unwrap().unwrap().has_tokens;
    let token = place.token("a", TokenUse::Mail, 99).await;
    let set = |services| AccountChange { services: Some(services), ..Default::default() };
    assert_eq!(place.change(id, set(services)).await, None);
    assert!(
        has_tokens().await && stands(&place, &with(&place.alice, Credential::Token(token))).await
    );
    services.imap4 = suspended;
    let raised = place.change(id, set(services)).await.unwrap();
    assert_eq!(raised.scopes, [Scope::OnBehalf], "the rest is for the asker to say");
    assert!(!has_tokens().await);
    place.change(id, set(Services::default())).await;
    assert!(!stands(&place, &with(&place.alice, Credential::Token(token))).await);

    // The same text again is another token.
    assert_ne!(place.token("a", TokenUse::Mail, 99).await, token);
    let password = AccountChange { password: Some("p".to_owned()), ..Default::default() };
    assert_eq!(place.change(id, password).await, None);
    assert!(!has_tokens().await);

    place.token("a", TokenUse::Mail, 99).await;
    let name = DomainName::parse("example.com").unwrap();
    let domain = storage.domain(&name).await.unwrap().unwrap().id;
    for disabled in [true, false] {
        let change = DomainChange { disabled: Some(disabled), ..Default::default() };
        storage.change_domain(domain, change).await.unwrap();
    }
    assert!(!has_tokens().await);

    place.token("a", TokenUse::Mail, 99).await;
    let raised = storage.delete_account(id, NOW, history("delete")).await.unwrap();
    assert_eq!(raised.scopes, [Scope::Everything, Scope::OnBehalf]);
    assert!(!has_tokens().await);
    place.verify().await;
}

pub(super) async fn a_lost_alias_voids_the_logins_by_it_only(place: Place) {
    let storage = &place.storage;
    let id = place.alice.account;
    let set = async |aliases: &[&str]| {
        let aliases = Some(aliases.iter().map(|it| address(it)).collect());
        place.change(id, AccountChange { aliases, ..Default::default() }).await
    };
    let scopes = |names: &[&str]| -> Vec<Scope> {
        names.iter().map(|it| Scope::Alias(address(it))).collect()
    };
    assert_eq!(set(&["al@example.com", "ali@example.com"]).await, None);
    let al = by(&place.alice, "al@example.com");
    let far = by(&place.alice, "al@example.net");
    let ali = by(&place.alice, "ali@example.com");
    let home = by(&place.alice, "alice@example.net");
    for login in [&al, &far, &ali, &home] {
        assert!(stands(&place, login).await, "{login:?}");
    }
    assert!(!stands(&place, &by(&place.bob, "al@example.com")).await);
    let raised = set(&["ali@example.com"]).await.unwrap();
    assert_eq!(raised.scopes, scopes(&["al@example.com", "al@example.net"]));
    assert!(!stands(&place, &al).await && !stands(&place, &far).await);
    assert!(stands(&place, &ali).await && stands(&place, &home).await);
    assert!(stands(&place, &place.alice).await);
    assert_eq!(set(&["ali@example.com", "al@example.org"]).await, None);

    // Somebody else's now.
    let other = place.change(
        place.bob.account,
        AccountChange { aliases: Some(vec![address("al@example.com")]), ..Default::default() },
    );
    assert_eq!(other.await, None);
    assert!(!stands(&place, &al).await);

    // An alias of the domain goes: both names of alice in it, and the one of bob.
    let name = DomainName::parse("example.com").unwrap();
    let domain = storage.domain(&name).await.unwrap().unwrap().id;
    let aliases = async |names: &[&str]| {
        let aliases = names.iter().map(|it| DomainName::parse(it).unwrap()).collect();
        let change = DomainChange { aliases: Some(aliases), ..Default::default() };
        storage.change_domain(domain, change).await.unwrap().1
    };
    assert_eq!(aliases(&["example.net", "example.info"]).await, []);
    let raised = aliases(&["example.info"]).await;
    let told: Vec<_> = raised.iter().map(|it| (it.account, it.scopes.clone())).collect();
    let expected = [
        (id, scopes(&["alice@example.net", "ali@example.net"])),
        (place.bob.account, scopes(&["bob@example.net", "al@example.net"])),
    ];
    assert_eq!(told, expected);
    assert!(!stands(&place, &home).await && stands(&place, &ali).await);
    assert!(stands(&place, &by(&place.alice, "alice@example.info")).await);
    assert!(stands(&place, &place.alice).await && stands(&place, &place.bob).await);
}

/// A name that means another account through an alias of the domain cannot be taken away from it. One that was
/// taken before there was that account stays where it is.
pub(super) async fn a_name_that_means_another_is_not_free(place: Place) {
    let storage = &place.storage;
    let set = async |who: AccountId, names: &[&str]| {
        let aliases = Some(names.iter().map(|it| address(it)).collect());
        let change = AccountChange { aliases, ..Default::default() };
        storage.change_account(who, change, history("aliases")).await.map(drop)
    };
    let (alice, bob) = (place.alice.account, place.bob.account);
    let taken = Err(StorageError::Exists(What::Address));
    assert_eq!(set(bob, &["alice@example.net"]).await, taken);
    assert!(stands(&place, &by(&place.alice, "alice@example.net")).await);
    // One's own is.
    assert_eq!(set(alice, &["alice@example.net"]).await, Ok(()));
    assert_eq!(set(bob, &["carol@example.net"]).await, Ok(()));
    let make = |aliases: &[&str]| {
        let aliases = Some(aliases.iter().map(|it| address(it)).collect());
        let change = AccountChange { aliases, ..Default::default() };
        let new =
            NewAccount { address: address("carol@example.com"), kind: AccountKind::Local, change };
        storage.create_account(new, NOW, history("create"))
    };
    assert_eq!(make(&["bob@example.net"]).await.map(drop), taken);
    make(&[]).await.unwrap();
    assert_eq!(set(bob, &["b@example.com", "carol@example.net"]).await, Ok(()));
    assert!(stands(&place, &by(&place.bob, "carol@example.net")).await);
}

/// An administrator's logins on behalf of others go by his own epoch.
pub(super) async fn what_takes_an_administrators_logins(place: Place) {
    let storage = &place.storage;
    let bob = place.bob.account;
    let on_behalf = async || {
        let epoch = storage.account(bob).await.unwrap().unwrap().epoch;
        let alice = storage.account(place.alice.account).await.unwrap().unwrap();
        with(&place::login(&alice), Credential::OnBehalf { administrator: bob, epoch })
    };
    let role = RoleGrant { role: Role::Domain, objects: vec!["example.com".to_owned()] };
    for (change, expected) in [
        (
            AccountChange {
                void: vec![Scope::OnBehalf],
                role: Some(Some(role)),
                ..Default::default()
            },
            false,
        ),
        (AccountChange { void: vec![Scope::Everything], ..Default::default() }, true),
        (
            AccountChange {
                void: vec![Scope::Everything, Scope::OnBehalf],
                password: Some("p".to_owned()),
                ..Default::default()
            },
            false,
        ),
        (AccountChange { aliases: Some(vec![]), ..Default::default() }, true),
    ] {
        let login = on_behalf().await;
        assert!(stands(&place, &login).await);
        let words = format!("{change:?}");
        place.change(bob, change).await;
        assert_eq!(stands(&place, &login).await, expected, "{words}");
        assert!(stands(&place, &on_behalf().await).await, "{words}");
        assert!(stands(&place, &place.alice).await, "{words}");
    }
    // What changes who may administer the account ends their logins, and leaves its own.
    let login = on_behalf().await;
    let alice = place.alice.account;
    let change = AccountChange { void: vec![Scope::ByAdministrators], ..Default::default() };
    place.change(alice, change).await;
    assert!(!stands(&place, &login).await && stands(&place, &place.alice).await);
    assert!(stands(&place, &on_behalf().await).await);
    let login = on_behalf().await;
    let other = storage.create_company("Other", NOW).await.unwrap().id;
    let name = DomainName::parse("example.com").unwrap();
    let domain = storage.domain(&name).await.unwrap().unwrap().id;
    let change = DomainChange { company: Some(other), ..Default::default() };
    let raised = storage.change_domain(domain, change.clone()).await.unwrap().1;
    let scopes: Vec<_> = raised.iter().map(|it| it.scopes.as_slice()).collect();
    assert_eq!(scopes, [&[Scope::OnBehalf, Scope::ByAdministrators]; 2]);
    assert_eq!(storage.change_domain(domain, change).await.unwrap().1, [], "there already");
    assert!(!stands(&place, &login).await && stands(&place, &place.alice).await);
    // The account's own epoch counts as well.
    let login = on_behalf().await;
    storage.raise_epoch(alice, Scope::Everything, history("logout")).await.unwrap();
    assert!(!stands(&place, &login).await);
    let login = on_behalf().await;
    assert!(stands(&place, &login).await);
    storage.delete_account(bob, NOW, history("delete")).await.unwrap();
    assert!(!stands(&place, &login).await);
    storage
        .restore_account(bob, address("bob@example.com"), NOW, history("restore"))
        .await
        .unwrap();
    assert!(!stands(&place, &login).await, "what was void stays void");
    let gone = with(&place.alice, Credential::AppPassword(AppPasswordId(1)));
    assert!(!stands(&place, &gone).await);
}
