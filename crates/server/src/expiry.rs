//! Tokens whose time is over: they are taken away, and the sessions made with them end, to the second.

use crate::ending::Ender;
use crate::host::now;
use crate::services::Services;
use accounts::Request;
use accounts::epoch::{Act, voided};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::{Raised, StorageError};
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
        () = end_tokens(&services, &ender) => {}
    }
}

async fn end_tokens(services: &Services, ender: &Ender) {
    loop {
        let wait = match end_expired(services, ender, now()).await {
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
    services: &Services,
    ender: &Ender,
    now: UnixTime,
) -> Result<Duration, StorageError> {
    loop {
        let next = services.storage.next_token_expiry().await?;
        match next.map(|at| at.0.saturating_sub(now.0)) {
            None => return Ok(LOOK),
            Some(ahead) if ahead > 0 => {
                return Ok(LOOK.min(Duration::from_secs(ahead.unsigned_abs())));
            }
            Some(_) => {
                let audit = AuditId(format!("expiry_{:08x}", now.0));
                let request = Request {
                    audit: Some(audit.clone()),
                    ..Request::of_service("posthouse", now)
                };
                // Storage notes it under each account.
                let history = request.entry(terms::AccountId(0), "token_expired");
                let raised = services.storage.expire_tokens(now, history).await?;
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
