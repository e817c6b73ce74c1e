//! After a change that made logins void: their sessions end, and only then is the answer success.

use crate::call::Call;
use crate::error::Failure;
use futures::StreamExt as _;
use storage::Raised;
use terms::EndReason;

/// How many accounts' sessions are ended at a time, when a whole domain is disabled.
const PARALLEL: usize = 64;

impl Call {
    /// Ends the sessions of all that was raised. The epochs are on disk: what happens here may fail
    /// and be repeated.
    pub(crate) async fn end_sessions(
        &self,
        raised: &[Raised],
        reason: EndReason,
    ) -> Result<(), Failure> {
        let sessions = &self.api.inner.sessions;
        let mut endings = Vec::with_capacity(raised.len());
        for one in raised {
            endings.push(sessions.end(one, reason, &self.audit, self.deadline));
        }
        // All of them are tried, even when one is not confirmed.
        let results: Vec<_> =
            futures::stream::iter(endings).buffer_unordered(PARALLEL).collect().await;
        if results.iter().all(Result::is_ok) { Ok(()) } else { Err(Failure::not_confirmed()) }
    }
}
