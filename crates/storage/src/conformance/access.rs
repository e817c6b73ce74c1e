//! Random acts on who may log in, compared with a model: a login stands until something voids it, and never
//! again after that.

use super::place::{self, Kind, NOW, Place, address, history};
use crate::{AccountChange, DomainChange, Login, NewAppPassword, NewToken, Storage, TokenUse};
use proptest::prelude::*;
use terms::{AccountId, Credential, DomainId, DomainName, Protocol, Scope, UnixTime};

/// What happens next. `who` is one of two accounts, each of which may administer the other.
#[derive(Clone, Debug)]
enum Act {
    LogIn { who: usize, protocol: Protocol, how: How },
    Raise { who: usize, scope: Scope },
    AddAppPassword { who: usize, tag: usize },
    RemoveAppPassword { who: usize, tag: usize },
    AddToken { who: usize, expires: i64 },
    Expire { to: i64 },
    SetAliases { who: usize, aliases: Vec<usize> },
    SetDomainAlias { on: bool },
    Rename { who: usize },
    DeleteAndRestore { who: usize },
}

#[derive(Clone, Debug)]
enum How {
    Password,
    AppPassword { tag: usize },
    Token,
    Alias { alias: usize },
    DomainAlias,
    OnBehalf,
}

const TAGS: [&str; 2] = ["phone", "laptop"];
/// Of each account, with its number before it.
const ALIASES: [&str; 2] = ["one", "two"];

fn act() -> impl Strategy<Value = Act> {
    let who = || 0..2usize;
    let two = || 0..2usize;
    let protocol = || prop_oneof![Just(Protocol::Imap), Just(Protocol::Pop3)];
    let how = prop_oneof![
        Just(How::Password),
        two().prop_map(|tag| How::AppPassword { tag }),
        Just(How::Token),
        two().prop_map(|alias| How::Alias { alias }),
        Just(How::DomainAlias),
        Just(How::OnBehalf),
    ];
    let scope = prop_oneof![
        Just(Scope::Everything),
        protocol().prop_map(Scope::Protocol),
        Just(Scope::OnBehalf),
        Just(Scope::ByAdministrators),
    ];
    prop_oneof![
        8 => (who(), protocol(), how).prop_map(|(who, protocol, how)| Act::LogIn { who, protocol, how }),
        1 => (who(), scope).prop_map(|(who, scope)| Act::Raise { who, scope }),
        2 => (who(), two()).prop_map(|(who, tag)| Act::AddAppPassword { who, tag }),
        1 => (who(), two()).prop_map(|(who, tag)| Act::RemoveAppPassword { who, tag }),
        2 => (who(), 1..9i64).prop_map(|(who, expires)| Act::AddToken { who, expires }),
        1 => (0..9i64).prop_map(|to| Act::Expire { to }),
        2 => (who(), proptest::sample::subsequence(vec![0, 1], 0..=2))
            .prop_map(|(who, aliases)| Act::SetAliases { who, aliases }),
        1 => any::<bool>().prop_map(|on| Act::SetDomainAlias { on }),
        1 => who().prop_map(|who| Act::Rename { who }),
        1 => who().prop_map(|who| Act::DeleteAndRestore { who }),
    ]
}

/// The store, and every login that there ever was with whether it stands.
struct World {
    place: Place,
    accounts: [AccountId; 2],
    domain: DomainId,
    tokens: [Vec<(terms::TokenId, i64)>; 2],
    count: u64,
    logins: Vec<(Login, bool)>,
}

impl World {
    async fn new(place: Place) -> Self {
        let accounts = [place.alice.account, place.bob.account];
        let name = DomainName::parse("example.com").unwrap();
        let domain = place.storage.domain(&name).await.unwrap().unwrap().id;
        let tokens = [Vec::new(), Vec::new()];
        Self { place, accounts, domain, tokens, count: 0, logins: Vec::new() }
    }

    fn storage(&self) -> &Storage {
        &self.place.storage
    }

    fn alias(who: usize, alias: usize) -> terms::Address {
        address(&format!("{}{who}@example.com", ALIASES[alias]))
    }

    /// A login as it would be made now, if that secret and name are there.
    async fn log_in(&self, who: usize, protocol: Protocol, how: How) -> Option<Login> {
        let account = self.storage().account(self.accounts[who]).await.unwrap().unwrap();
        let plain = Login { protocol, ..place::login(&account) };
        let by = |alias| Login { alias: Some(alias), ..plain.clone() };
        let with = |credential| Login { credential, ..plain.clone() };
        match how {
            How::Password => Some(plain),
            How::AppPassword { tag } => {
                let found = account.app_passwords.iter().find(|it| it.tag == TAGS[tag]);
                found.map(|it| with(Credential::AppPassword(it.id)))
            }
            How::Token => self.tokens[who].last().map(|(id, _)| with(Credential::Token(*id))),
            How::Alias { alias } => {
                let alias = Self::alias(who, alias);
                account.aliases.contains(&alias).then(|| by(alias))
            }
            How::DomainAlias => {
                let alias = address(&format!("{}@example.net", account.address.local()));
                self.storage().find(&alias).await.unwrap().map(|_| by(alias))
            }
            How::OnBehalf => {
                let administrator = self.accounts[1 - who];
                let epoch = self.storage().account(administrator).await.unwrap().unwrap().epoch;
                Some(with(Credential::OnBehalf { administrator, epoch }))
            }
        }
    }

