//! Void logins are refused by every operation.

use super::place::{self, Place, append, folder, history};
use crate::{
    AccountChange, DomainChange, Login, Recipient, ServiceState, Services, StorageError, What,
};
use terms::{DomainName, Flags, Protocol, Scope, UnixTime};

pub(super) async fn stands(place: &Place, login: &Login) -> bool {
    let stands = place.storage.login_stands(login).await.unwrap();
    let read = place.storage.folders(login).await;
    let write = place.storage.set_subscription(login, &folder("x"), true).await;
    assert_eq!(read.is_ok(), stands);
    assert_eq!(write.is_ok(), stands);
    for error in read.err().into_iter().chain(write.err()) {
        assert_eq!(error, StorageError::Void);
    }
    stands
}

/// What was read ahead may be used until a login may have become void, and not longer.
pub(super) async fn a_mark_holds_until_a_login_may_be_void(place: Place) {
    let (storage, alice, bob) = (&place.storage, &place.alice, &place.bob);
    let mark = storage.fence_mark().unwrap();
    // Mail comes and is read.
    let at = append(storage, alice, "INBOX", b"more").await;
    let entry = place::entry_of(place::blob(storage, b"news").await, Flags::default());
    let recipient = Recipient { account: bob.account, folder: folder("INBOX") };
    storage.deliver(entry, vec![recipient]).await.unwrap()[0].as_ref().unwrap();
    let inbox = storage.open_folder(alice, &folder("INBOX"), true).await.unwrap();
    storage.expunge(alice, inbox.folder.id, vec![at]).await.unwrap();
    assert!(storage.holds_since(mark));

    storage.raise_epoch(alice.account, Scope::Everything, history("logout")).await.unwrap();
    assert!(!storage.holds_since(mark));
    let mark = storage.fence_mark().unwrap();
    assert!(storage.holds_since(mark));
    let services = Some(Services { imap4: ServiceState::Suspended, ..Services::default() });
    let change = AccountChange { services, ..AccountChange::default() };
    storage.change_account(bob.account, change, history("suspend")).await.unwrap();
    assert!(!storage.holds_since(mark));
}

pub(super) async fn a_raised_epoch_voids_earlier_logins_in_its_scope(place: Place) {
    let imap = place.alice.clone();
    let pop3 = Login { protocol: Protocol::Pop3, ..imap.clone() };
    let scope = Scope::Protocol(Protocol::Pop3);
    let raised = place.storage.raise_epoch(imap.account, scope, history("logout")).await.unwrap();
    assert!(stands(&place, &imap).await && !stands(&place, &pop3).await);
    let later = Login { epoch: raised.epoch, ..pop3 };
    assert!(stands(&place, &later).await);
    place.storage.raise_epoch(imap.account, Scope::Everything, history("logout")).await.unwrap();
    assert!(!stands(&place, &imap).await && !stands(&place, &later).await);
    assert!(stands(&place, &place.bob).await);
    let lines = place.storage.history(imap.account, 2).await.unwrap();
    assert_eq!((lines.len(), lines[0].action.as_str()), (2, "logout"));
}

pub(super) async fn what_else_voids_logins(place: Place) {
    let storage = &place.storage;
    let alice = place.alice.clone();

    let mut services = crate::Services { imap4: ServiceState::Suspended, ..Default::default() };
    let change = |services| AccountChange { services: Some(services), ..AccountChange::default() };
    storage.change_account(alice.account, change(services), history("x")).await.unwrap();
    assert!(!stands(&place, &alice).await);
    services.imap4 = ServiceState::Enabled;
    storage.change_account(alice.account, change(services), history("x")).await.unwrap();
    assert!(stands(&place, &alice).await);

    let domain = storage.domain(&DomainName::parse("example.com").unwrap()).await.unwrap().unwrap();
    let disable = |disabled| DomainChange { disabled: Some(disabled), ..DomainChange::default() };
    let (_, raised) = storage.change_domain(domain.id, disable(true)).await.unwrap();
    assert_eq!(raised.len(), 2);
    assert!(!stands(&place, &alice).await && !stands(&place, &place.bob).await);
    storage.change_domain(domain.id, disable(false)).await.unwrap();
    let bob = storage.account(place.bob.account).await.unwrap().unwrap();
    assert!(!stands(&place, &place.bob).await && stands(&place, &place::login(&bob)).await);
}

pub(super) async fn a_deleted_account_gives_up_its_name_and_keeps_its_mail(place: Place) {
    let storage = &place.storage;
    append(storage, &place.alice, "INBOX", b"hers").await;
    let id = place.alice.account;
    storage.delete_account(id, place::NOW, history("delete")).await.unwrap();
    assert!(!stands(&place, &place.alice).await);
    assert!(storage.delete_account(id, place::NOW, history("delete")).await.is_err());
    assert!(storage.raise_epoch(id, Scope::Everything, history("x")).await.is_err());
    let again = place::create(storage, "alice@example.com").await;
    assert_ne!(again.id, id);
    assert!(stands(&place, &place::login(&again)).await);
    assert!(!stands(&place, &Login { account: id, ..place::login(&again) }).await);
    assert_eq!(storage.account_usage(again.id).await.unwrap().0.messages, 0);
    assert_eq!(storage.account_usage(id).await.unwrap().0.messages, 1);
    let deleted = storage.accounts(again.domain, true).await.unwrap();
    assert_eq!((deleted.len(), deleted[0].account), (1, id));
}

