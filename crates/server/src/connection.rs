//! One connection, from accepted socket to closed socket.
//!
//! The dialogue and the socket are polled side by side in one task, together with the order to end.
//! Whatever the dialogue is doing (waiting in IDLE, half-way through a literal, inside storage, behind
//! a slow reader), an order drops it at its next poll, cuts the socket, and only then gives the
//! session's place back. That is the whole of ending a session.

use crate::exchange::Exchange;
use crate::host::Seat;
use crate::services::Services;
use crate::stream::Stream;
use carrier::{Drain, Feed, Input, Output, Over};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use terms::EndReason;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

/// A dialogue under way. Boxed, so that a connection's task does not depend on its protocol.
pub(crate) type Dialogue = Pin<Box<dyn Future<Output = Over> + Send>>;

/// The words with which a protocol tells a client that we end its session.
pub(crate) type Farewell = fn(EndReason) -> &'static [u8];

/// How long the connection waits for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// From connection to login, TLS included; nothing where nobody logs in.
    pub(crate) login: Option<Duration>,
    /// Between two signs of life.
    pub(crate) idle: Duration,
    /// With bytes that the client does not take.
    pub(crate) send: Duration,
}

/// How long a client that leaves may take to read our last words.
const PARTING: Duration = Duration::from_secs(30);

/// How long the order to end may take to follow what made the login void.
const ORDER_FOLLOWS: Duration = Duration::from_secs(5);

/// Why the dialogue is not polled any more.
enum Pause {
    /// It came to its own end: the client left.
    Left,
    /// It came to its own end: its login is void, and we end the session.
    Void,
    /// It waits for TLS.
    StartTls,
    /// We end the session.
    Ordered(EndReason),
    /// The socket is broken.
    Broken,
}

/// Whether the dialogue is polled again.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

/// One connection with its dialogue. What is dropped unfinished (a task that panics, a runtime that
/// stops) is dropped in this order, so that the session's place goes last in any case.
pub(crate) struct Connection {
    dialogue: Option<Dialogue>,
    /// The socket; taken when it is closed.
    exchange: Option<Exchange>,
    services: Arc<Services>,
    farewell: Farewell,
    patience: Patience,
    started: Instant,
    last_sign: Instant,
    timer: Pin<Box<Sleep>>,
    end: End,
    /// Whether `end` is the session's order, rather than the server's stop.
    in_session: bool,
    seat: Arc<Seat>,
}

/// Resolves when we end the connection.
type End = Pin<Box<dyn Future<Output = EndReason> + Send>>;

/// The dialogue's ends of the pipes, and the connection's.
pub(crate) fn pipes() -> (Feed, Input, Output, Drain) {
    let (feed, input) = carrier::input();
    let (output, drain) = carrier::output();
    (feed, input, output, drain)
}

impl Connection {
    /// A connection that was accepted at `started`.
    pub(crate) fn new(
        services: Arc<Services>,
        seat: Arc<Seat>,
        dialogue: Dialogue,
        exchange: Exchange,
        farewell: Farewell,
        patience: Patience,
        started: Instant,
    ) -> Self {
        let stopping = services.shutdown.clone();
        let end: End = Box::pin(async move {
            stopping.begun().await;
            EndReason::Shutdown
        });
        Self {
            dialogue: Some(dialogue),
            exchange: Some(exchange),
            services,
            farewell,
            patience,
            started,
            last_sign: started,
            timer: Box::pin(sleep_until(started + patience.login.unwrap_or(patience.idle))),
            end,
            in_session: false,
            seat,
        }
    }

    /// Runs it to its end. When this returns, the socket is closed and the session's place is free.
    pub(crate) async fn run(&mut self) {
        loop {
            let pause = poll_fn(|cx| self.poll_pause(cx)).await;
            // Boxed: it is not to take room in the connections that wait.
            if Box::pin(self.after(pause)).await == Next::End {
                break;
            }
        }
        // Nothing of the session is left but its place.
        drop(self.seat.leave());
    }

