//! Tokens whose time is over: they are taken away, and the sessions made with them end, to the second.

use crate::ending::Ender;
use crate::host::now;
use crate::services::Services;
use accounts::Request;
use accounts::epoch::{Act, voided};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::{Raised, Storage, StorageError};
use terms::{AuditId, UnixTime};
use tokio::time::sleep;

/// How long at most until it is looked again when the next token expires. No token for mail lives shorter
/// than an hour, so none is missed; and a clock that was set is noticed.
const LOOK: Duration = Duration::from_secs(30);
/// How long is waited for sessions that are to end, before the log says that they have not.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ends tokens as their time comes, until the server stops.
pub(crate) async fn end_tokens_until_stop(services: Arc<Services>, ender: Ender) {
    tokio::select! {
        biased;
        () = services.shutdown.begun() => {}
        () = end_tokens(&services.storage, &ender) => {}
    }
}

async fn end_tokens(storage: &Storage, ender: &Ender) {
    loop {
        let wait = match end_expired(storage, ender, now()).await {
            Ok(next) => next,
            Err(error) => {
                // The fence does not know the time: until storage works again, so do these sessions.
                tracing::error!(%error, "tokens cannot be expired");
                LOOK
            }
        };
        sleep(wait).await;
    }
}

/// Ends what has expired at `now`; answers how long it is until that has to be done again.
async fn end_expired(
    storage: &Storage,
    ender: &Ender,
    now: UnixTime,
) -> Result<Duration, StorageError> {
    loop {
        let next = storage.next_token_expiry().await?;
        match next.map(|at| at.0.saturating_sub(now.0)) {
            None => return Ok(LOOK),
            Some(ahead) if ahead > 0 => {
                return Ok(LOOK.min(Duration::from_secs(ahead.unsigned_abs())));
            }
            Some(_) => {
                let audit = AuditId(format!("expiry_{:08x}", now.0));
                let request =
                    Request { audit: Some(audit.clone()), ..Request::of_service("posthouse", now) };
                // Storage notes it under each account.
                let history = request.entry(terms::AccountId(0), "token_expired");
                let raised = storage.expire_tokens(now, history).await?;
                end_sessions(ender, &raised, &audit).await;
            }
        }
    }
}

async fn end_sessions(ender: &Ender, raised: &[Raised], audit: &AuditId) {
    let (reason, deadline) = (voided(&Act::ExpireToken).reason, Instant::now() + PATIENCE);
    let endings = raised.iter().map(|one| ender.end_all(one, reason, audit, deadline));
    let ended = futures::future::join_all(endings).await;
    let late = ended.iter().filter(|ended| ended.is_err()).count();
    if late > 0 {
        tracing::warn!(%audit, accounts = late, "sessions of expired tokens did not end in time");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use sessions::{Guard, Limits, Orders, Session, Sessions};
    use storage::{
        AccountChange, AccountKind, Credential, NewAccount, NewDomain, NewToken, TokenUse,
    };
    use terms::{Address, DomainName, EndReason, Incarnation, NodeId, Protocol, TokenId};

    const NOW: UnixTime = UnixTime(1_790_000_000);

    struct Stage {
        storage: Storage,
        ender: Ender,
        account: storage::Account,
        _dir: tempfile::TempDir,
    }

    impl Stage {
        async fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let options = storage::Options::embedded(dir.path().to_owned(), 1);
            let storage = Storage::open(options).await.unwrap();
            let company = storage.create_company("Acme", NOW).await.unwrap().id;
            let name = DomainName::parse("a.example").unwrap();
            let new = NewDomain { name, company, change: Default::default() };
            storage.create_domain(new, NOW).await.unwrap();
            let new = NewAccount {
                address: Address::parse("joe@a.example").unwrap(),
                kind: AccountKind::Local,
                change: AccountChange::default(),
            };
            let history = Request::of_service("test", NOW).entry(terms::AccountId(0), "make");
            let account = storage.create_account(new, NOW, history).await.unwrap();
            let node = cluster::Node { id: NodeId(1), incarnation: Incarnation(1) };
            let sessions = Sessions::new(node, Limits::default());
            let ender = Ender { sessions, metrics: Metrics::new() };
            Self { storage, ender, account, _dir: dir }
        }

        async fn token(&self, hash: &str, seconds: i64) -> TokenId {
            let expires = UnixTime(NOW.0 + seconds);
            let (hash, account) = (hash.to_owned(), self.account.id);
            let new = NewToken { hash, account, use_for: TokenUse::Mail, once: false, expires };
            self.storage.create_token(new, NOW, None).await.unwrap()
        }

        async fn session(&self, credential: Credential) -> (Guard, Orders) {
            let session = Session {
                account: self.account.id,
                epoch: self.account.epoch,
                protocol: Protocol::Imap,
                peer: "192.0.2.1:40000".parse().unwrap(),
                tls: true,
                trusted: false,
                login: "joe@a.example".into(),
                on_behalf: None,
                alias: None,
                credential,
                since: NOW,
            };
            let unconfirmed = self.ender.sessions.register(session).unwrap();
            unconfirmed.confirm(std::future::ready(Ok::<_, ()>(true))).await.unwrap()
        }

        async fn end_expired(&self, seconds: i64) -> u64 {
            let now = UnixTime(NOW.0 + seconds);
            end_expired(&self.storage, &self.ender, now).await.unwrap().as_secs()
        }
    }

    /// Ends when it is ordered to, as a connection does.
    async fn serve((guard, orders): (Guard, Orders)) -> EndReason {
        let reason = orders.end().await.reason;
        drop(guard);
        reason
    }

    #[tokio::test]
    async fn a_token_ends_on_time_and_takes_its_sessions_along() {
        let stage = Stage::new().await;
        assert_eq!(stage.end_expired(0).await, LOOK.as_secs(), "there is none");
        let (soon, late) = (stage.token("soon", 100).await, stage.token("late", 101).await);
        let ends = tokio::spawn(serve(stage.session(Credential::Token(soon)).await));
        let next = tokio::spawn(serve(stage.session(Credential::Token(late)).await));
        let stays = tokio::spawn(serve(stage.session(Credential::Password).await));
        assert_eq!(stage.end_expired(0).await, 30);
        assert_eq!(stage.end_expired(99).await, 1);
        assert_eq!(stage.ender.sessions.count_of(stage.account.id), 3);
        assert_eq!(stage.end_expired(100).await, 1);
        // Confirmed: it is over when this returns.
        assert_eq!(stage.ender.sessions.count_of(stage.account.id), 2);
        assert_eq!(ends.await.unwrap(), EndReason::CredentialRevoked);
        assert!(!next.is_finished() && !stays.is_finished());
        // However late it is looked.
        assert_eq!(stage.end_expired(999_999).await, LOOK.as_secs());
        assert_eq!(next.await.unwrap(), EndReason::CredentialRevoked);
        assert_eq!(stage.ender.sessions.count_of(stage.account.id), 1);
        assert!(!stays.is_finished());
        let history = stage.storage.history(stage.account.id, 10).await.unwrap();
        let told: Vec<_> =
            history.iter().map(|it| (it.action.as_str(), it.actor.as_str())).collect();
        let expired = ("token_expired", "posthouse");
        assert_eq!(told, [expired, expired, ("make", "test")]);
    }
}
