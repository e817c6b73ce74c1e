//! Administration by many at once: nothing is lost, nobody waits for ever, and whoever comes second is told so.

use super::place::{NOW, Place, address, history, login};
use crate::{
    AccountChange, AccountKind, DomainChange, HistoryEntry, NewAccount, NewDomain, StorageError,
    What,
};
use std::collections::BTreeSet;
use std::time::Duration;
use terms::{Address, DomainName, Scope};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longer than anything here takes, but for a wait without an end.
const BOUND: Duration = Duration::from_secs(30);

/// How many of the tasks succeeded; the others were told that a name of this kind is taken.
async fn winners<T: 'static>(mut tasks: JoinSet<Result<T, StorageError>>, what: What) -> usize {
    let mut winners = 0;
    while let Some(ended) = timeout(BOUND, tasks.join_next()).await.unwrap() {
        match ended.unwrap() {
            Ok(_) => winners += 1,
            Err(error) => assert_eq!(error, StorageError::Exists(what)),
        }
    }
    winners
}

/// Each raise counts, each line of history is there, and no change is lost.
pub(super) async fn changes_and_raises_happen_one_after_the_other(place: Place) {
    const EACH: u64 = 12;
    let id = place.alice.account;
    let mut raises = JoinSet::new();
    let mut changes = JoinSet::new();
    for number in 0..EACH {
        let storage = place.storage.clone();
        raises.spawn(async move {
            storage.raise_epoch(id, Scope::Everything, history("raise")).await.unwrap().epoch
        });
        let storage = place.storage.clone();
        changes.spawn(async move {
            let mut change = AccountChange::default();
            change.attributes.insert(format!("attribute_{number}"), number.into());
            storage.change_account(id, change, history("change")).await.map(|_| ())
        });
        let storage = place.storage.clone();
        changes.spawn(async move {
            let aliases = vec![address(&format!("alias{number}@example.com"))];
            let change = AccountChange { aliases: Some(aliases), ..AccountChange::default() };
            storage.change_account(id, change, history("change")).await.map(|_| ())
        });
    }
    let mut epochs = BTreeSet::new();
    while let Some(epoch) = timeout(BOUND, raises.join_next()).await.unwrap() {
        epochs.insert(epoch.unwrap());
    }
    assert_eq!(winners(changes, What::Address).await as u64, 2 * EACH);
    assert_eq!(epochs.len() as u64, EACH, "no two raises answer the same epoch");

    let account = place.storage.account(id).await.unwrap().unwrap();
    assert_eq!(account.attributes.len() as u64, EACH);
    assert_eq!(account.aliases.len(), 1);
    let lines = place.storage.history(id, 1000).await.unwrap();
    let of = |action: &str| lines.iter().filter(|line| line.action == action).count() as u64;
    assert_eq!((of("raise"), of("change")), (EACH, 2 * EACH));
    // Each change of the aliases but the first took one away, which raises, too.
    assert_eq!(account.epoch.0, place.alice.epoch.0 + EACH + EACH - 1);
    place.verify().await;
}

/// Without anything else, the epoch is the number of raises and one.
pub(super) async fn every_raise_counts_once(place: Place) {
    let id = place.bob.account;
    let mut raises = JoinSet::new();
    for _ in 0..40 {
        let storage = place.storage.clone();
        raises
            .spawn(async move { storage.raise_epoch(id, Scope::OnBehalf, history("raise")).await });
    }
    assert_eq!(winners(raises, What::Address).await, 40);
    assert_eq!(place.storage.account(id).await.unwrap().unwrap().epoch.0, 41);
}

