//! What was acknowledged is there; what was not is there whole or not at all.

use super::super::place::{address, folder};
use super::{Acknowledged, HERD, find, load, message, open};
use crate::{EntryQuery, Login};
use std::path::Path;
use terms::{SystemFlag, Uid};

/// `total`: what was acknowledged in all lives; `latest`: in the latest one.
pub(super) async fn audit(dir: &Path, total: &Acknowledged, latest: &Acknowledged) {
    let storage = open(dir).await;
    assert_eq!(storage.verify().await.unwrap().problems, [""; 0]);
    let alice = find(&storage, "alice@example.com").await;
    let bob = find(&storage, "bob@example.com").await;
    let said = |kind: &str| total.get(kind).copied().unwrap_or(0);
    let get = async |who: &Login, name: &str| {
        let found = storage.folder(who, &folder(name)).await.unwrap();
        let all = Uid::MIN..=Uid::MAX;
        let limit = 1_000_000;
        let query = EntryQuery::Plain;
        (found.clone(), storage.entries(who, found.id, all, limit, query).await.unwrap())
    };
    let texts = async |who: &Login, name: &str, from: usize| {
        let (found, entries) = get(who, name).await;
        for (number, entry) in entries.iter().enumerate().skip(from) {
            let (length, blob) = (entry.blob.size as usize, entry.blob);
            let bytes = storage.read_blob(who, found.id, entry.uid, blob, 0, length).await.unwrap();
            assert!(bytes == message(name, number as u64), "{name} {number}");
        }
        entries.len() as u64
    };

    // The blobs' checksums were verified; that they are the right ones is looked at for the latest.
    let appended = said("append").saturating_sub(50) as usize * 3;
    let appended = texts(&alice, "append", appended).await;
    assert!(appended.is_multiple_of(3));
    assert!(appended / 3 >= said("append"));
    let from = said("deliver").saturating_sub(50) as usize;
    let delivered = texts(&alice, "deliver", from).await;
    if said("deliver") > 0 {
        assert_eq!(delivered, texts(&bob, "deliver", from).await);
        assert!(delivered >= said("deliver"));
    }
    let (found, entries) = get(&alice, "flags").await;
    assert!(found.highest_mod_seq.0 >= said("flags"));
    let seen = found.highest_mod_seq.0 % 2 == 1;
    assert!(entries.iter().all(|entry| entry.mod_seq == found.highest_mod_seq));
    assert!(entries.iter().all(|entry| entry.flags.has(SystemFlag::Seen) == seen));
    let (here, there) = (get(&alice, "here").await.1, get(&alice, "there").await.1);
    assert_eq!(here.len() + there.len(), HERD as usize);
    assert!(here.is_empty() || there.is_empty());
    for (name, entries) in [("here", &here), ("there", &there)] {
        if let Some(first) = entries.first() {
            assert!(u64::from(first.uid.value()) >= said(name));
        }
    }
    let copies = get(&alice, "copy").await.1.len() as u64;
    assert!(copies.is_multiple_of(u64::from(HERD)) && copies / u64::from(HERD) >= said("copy"));
    let (found, entries) = get(&alice, "expunge").await;
    assert!(entries.iter().all(|entry| u64::from(entry.uid.value()) > said("expunge")));
    assert!(u64::from(found.uid_next.value()) > said("expunge"));

    // It is in its folder, or can be brought back.
    let (found, entries) = get(&alice, "restore").await;
    let left =
        storage.deleted_entries(alice.account, Some(found.name.clone()), 0, 9).await.unwrap();
    assert_eq!(entries.len() + left.len(), 1);
    assert!(u64::from(found.uid_next.value()) > said("restore"));

    let names = storage.folders(&alice).await.unwrap();
    let names = names.iter().map(|folder| folder.name.as_str());
    let passing: Vec<&str> =
        names.filter(|name| name.starts_with(['f', 'g']) && *name != "flags").collect();
    assert!(passing.len() <= 1, "{passing:?}");
    if let Some(said) = latest.get("folder") {
        // What was acknowledged, or what would have been next.
        let state = |step: u64| match step % 3 {
            0 => Some(format!("f{}", step / 3)),
            1 => Some(format!("g{}", step / 3)),
            _ => None,
        };
        let found = passing.first().map(|name| (*name).to_owned());
        assert!([state(*said), state(said + 1)].contains(&found), "{found:?} after {said}");
    }

    let quota = storage.account(bob.account).await.unwrap().unwrap().quota;
    assert!(said("account") == 0 || quota >= Some(load::QUOTA + said("account")), "{quota:?}");
    let person = said("person");
    if person > 0 {
        let name = address(&format!("s{}@example.com", person / 2));
        let found = storage.find(&name).await.unwrap();
        assert!(found.is_none() || person.is_multiple_of(2), "{name} was deleted");
    }
    assert!(bob.epoch.0 >= said("epoch"));
    let earlier = Login { epoch: terms::Epoch(bob.epoch.0 - 1), ..bob.clone() };
    assert_eq!(storage.login_stands(&earlier).await.unwrap(), bob.epoch.0 == 1);
    storage.close().await;
}
