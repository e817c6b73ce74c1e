//! What every connection shares.

use crate::host::now;
use crate::metrics::Metrics;
use crate::shutdown::Shutdown;
use crate::tls::Acceptor;
use accounts::{Accounts, Credentials, Refusal};
use sessions::Sessions;
use std::fmt;
use std::net::IpAddr;
use storage::{Login, Storage};
use terms::Network;

/// What every connection shares.
pub(crate) struct Services {
    /// What is kept.
    pub(crate) storage: Storage,
    /// Who may log in.
    pub(crate) accounts: Accounts,
    /// Who is connected.
    pub(crate) sessions: Sessions,
    /// TLS.
    pub(crate) tls: Acceptor,
    /// The server's stop.
    pub(crate) shutdown: Shutdown,
    /// What operators see.
    pub(crate) metrics: Metrics,
    /// Whether credentials may be sent without TLS from this machine.
    pub(crate) plaintext_on_loopback: bool,
    /// Networks exempt from limits per address.
    pub(crate) trusted_networks: Vec<Network>,
}

impl Services {
    /// Whether the address is exempt from limits per address.
    pub(crate) fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted_networks.iter().any(|network| network.contains(address))
    }

    /// Checks credentials, and makes who guesses wait for the answer.
    ///
    /// # Errors
    /// Why not, in words that do not show whether the account exists.
    pub(crate) async fn log_in(
        &self,
        credentials: Credentials,
        peer: IpAddr,
    ) -> Result<Login, Refusal> {
        match self.accounts.log_in(credentials, peer, now()).await {
            Ok(login) => Ok(login),
            Err(refusal) => {
                tokio::time::sleep(refusal.delay).await;
                Err(refusal.reason)
            }
        }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Services")
    }
}