    async fn after(&mut self, pause: Pause) -> Next {
        let Some(exchange) = self.exchange.take() else { return Next::End };
        if let Pause::StartTls = pause {
            self.exchange = self.start_tls(exchange).await;
            return if self.exchange.is_some() { Next::GoOn } else { Next::End };
        }
        // Whatever it was doing stops here.
        self.dialogue = None;
        match pause {
            Pause::Left => self.part(exchange).await,
            Pause::Ordered(reason) => exchange.cut((self.farewell)(reason)).await,
            Pause::Void => {
                let reason = self.order_that_follows().await;
                exchange.cut((self.farewell)(reason)).await;
            }
            Pause::Broken | Pause::StartTls => exchange.reset(),
        }
        Next::End
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<Pause> {
        loop {
            if let Poll::Ready(reason) = self.poll_order(cx) {
                return Poll::Ready(Pause::Ordered(reason));
            }
            if let Some(dialogue) = &mut self.dialogue
                && let Poll::Ready(over) = dialogue.as_mut().poll(cx)
            {
                return Poll::Ready(match over {
                    Over::Left => Pause::Left,
                    Over::Void => Pause::Void,
                });
            }
            if self.seat.wants_tls() {
                return Poll::Ready(Pause::StartTls);
            }
            if !self.in_session && self.seat.is_taken() {
                // The dialogue has just logged in: listen before anything it said is sent.
                continue;
            }
            let Some(exchange) = &mut self.exchange else { return Poll::Ready(Pause::Broken) };
            match exchange.poll_move(cx) {
                Poll::Ready(Ok(())) => self.sign_of_life(),
                Poll::Ready(Err(_)) => return Poll::Ready(Pause::Broken),
                Poll::Pending => {
                    let stalled = !exchange.is_flushed();
                    return self.poll_patience(cx, stalled);
                }
            }
        }
    }

    /// The order to end: the session's once somebody is logged in, before that the server's stop.
    fn poll_order(&mut self, cx: &mut Context<'_>) -> Poll<EndReason> {
        if !self.in_session
            && let Some(orders) = self.seat.orders()
        {
            self.end = Box::pin(async move { orders.end().await.reason });
            self.in_session = true;
        }
        self.end.as_mut().poll(cx)
    }

    /// Why the login is void. The session met the raised epoch before the order arrived, which says it.
    async fn order_that_follows(&mut self) -> EndReason {
        let order = poll_fn(|cx| self.poll_order(cx));
        // Without one, it is not the account that was acted upon.
        timeout(ORDER_FOLLOWS, order).await.unwrap_or(EndReason::CredentialRevoked)
    }

    fn sign_of_life(&mut self) {
        self.last_sign = Instant::now();
        self.seat.note_activity();
    }

    fn deadline(&self, stalled: bool) -> Instant {
        let silence = if stalled { self.patience.send } else { self.patience.idle };
        let silence = self.last_sign + silence;
        match self.patience.login {
            Some(login) if !self.seat.is_taken() => silence.min(self.started + login),
            _ => silence,
        }
    }

    fn poll_patience(&mut self, cx: &mut Context<'_>, stalled: bool) -> Poll<Pause> {
        let deadline = self.deadline(stalled);
        if stalled && self.timer.deadline() > deadline {
            self.timer.as_mut().reset(deadline);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if deadline <= Instant::now() {
                return Poll::Ready(Pause::Ordered(EndReason::Inactive));
            }
            self.timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    /// Nobody is logged in yet, so there is no session to end meanwhile.
    async fn start_tls(&mut self, exchange: Exchange) -> Option<Exchange> {
        let patience = self.deadline(false).saturating_duration_since(Instant::now());
        let secured = timeout(patience, exchange.secure(&self.services.tls)).await.ok()?.ok()?;
        self.seat.tls_is_on();
        self.last_sign = Instant::now();
        Some(secured)
    }

    /// The client left. Its session stays in the registry, and can be ended, until the client's
    /// side has all that was said.
    async fn part(&mut self, mut exchange: Exchange) {
        let mut finished = Box::pin(timeout(PARTING, exchange.finish()));
        let result = poll_fn(|cx| match self.poll_order(cx) {
            Poll::Ready(reason) => Poll::Ready(Err(reason)),
            Poll::Pending => finished.as_mut().poll(cx).map(Ok),
        })
        .await;
        drop(finished);
        match result {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(_)) | Err(_)) | Err(_) => exchange.reset(),
        }
    }
}

impl Exchange {
    /// Switches TLS on: what the client sent before does not count.
    async fn secure(self, tls: &crate::tls::Acceptor) -> io::Result<Exchange> {
        let (stream, feed, drain) = self.into_parts();
        match stream {
            Stream::Tcp(tcp) => Ok(Exchange::new(tls.accept(tcp).await?, feed, drain)),
            Stream::Tls(_) | Stream::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}
