//! The connection as its dialogue sees it: logging in, switching TLS on, the time.

use crate::gate::Doorstep;
use crate::metrics::Present;
use crate::services::Services;
use accounts::{Credentials, Refusal};
use carrier::{Attempt, Gone, Host, LoginError, Security};
use parking_lot::Mutex;
use sessions::{ConfirmError, Guard, Orders, Session};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use storage::{Credential, Login};
use terms::{EndReason, FolderName, UnixTime, printable};
use tokio::sync::oneshot;

/// How often an idle client hears from us, so that no firewall forgets the connection.
const KEEPALIVE: Duration = Duration::from_secs(120);

/// So many letters of a login name are logged: whoever makes up a longer one has written enough.
const LOGGED: usize = 100;

/// The time, in whole seconds.
pub(crate) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // Before 1970 there was no mail: a clock that says so is answered with the epoch.
    UnixTime(since.map_or(0, |since| since.as_secs().cast_signed()))
}

/// A session's place among the live ones.
#[derive(Debug)]
pub(crate) struct Place {
    guard: Guard,
    orders: Orders,
    /// Counted as a live session.
    _present: Present,
}

impl Drop for Place {
    fn drop(&mut self) {
        let record = self.guard.record();
        let session = &record.session;
        tracing::info!(
            session = %self.guard.key(),
            protocol = session.protocol.name(),
            peer = %session.peer,
            login = printable(&session.login, LOGGED),
            client = record.client.as_deref(),
            age = record.age(now()),
            end = record.ending.map(EndReason::name),
            "session over"
        );
    }
}

/// What a connection and its dialogue share. The connection takes the session out of it, and drops
/// its guard last of all, when the socket is closed.
#[derive(Debug)]
pub(crate) struct Seat {
    session: Mutex<Option<Place>>,
    tls: AtomicBool,
    tls_wish: Mutex<Option<oneshot::Sender<()>>>,
}

impl Seat {
    /// Of a connection that has TLS from the start, or not.
    pub(crate) fn new(tls: bool) -> Self {
        Self { session: Mutex::default(), tls: AtomicBool::new(tls), tls_wish: Mutex::default() }
    }

    /// Where the session's order to end arrives, once it is logged in.
    pub(crate) fn orders(&self) -> Option<Orders> {
        self.session.lock().as_ref().map(|place| place.orders.clone())
    }

    /// Notes that the client was heard.
    pub(crate) fn note_activity(&self) {
        if let Some(place) = self.session.lock().as_ref() {
            place.guard.note_activity(now());
        }
    }

    /// Whether somebody is logged in.
    pub(crate) fn is_taken(&self) -> bool {
        self.session.lock().is_some()
    }

    /// The session's place, for the connection to drop when nothing else of it is left.
    pub(crate) fn leave(&self) -> Option<Place> {
        self.session.lock().take()
    }

    /// Whether the dialogue waits for TLS; the answer goes to [`Seat::tls_is_on`].
    pub(crate) fn wants_tls(&self) -> bool {
        self.tls_wish.lock().is_some()
    }

    /// TLS is on: the dialogue may go on.
    pub(crate) fn tls_is_on(&self) {
        self.tls.store(true, Ordering::Relaxed);
        if let Some(wish) = self.tls_wish.lock().take() {
            // Fails only if the dialogue is gone.
            let _ = wish.send(());
        }
    }
}

/// A login with its place.
type Admitted = (Login, Place);

/// A connection, in the hands of its dialogue.
pub(crate) struct ConnectionHost {
    services: Arc<Services>,
    seat: Arc<Seat>,
    peer: SocketAddr,
    /// Said before there was a session to note it on.
    client: Option<String>,
    doorstep: Option<Doorstep>,
}

impl ConnectionHost {
    /// For a connection from `peer`, which holds a place at the door until somebody logs in.
    pub(crate) fn new(
        services: Arc<Services>,
        seat: Arc<Seat>,
        peer: SocketAddr,
        doorstep: Option<Doorstep>,
    ) -> Self {
        Self { services, seat, peer, client: None, doorstep }
    }

    fn trusted(&self) -> bool {
        self.services.is_trusted(self.peer.ip())
    }

    /// Checks credentials, and gives the login its place. None: an act that voids logins was quicker.
    async fn try_once(&self, credentials: &Credentials) -> Result<Option<Admitted>, LoginError> {
        let checked = self.services.log_in(credentials.clone(), self.peer.ip()).await;
        let login = checked.map_err(refused)?;
        Ok(self.admit(&login).await?.map(|place| (login, place)))
    }

