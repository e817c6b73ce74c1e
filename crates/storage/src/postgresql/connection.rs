//! Connections to the database: how they are made, kept and secured.

use super::fault::opening;
use crate::{OpenError, PostgresqlOptions};
use deadpool_postgres::{Hook, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an operation waits for a free connection.
const WAIT: Duration = Duration::from_secs(20);
/// How long what was sent may stay unacknowledged by the peer's kernel.
const SILENCE: Duration = Duration::from_secs(20);
/// What each connection is set to: no statement, no wait for a lock and no pause within a transaction is without
/// an end, whatever the server's defaults. And no plan that was made while a table was small reads all of it later:
/// there is an index for whatever is asked.
const SETTINGS: &str = "SET statement_timeout = '60s'; SET lock_timeout = '20s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning'; SET enable_seqscan = off";

/// How to reach a database.
pub(super) struct Target {
    config: Config,
    tls: MakeRustlsConnect,
    /// The database in messages: without the password.
    pub(super) place: String,
}

impl Target {
    /// Reads the URL.
    pub(super) fn new(options: &PostgresqlOptions) -> Result<Self, OpenError> {
        let refused =
            |problem: String| OpenError::Engine { place: "PostgreSQL".to_owned(), problem };
        // Not the error's own words: they may repeat a part of the URL.
        let mut config: Config =
            options.url.parse().map_err(|_| refused("its URL cannot be understood".to_owned()))?;
        config.application_name("posthouse");
        config.connect_timeout(CONNECT);
        config.tcp_user_timeout(SILENCE);
        config.keepalives_idle(Duration::from_secs(30));
        let host = match config.get_hosts().first() {
            Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
            Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
            None => "localhost".to_owned(),
        };
        let database = config.get_dbname().or(config.get_user()).unwrap_or("?");
        let place = format!("PostgreSQL database {database} on {host}");
        let tls = tls(config.get_ssl_mode()).map_err(refused)?;
        Ok(Self { config, tls, place })
    }

    /// A connection of its own. What drives it ends with it; then `gone` is dropped.
    pub(super) async fn connect<G: Send + 'static>(
        &self,
        gone: G,
    ) -> Result<tokio_postgres::Client, OpenError> {
        let connecting = self.config.connect(self.tls.clone());
        let (client, connection) =
            connecting.await.map_err(|error| opening(&self.place, &error))?;
        tokio::spawn(async move {
            // Its error is what each of its statements then says.
            let _ = connection.await;
            drop(gone);
        });
        client.batch_execute(SETTINGS).await.map_err(|error| opening(&self.place, &error))?;
        Ok(client)
    }

    /// Connections that are shared, at most `most`.
    pub(super) fn pool(&self, most: usize) -> Result<Pool, OpenError> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(self.config.clone(), self.tls.clone(), recycling);
        let settle = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
            Box::pin(async move {
                client.batch_execute(SETTINGS).await.map_err(deadpool_postgres::HookError::Backend)
            })
        });
        Pool::builder(manager)
            .max_size(most.max(2))
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts { wait: Some(WAIT), create: Some(CONNECT), recycle: Some(CONNECT) })
            .post_create(settle)
            .build()
            .map_err(|error| {
                let (place, problem) = (self.place.clone(), error.to_string());
                OpenError::Engine { place, problem }
            })
    }
}

/// The machine's trusted authorities; unless no connection may be encrypted.
fn tls(mode: SslMode) -> Result<MakeRustlsConnect, String> {
    let mut roots = rustls::RootCertStore::empty();
    if mode != SslMode::Disable {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() && mode == SslMode::Require {
            return Err("TLS is required, but this machine trusts no authorities".to_owned());
        }
    }
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