pub(super) async fn a_deleted_account_comes_back_with_what_is_free(place: Place) {
    let storage = &place.storage;
    append(storage, &place.alice, "INBOX", b"hers").await;
    let id = place.alice.account;
    let aliases = ["al@example.com", "ali@example.com"].map(place::address).to_vec();
    let change = AccountChange { aliases: Some(aliases), ..AccountChange::default() };
    storage.change_account(id, change, history("x")).await.unwrap();
    let restore = async |to: &str, since: i64| {
        let since = UnixTime(place::NOW.0 + since);
        storage.restore_account(id, place::address(to), since, history("restore")).await
    };
    let missing = Err(StorageError::NotFound(What::Address));
    assert_eq!(restore("alice@example.com", 0).await, missing, "not deleted");
    storage.delete_account(id, place::NOW, history("delete")).await.unwrap();
    place::create(storage, "ali@example.com").await;
    assert_eq!(restore("alice@example.com", 1).await, missing, "too long ago");
    let taken = Err(StorageError::Exists(What::Address));
    assert_eq!(restore("ali@example.com", 0).await, taken);
    assert!(matches!(restore("alice@example.net", 0).await, Err(StorageError::Refused(_))));
    let back = restore("alice2@example.com", 0).await.unwrap();
    assert_eq!((back.id, back.deleted), (id, None));
    assert_eq!(back.aliases, [place::address("al@example.com")]);
    assert_eq!(restore("alice@example.com", 0).await, missing, "back already");
    assert!(!stands(&place, &place.alice).await, "what was void stays void");
    assert!(stands(&place, &place::login(&back)).await);
    assert_eq!(storage.account_usage(id).await.unwrap().0.messages, 1);
    assert_eq!(storage.find(&place::address("alice@example.com")).await, Ok(None));
    place.verify().await;
}

pub(super) async fn a_renamed_account_keeps_its_mail_and_none_of_its_logins(place: Place) {
    let storage = &place.storage;
    append(storage, &place.alice, "INBOX", b"hers").await;
    let id = place.alice.account;
    let rename =
        async |to: &str| storage.rename_account(id, place::address(to), history("rename")).await;
    for taken in ["bob@example.com", "alice@example.com"] {
        assert_eq!(rename(taken).await, Err(StorageError::Exists(What::Address)));
    }
    assert!(matches!(rename("lisa@example.net").await, Err(StorageError::Refused(_))));
    assert!(stands(&place, &place.alice).await, "nothing happened yet");
    let raised = rename("lisa@example.com").await.unwrap();
    assert_eq!((raised.account, raised.scopes), (id, vec![Scope::Everything]));
    assert!(!stands(&place, &place.alice).await);
    assert_eq!(storage.find(&place::address("alice@example.com")).await, Ok(None));
    let lisa = storage.account(id).await.unwrap().unwrap();
    assert_eq!((lisa.address.as_str(), lisa.epoch), ("lisa@example.com", raised.epoch));
    assert!(stands(&place, &place::login(&lisa)).await && stands(&place, &place.bob).await);
    assert_eq!(storage.account_usage(id).await.unwrap().0.messages, 1);
    let other = place::create(storage, "alice@example.com").await;
    assert_ne!(other.id, id);
    place.verify().await;
}

/// Logout contract L1, L3, L6: what a session wrote before is there when the raise answers; after that it
/// writes nothing.
pub(super) async fn no_write_gets_past_a_raise(place: Place) {
    let place = std::sync::Arc::new(place);
    let mut in_between = 0;
    for _ in 0..20 {
        let account = place.storage.account(place.alice.account).await.unwrap().unwrap();
        let login = place::login(&account);
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (place, login) = (std::sync::Arc::clone(&place), login.clone());
            writers.spawn(async move {
                let mut answered = 0;
                loop {
                    let blob = place::blob(&place.storage, b"x").await;
                    let new = place::entry_of(blob, terms::Flags::default());
                    match place.storage.append(&login, &folder("INBOX"), vec![new]).await {
                        Ok(_) => answered += 1,
                        Err(error) => return (answered, error),
                    }
                }
            });
        }
        let inbox = folder("INBOX");
        let before = place.storage.folder(&login, &inbox).await.unwrap().messages;
        while place.storage.folder(&login, &inbox).await.unwrap().messages < before + 5 {
            tokio::task::yield_now().await;
        }
        let raised = place
            .storage
            .raise_epoch(login.account, Scope::Everything, history("logout"))
            .await
            .unwrap();
        let later = Login { epoch: raised.epoch, ..login };
        let at_once = place.storage.folder(&later, &inbox).await.unwrap().messages;
        let mut answered = before;
        while let Some(ended) = writers.join_next().await {
            let (count, error) = ended.unwrap();
            assert_eq!(error, StorageError::Void);
            answered += count;
        }
        let at_last = place.storage.folder(&later, &inbox).await.unwrap().messages;
        assert_eq!(at_once, at_last);
        in_between += at_last - before;
        // `before` was read while writers were already at work, so it may count some of theirs.
        assert!(answered >= at_last);
    }
    assert!(in_between >= 100, "the race did not happen");
}

/// Logout contract L6: a command cut in the middle was carried out whole or not at all.
pub(super) async fn an_abandoned_operation_is_whole_or_not_there(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    let (mut abandoned, inbox) = (0, folder("INBOX"));
    for round in 0..60 {
        let entry = place::entry_of(place::blob(storage, b"x").await, terms::Flags::default());
        let patience = std::time::Duration::from_micros(round * 20);
        let append = storage.append(alice, &inbox, vec![entry; 100]);
        abandoned += u32::from(tokio::time::timeout(patience, append).await.is_err());
        assert_eq!(storage.folder(alice, &inbox).await.unwrap().messages % 100, 0);
    }
    assert!(abandoned > 0, "the race did not happen");
    place.verify().await;
}