    async fn admit(&self, login: &Login) -> Result<Option<Place>, LoginError> {
        let on_behalf = match login.credential {
            Credential::OnBehalf { administrator, .. } => Some(administrator.to_string().into()),
            Credential::Password | Credential::AppPassword(_) | Credential::Token(_) => None,
        };
        let unconfirmed = self
            .services
            .sessions
            .register(Session {
                account: login.account,
                epoch: login.epoch,
                protocol: login.protocol,
                peer: self.peer,
                tls: self.security().tls,
                trusted: self.trusted(),
                login: login.name.as_str().into(),
                on_behalf,
                alias: login.alias.clone().map(Box::new),
                credential: login.credential,
                since: now(),
            })
            .map_err(|refusal| match refusal {
                sessions::Refusal::Account(_) | sessions::Refusal::Address(_) => {
                    LoginError::TooManySessions
                }
                sessions::Refusal::Shutdown => LoginError::Unavailable,
            })?;
        if let Some(client) = &self.client {
            unconfirmed.note_client(client);
        }
        let stands = self.services.storage.login_stands(login);
        let (guard, orders) = match unconfirmed.confirm(stands).await {
            Ok(confirmed) => confirmed,
            Err(ConfirmError::Void) => return Ok(None),
            Err(ConfirmError::Unknown(_)) => return Err(LoginError::Unavailable),
        };
        let protocol = login.protocol;
        tracing::info!(
            session = %guard.key(),
            protocol = protocol.name(),
            peer = %self.peer,
            tls = self.security().tls,
            login = printable(&login.name, LOGGED),
            account = %login.address,
            "session opened"
        );
        let present = self.services.metrics.session(protocol);
        Ok(Some(Place { guard, orders, _present: present }))
    }
}

impl Host for ConnectionHost {
    fn now(&self) -> UnixTime {
        now()
    }

    fn security(&self) -> Security {
        let tls = self.seat.tls.load(Ordering::Relaxed);
        Security {
            tls,
            starttls: !tls,
            plaintext_login: tls
                || (self.services.plaintext_on_loopback
                    && self.peer.ip().to_canonical().is_loopback()),
        }
    }

    async fn start_tls(&mut self) -> Result<(), Gone> {
        let (wish, granted) = oneshot::channel();
        *self.seat.tls_wish.lock() = Some(wish);
        granted.await.map_err(|_| Gone)
    }

    async fn log_in(&mut self, attempt: Attempt) -> Result<Login, LoginError> {
        // Boxed: some kilobytes, which are not to be kept for as long as the dialogue lives.
        Box::pin(self.attempt(attempt)).await
    }

    fn client_named(&mut self, name: &str) {
        match self.seat.session.lock().as_ref() {
            Some(place) => place.guard.note_client(name),
            None => self.client = Some(name.chars().take(200).collect()),
        }
    }

    fn folder_opened(&mut self, folder: Option<&FolderName>) {
        if let Some(place) = self.seat.session.lock().as_ref() {
            place.guard.note_folder(folder.map(FolderName::as_str));
        }
    }

    async fn keepalive(&mut self) {
        tokio::time::sleep(KEEPALIVE).await;
    }
}

impl ConnectionHost {
    async fn attempt(&mut self, attempt: Attempt) -> Result<Login, LoginError> {
        let (protocol, name) = (attempt.protocol, attempt.name.clone());
        let credentials = Credentials {
            protocol,
            name: attempt.name,
            on_behalf_of: attempt.on_behalf_of,
            secret: attempt.secret,
        };
        let mut admitted = self.try_once(&credentials).await;
        if let Ok(None) = admitted {
            // It may be right by what is stored now: a logout takes nobody's password away.
            self.services.metrics.login_overtaken();
            admitted = self.try_once(&credentials).await;
        }
        let admitted = admitted.and_then(|admitted| admitted.ok_or(LoginError::Unavailable));
        self.services.metrics.login(protocol, admitted.as_ref().map(|_| ()));
        let (login, place) = admitted.inspect_err(|error| {
            let name = printable(&name, LOGGED);
            tracing::info!(protocol = protocol.name(), peer = %self.peer, name, %error, "login refused");
        })?;
        *self.seat.session.lock() = Some(place);
        // It waits at the door no longer.
        self.doorstep = None;
        Ok(login)
    }
}

fn refused(refusal: Refusal) -> LoginError {
    match refusal {
        Refusal::Invalid => LoginError::Invalid,
        Refusal::NotAllowed => LoginError::NotAllowed,
        Refusal::Throttled => LoginError::Throttled,
        Refusal::Unavailable => LoginError::Unavailable,
    }
}