    fn void(&mut self, of: impl Fn(&Login) -> bool) {
        for (login, stands) in &mut self.logins {
            *stands &= !of(login);
        }
    }

    fn void_scope(&mut self, id: AccountId, scope: &Scope) {
        let administrator = |login: &Login| match login.credential {
            Credential::OnBehalf { administrator, .. } => Some(administrator),
            _ => None,
        };
        self.void(|login| match scope {
            Scope::Everything => login.account == id,
            Scope::Protocol(protocol) => login.account == id && login.protocol == *protocol,
            Scope::OnBehalf => administrator(login) == Some(id),
            Scope::ByAdministrators => login.account == id && administrator(login).is_some(),
            other => panic!("{other:?}"),
        });
    }

    async fn perform(&mut self, act: Act) {
        let storage = self.storage().clone();
        match act {
            Act::LogIn { who, protocol, how } => {
                if let Some(login) = self.log_in(who, protocol, how).await {
                    self.logins.push((login, true));
                }
            }
            Act::Raise { who, scope } => {
                let id = self.accounts[who];
                let change = AccountChange { void: vec![scope.clone()], ..Default::default() };
                storage.change_account(id, change, history("raise")).await.unwrap();
                self.void_scope(id, &scope);
            }
            Act::AddAppPassword { who, tag } => {
                let (account, tag) = (self.accounts[who], Some(TAGS[tag].to_owned()));
                let new = NewAppPassword { account, tag, hash: "h".to_owned(), created: NOW };
                // It may be there.
                let _ = storage.add_app_password(new, history("add")).await;
            }
            Act::RemoveAppPassword { who, tag } => {
                let id = self.accounts[who];
                let removed = storage.remove_app_password(id, TAGS[tag], history("remove")).await;
                if let Ok(raised) = removed {
                    let [Scope::AppPassword(id)] = raised.scopes[..] else { panic!("{raised:?}") };
                    self.void(|login| login.credential == Credential::AppPassword(id));
                }
            }
            Act::AddToken { who, expires } => {
                self.count += 1;
                let new = NewToken {
                    hash: self.count.to_string(),
                    account: self.accounts[who],
                    use_for: TokenUse::Mail,
                    once: false,
                    expires: UnixTime(expires),
                };
                let id = storage.create_token(new, UnixTime(0), None).await.unwrap();
                self.tokens[who].push((id, expires));
            }
            Act::Expire { to } => {
                let raised = storage.expire_tokens(UnixTime(to), history("expire")).await.unwrap();
                let all = self.tokens.iter_mut();
                let gone: Vec<_> = all
                    .flat_map(|tokens| tokens.extract_if(.., |(_, expires)| *expires <= to))
                    .collect();
                assert_eq!(raised.len(), gone.len());
                for (id, _) in gone {
                    self.void(|login| login.credential == Credential::Token(id));
                }
            }
            Act::SetAliases { who, aliases } => {
                let id = self.accounts[who];
                let aliases: Vec<_> = aliases.iter().map(|it| Self::alias(who, *it)).collect();
                let change = AccountChange { aliases: Some(aliases.clone()), ..Default::default() };
                storage.change_account(id, change, history("aliases")).await.unwrap();
                self.void(|login| {
                    let alias = login.alias.as_ref().filter(|it| it.domain() == "example.com");
                    login.account == id && alias.is_some_and(|alias| !aliases.contains(alias))
                });
            }
            Act::SetDomainAlias { on } => {
                let aliases = on.then(|| DomainName::parse("example.net").unwrap());
                let aliases = Some(aliases.into_iter().collect());
                let change = DomainChange { aliases, ..Default::default() };
                storage.change_domain(self.domain, change).await.unwrap();
                self.void(|login| {
                    !on && login.alias.as_ref().is_some_and(|it| it.domain() == "example.net")
                });
            }
            Act::Rename { who } => {
                self.count += 1;
                let (id, to) =
                    (self.accounts[who], address(&format!("n{}@example.com", self.count)));
                storage.rename_account(id, to, history("rename")).await.unwrap();
                self.void_scope(id, &Scope::Everything);
            }
            Act::DeleteAndRestore { who } => {
                let id = self.accounts[who];
                let name = storage.account(id).await.unwrap().unwrap().address;
                storage.delete_account(id, NOW, history("delete")).await.unwrap();
                for login in &self.logins {
                    let gone = !storage.login_stands(&login.0).await.unwrap();
                    assert!(gone || login.0.account != id);
                }
                storage.restore_account(id, name, NOW, history("restore")).await.unwrap();
                self.tokens[who].clear();
                self.void_scope(id, &Scope::Everything);
                self.void_scope(id, &Scope::OnBehalf);
            }
        }
    }

    async fn check(&self, after: &str) {
        for (login, stands) in &self.logins {
            let found = self.storage().login_stands(login).await.unwrap();
            assert_eq!(found, *stands, "{login:?} after {after}");
        }
    }
}

pub(super) fn a_login_stands_until_it_is_void_and_never_again(kind: Kind) {
    super::keep_at_random(kind, proptest::collection::vec(act(), 1..60), async |place, acts| {
        let mut world = World::new(place).await;
        for act in acts {
            let words = format!("{act:?}");
            world.perform(act).await;
            world.check(&words).await;
        }
        world.place.verify().await;
        world.place = world.place.reopened().await;
        world.check("reopening").await;
    });
}