/// Of many who want a name at once, one gets it.
pub(super) async fn a_name_is_given_once(place: Place) {
    let company = place.storage.company("Acme").await.unwrap().unwrap().id;
    let (mut companies, mut domains, mut accounts) =
        (JoinSet::new(), JoinSet::new(), JoinSet::new());
    for number in 0..8 {
        let storage = place.storage.clone();
        companies.spawn(async move { storage.create_company("Contested", NOW).await });
        let storage = place.storage.clone();
        domains.spawn(async move {
            let name = |text: &str| DomainName::parse(text).unwrap();
            // The one's name is the other's alias.
            let names = [name("one.example"), name("two.example")];
            let [own, other] =
                if number % 2 == 0 { names } else { [names[1].clone(), names[0].clone()] };
            let change = DomainChange { aliases: Some(vec![other]), ..DomainChange::default() };
            storage.create_domain(NewDomain { name: own, company, change }, NOW).await
        });
        let storage = place.storage.clone();
        accounts.spawn(async move {
            let [one, two] = [address("one@example.com"), address("two@example.com")];
            let [own, other] = if number % 2 == 0 { [one, two] } else { [two, one] };
            let change = AccountChange { aliases: Some(vec![other]), ..AccountChange::default() };
            let new = NewAccount { address: own, kind: AccountKind::Local, change };
            storage.create_account(new, NOW, history("create")).await
        });
    }
    assert_eq!(winners(companies, What::Company).await, 1);
    assert_eq!(winners(domains, What::Domain).await, 1);
    assert_eq!(winners(accounts, What::Address).await, 1);
    place.verify().await;
}

/// Two who want each other's aliases do not wait for each other.
pub(super) async fn aliases_cross_without_a_deadlock(place: Place) {
    let ids = [place.alice.account, place.bob.account];
    let some = |who: usize| -> Vec<Address> {
        (0..5).map(|number| address(&format!("n{number}.{who}@example.com"))).collect()
    };
    let mut tasks = JoinSet::new();
    for round in 0..16 {
        let (storage, id) = (place.storage.clone(), ids[round % 2]);
        let change = AccountChange { aliases: Some(some(round / 2 % 2)), ..Default::default() };
        tasks.spawn(async move {
            storage.change_account(id, change, history("swap")).await.map(|_| ())
        });
    }
    assert!(winners(tasks, What::Address).await > 0);
    place.verify().await;
}

/// While accounts are made, changed and raised, a domain that is disabled ends all of them, and none is forgotten.
pub(super) async fn a_domain_is_disabled_amid_the_work(place: Place) {
    let name = DomainName::parse("example.com").unwrap();
    let domain = place.storage.domain(&name).await.unwrap().unwrap().id;
    let mut tasks = JoinSet::new();
    for number in 0..10 {
        let storage = place.storage.clone();
        tasks.spawn(async move {
            let own = address(&format!("new{number}@example.com"));
            let new =
                NewAccount { address: own, kind: AccountKind::Local, change: Default::default() };
            let made = storage.create_account(new, NOW, history("create")).await?;
            storage.raise_epoch(made.id, Scope::OnBehalf, history("raise")).await.map(|_| ())
        });
        let (storage, id) = (place.storage.clone(), place.bob.account);
        tasks.spawn(async move {
            storage.note_history(HistoryEntry { account: id, ..history("note") }).await
        });
        let storage = place.storage.clone();
        tasks.spawn(async move {
            let change = DomainChange { disabled: Some(number % 2 == 0), ..Default::default() };
            storage.change_domain(domain, change).await.map(|_| ())
        });
    }
    assert_eq!(winners(tasks, What::Address).await, 30);
    let disabled = DomainChange { disabled: Some(true), ..Default::default() };
    let (_, raised) = place.storage.change_domain(domain, disabled).await.unwrap();
    assert_eq!(raised.len(), 12);
    let enabled = DomainChange { disabled: Some(false), ..Default::default() };
    place.storage.change_domain(domain, enabled).await.unwrap();
    for raised in raised {
        let account = place.storage.account(raised.account).await.unwrap().unwrap();
        assert_eq!(account.epoch, raised.epoch);
        assert!(place.storage.login_stands(&login(&account)).await.unwrap());
    }
    place.verify().await;
}
