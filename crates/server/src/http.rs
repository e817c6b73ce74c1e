//! HTTP/1.1 on an accepted stream: bounded headers, bodies and waits, then a [`Site`] answers.
//! Knows neither the API nor the metrics, which are sites below.
//!
//! Header names go out in title case: a client of the API looks for `Content-Type` by letter.

mod forwarded;
mod metrics;
mod stall;

use crate::config::{Entrance, Limits};
use crate::metrics::Metrics;
use crate::shutdown::{Hold, Shutdown};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, EXPECT, HOST, HeaderValue};
use hyper::http::Version;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use terms::Network;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

pub use hyper::{Method, StatusCode};
pub use metrics::{MetricsSite, Readiness};
use stall::Stall;

/// A request, whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST`, mostly.
    pub method: Method,
    /// The path as sent, without the query.
    pub path: String,
    /// The body; empty if there was none.
    pub body: Bytes,
    /// Where it comes from.
    pub peer: IpAddr,
}

/// What is sent back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

/// What answers requests.
pub trait Site: Send + Sync + 'static {
    /// What an answer of status 405 says is allowed (RFC 9110 §15.5.6).
    const ALLOW: &'static str = "POST";

    /// The answer to a request. It runs to its end even if the client goes away meanwhile.
    fn answer(&self, request: Request) -> impl Future<Output = Answer> + Send;

    /// The answer to a request that is not even looked at.
    fn refuse(&self, status: StatusCode) -> Answer;
}

/// How HTTP is served.
#[derive(Debug)]
pub struct Http {
    connection: http1::Builder,
    body_size: usize,
    body_timeout: Duration,
    /// Room for large bodies: who has not logged in yet must not fill the memory.
    large: Semaphore,
    send_timeout: Duration,
    trusted: Vec<Network>,
    metrics: Metrics,
}

impl Http {
    /// With these limits.
    pub fn new(limits: &Limits, metrics: Metrics) -> Self {
        let header_size = limits.http_header_size.in_memory();
        let mut connection = http1::Builder::new();
        connection
            .timer(TokioTimer::new())
            .title_case_headers(true)
            // Who closes his side behind a whole request may still wait for its answer, and what he
            // asked for is done in any case.
            .half_close(true)
            .max_header_size(header_size)
            .max_buf_size(header_size.max(SMALLEST_BUFFER))
            .header_read_timeout(limits.http_header_timeout);
        Self {
            connection,
            body_size: limits.http_body_size.in_memory(),
            body_timeout: limits.http_body_timeout,
            large: Semaphore::new(LARGE_AT_ONCE),
            send_timeout: limits.send_timeout,
            trusted: limits.trusted_networks.clone(),
            metrics,
        }
    }

    /// Serves one connection until the client leaves, is too slow, or, when the server stops, has its
    /// last answer.
    pub(crate) async fn serve<S: Site>(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        entrance: Entrance,
        peer: IpAddr,
        site: Arc<S>,
        shutdown: &Shutdown,
    ) {
        let service = service_fn(async |request| {
            let answer = self.answer(request, peer, Arc::clone(&site), shutdown).await;
            self.metrics.http_answer(entrance, answer.status().as_u16());
            Ok::<_, Infallible>(answer)
        });
        let stream = TokioIo::new(Stall::new(stream, self.send_timeout));
        let mut connection = pin!(self.connection.serve_connection(stream, service));
        let result = tokio::select! {
            result = connection.as_mut() => result,
            () = shutdown.begun() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = result {
            // The client's fault or its leaving: of interest only to who looks for it.
            tracing::debug!(%peer, %error, "an HTTP connection ended early");
        }
    }

    async fn answer<S: Site>(
        &self,
        request: hyper::Request<Incoming>,
        peer: IpAddr,
        site: Arc<S>,
        shutdown: &Shutdown,
    ) -> hyper::Response<Kept> {
        let (head, body) = request.into_parts();
        match self.read(&head, body).await {
            Ok((body, room)) => {
                let request = Request {
                    method: head.method,
                    path: head.uri.path().to_owned(),
                    body,
                    peer: forwarded::client(peer, &head.headers, &self.trusted),
                };
                let site = Arc::clone(&site);
                // A task of its own: what was asked is not left half done when the client hangs up, or
                // the server stops.
                let work = tokio::spawn({
                    let (site, hold) = (Arc::clone(&site), shutdown.hold());
                    async move {
                        let answer = site.answer(request).await;
                        drop(hold);
                        answer
                    }
                });
                let hold = shutdown.hold();
                let answer = work.await;
                drop(room);
                // It panicked; the hook has told the log.
                let answer =
                    answer.unwrap_or_else(|_| site.refuse(StatusCode::INTERNAL_SERVER_ERROR));
                response::<S>(answer).map(|body| Kept { body, _hold: Some(hold) })
            }
            Err(status) => {
                let mut refusal = response::<S>(site.refuse(status));
                // What is left of the body is not read.
                refusal.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                refusal.map(|body| Kept { body, _hold: None })
            }
        }
    }

    /// The whole body, or why not.
    async fn read(&self, head: &Parts, mut body: Incoming) -> Result<Read<'_>, StatusCode> {
        if !names_its_host(head) {
            return Err(StatusCode::BAD_REQUEST);
        }
        // Asking for the body makes hyper say `100 Continue` to who waits for it: not for nothing.
        let waits = head.headers.contains_key(EXPECT);
        if waits && body.size_hint().lower() > self.body_size as u64 {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let collected = timeout(self.body_timeout, self.collect(&mut body)).await;
        collected.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
    }

    /// Reads a body of at most `body_size` bytes. A larger one is read and forgotten, within reason:
    /// most clients look for an answer only when they have said everything, and one that is cut off
    /// before may never see it.
    async fn collect(&self, body: &mut Incoming) -> Result<Read<'_>, StatusCode> {
        let limit = self.body_size;
        let mut whole = BytesMut::new();
        let mut room = None;
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
            let Ok(data) = frame.into_data() else { continue };
            length += data.len();
            if length > SMALL && room.is_none() {
                // Never closed. Waiting is bounded by the time that the body may take.
                room = self.large.acquire().await.ok();
            }
            if length <= limit {
                whole.extend_from_slice(&data);
            } else if length - limit > MOST_FORGOTTEN {
                break;
            } else {
                whole = BytesMut::new();
            }
        }
        if length > limit {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        Ok((whole.freeze(), room))
    }
}

/// A body, and the room that a large one takes until it is answered.
type Read<'a> = (Bytes, Option<SemaphorePermit<'a>>);

/// A body of at most this many bytes needs no room among the large ones. Hardly any request is larger.
const SMALL: usize = 64 * 1024;

/// How many large bodies may be held at once. What is made of them takes several times their size.
const LARGE_AT_ONCE: usize = 8;

/// How many bytes beyond the limit are read and forgotten.
const MOST_FORGOTTEN: usize = 64 << 20;

/// hyper takes no smaller ones.
const SMALLEST_BUFFER: usize = 8192;

/// RFC 9112 §3.2: a request of HTTP/1.1 names its host, and none does so twice.
fn names_its_host(head: &Parts) -> bool {
    match head.headers.get_all(HOST).iter().count() {
        0 => head.version < Version::HTTP_11,
        count => count == 1,
    }
}

/// A body on its way out. The server does not end before it is written.
struct Kept {
    body: Full<Bytes>,
    _hold: Option<Hold>,
}

impl Body for Kept {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn response<S: Site>(answer: Answer) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static(S::ALLOW));
    }
    response
}

#[cfg(test)]
mod tests;
