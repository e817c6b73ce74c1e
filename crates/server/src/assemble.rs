//! Putting the server together from its configuration, running it, and taking it apart.

use crate::announce;
use crate::certificate::Certificates;
use crate::config::{Config, Entrance};
use crate::doors::Doors;
use crate::ending::Ender;
use crate::executor::MailExecutor;
use crate::expiry;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::now;
use crate::http::Readiness;
use crate::listener::Listener;
use crate::maintenance;
use crate::metrics::Metrics;
use crate::protocols::Protocols;
use crate::services::Services;
use crate::shutdown::Shutdown;
use crate::tls::Acceptor;
use crate::web::Web;
use accounts::Accounts;
use sessions::Sessions;
use std::sync::Arc;
use std::time::Duration;
use storage::Storage;
use terms::{Incarnation, NodeId};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Connections at once to /metrics and the health checks: of their own, so that a crowd at the API
/// does not make the server look dead.
const METRICS_CONNECTIONS: usize = 100;

/// A running server.
pub struct Server {
    /// What every connection shares.
    pub(crate) services: Arc<Services>,
    /// The certificate shown.
    pub(crate) certificates: Arc<Certificates>,
    listeners: Vec<(Entrance, String)>,
    /// Tasks that end when the server begins to stop.
    running: JoinSet<()>,
    readiness: Readiness,
    shutdown_timeout: Duration,
    mail: MailExecutor,
}

impl Server {
    /// Opens the store and every listener, and begins to accept. Mail is served by threads of its own,
    /// all else on the runtime that this is called on.
    ///
    /// # Errors
    /// One sentence about what is wrong. Nothing is left open.
    pub async fn start(config: &Config) -> Result<Self, Failure> {
        let certificates = Certificates::load(config)?;
        let tls = Acceptor::new(certificates.server_config()?);
        let mail = MailExecutor::start()
            .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
        // Bound before the store is opened: a taken port must not cost a recovery.
        let mut bound = Vec::new();
        for (entrance, endpoint) in config.listen.all() {
            let place = endpoint.clone();
            // By whom it accepts for: a socket belongs to the runtime that opened it.
            let binding =
                executor_of(entrance, &mail).spawn(async move { Listener::bind(&place).await });
            let listener = binding
                .await
                .map_err(|error| Failure::Other(format!("cannot listen: {error}")))??;
            bound.push((entrance, endpoint.clone(), listener));
        }
        let storage = Storage::open(config.storage.options(&config.data_dir)?).await?;
        let limits = &config.limits;
        let accounts = Accounts::new(
            storage.clone(),
            accounts::Options {
                throttle: config.auth.throttle,
                trusted_networks: limits.trusted_networks.clone(),
                ..accounts::Options::default()
            },
        )
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
        let sessions = Sessions::new(
            cluster::Node { id: NodeId(1), incarnation: Incarnation(now().0.cast_unsigned()) },
            sessions::Limits {
                per_account: limits.sessions_per_account as usize,
                per_account_and_address: limits.sessions_per_account_and_address as usize,
            },
        );
        let metrics = Metrics::new();
        let services = Arc::new(Services {
            storage,
            accounts,
            sessions,
            tls,
            shutdown: Shutdown::default(),
            metrics,
            plaintext_on_loopback: config.auth.plaintext_on_loopback,
            trusted_networks: limits.trusted_networks.clone(),
        });
        let readiness = Readiness::default();
        let doors = Arc::new(Doors {
            protocols: Arc::new(Protocols::new(config, services.clone())),
            web: Arc::new(Web::new(config, services.clone(), readiness.clone())),
            services: services.clone(),
            all: Gate::new(limits.connections as usize, limits.connections_per_address as usize),
            lmtp: Gate::new(
                limits.lmtp_connections as usize,
                limits.lmtp_connections_per_address as usize,
            ),
            api: Gate::new(
                limits.http_connections as usize,
                limits.http_connections_per_address as usize,
            ),
            metrics: Gate::new(METRICS_CONNECTIONS, usize::MAX),
        });
        let mut server = Self {
            services,
            certificates,
            listeners: Vec::new(),
            running: JoinSet::new(),
            readiness: readiness.clone(),
            shutdown_timeout: config.shutdown_timeout,
            mail,
        };
        for (entrance, endpoint, listener) in bound {
            let shown =
                listener.local_addr().map_or(endpoint.to_string(), |bound| bound.to_string());
            server.listeners.push((entrance, shown));
            let accepting = doors.clone().accept_until_stop(entrance, listener);
            server.running.spawn_on(accepting, &executor_of(entrance, &server.mail));
        }
        let services = server.services.clone();
        let ender =
            Ender { sessions: services.sessions.clone(), metrics: services.metrics.clone() };
        server.running.spawn(expiry::end_tokens_until_stop(services.clone(), ender));
        let (retention, every) = (config.storage.retention, config.storage.tidy_every);
        server.running.spawn(maintenance::tidy_until_stop(services, retention, every));
        readiness.ready();
        Ok(server)
    }

    /// The listeners with the addresses they are bound to.
    pub fn listeners(&self) -> &[(Entrance, String)] {
        &self.listeners
    }

    /// Who is connected.
    pub fn sessions(&self) -> &Sessions {
        &self.services.sessions
    }

    /// Where mail is served; for tests that keep it busy.
    pub fn mail_executor(&self) -> &Handle {
        self.mail.handle()
    }

    /// Says that every listener accepts.
    pub fn announce(&self) {
        announce::ready(&self.listeners);
    }

    /// Reads the certificate again. The old one stays if the new one is no good.
    pub fn reload(&self) {
        announce::reloading();
        match self.certificates.reload() {
            Ok(()) => tracing::info!("certificates reloaded"),
            Err(error) => tracing::error!(%error, "certificates not reloaded, the old ones stay"),
        }
        announce::ready_again();
    }

    /// Stops: no more connections, every session is told and ended, requests of the API that were
    /// received are carried out and answered, what is queued is written.
    pub async fn stop(mut self) {
        announce::stopping();
        self.readiness.stopping();
        self.services.shutdown.begin();
        let ending = self.services.sessions.shutdown();
        let stopped = timeout(self.shutdown_timeout, async {
            while self.running.join_next().await.is_some() {}
            ending.finished().await;
            self.services.shutdown.released().await;
        });
        if stopped.await.is_err() {
            tracing::warn!(
                open = ending.report().open.len(),
                "sessions and requests cut: shutdown_timeout reached"
            );
        }
        self.services.storage.close().await;
    }
}

/// Whose threads serve the clients that come in there.
fn executor_of(entrance: Entrance, mail: &MailExecutor) -> Handle {
    if entrance.is_mail() { mail.handle().clone() } else { Handle::current() }
}

/// Runs the server until a signal stops it.
///
/// # Errors
/// One sentence about why it could not start.
pub async fn serve(config: Config) -> Result<(), Failure> {
    let server = Server::start(&config).await?;
    server.announce();
    let mut hangup = on(SignalKind::hangup())?;
    let mut interrupted = std::pin::pin!(interrupted());
    loop {
        tokio::select! {
            _ = hangup.recv() => server.reload(),
            () = &mut interrupted => break,
        }
    }
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

fn on(kind: SignalKind) -> Result<tokio::signal::unix::Signal, Failure> {
    signal(kind).map_err(|error| Failure::Other(format!("cannot listen to signals: {error}")))
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn interrupted() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
