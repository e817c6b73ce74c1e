//! What is served over HTTP: the API, and the figures for those who watch over the server.

use crate::config::{Config, Entrance};
use crate::ending::Ender;
use crate::host::now;
use crate::http::{Answer, Http, Method, MetricsSite, Readiness, Request, Site, StatusCode};
use crate::metrics::{ApiResult, Metrics};
use crate::services::Services;
use crate::shutdown::Shutdown;
use crate::stream::Stream;
use api::Api;
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout, timeout_at};

/// Everything served over HTTP.
#[derive(Debug)]
pub(crate) struct Web {
    http: Http,
    api: Arc<ApiSite>,
    figures: Arc<MetricsSite>,
    services: Arc<Services>,
    handshake: Duration,
}

impl Web {
    /// As configured.
    pub(crate) fn new(config: &Config, services: Arc<Services>, readiness: Readiness) -> Self {
        let ender =
            Ender { sessions: services.sessions.clone(), metrics: services.metrics.clone() };
        let api = Api::new(services.accounts.clone(), Arc::new(ender));
        Self {
            http: Http::new(&config.limits, services.metrics.clone()),
            api: Arc::new(ApiSite {
                api,
                bound: config.limits.logout_timeout,
                metrics: services.metrics.clone(),
                shutdown: services.shutdown.clone(),
            }),
            figures: Arc::new(MetricsSite::new(services.metrics.clone(), readiness)),
            handshake: config.limits.login_timeout,
            services,
        }
    }

    /// Serves one connection to its end.
    pub(crate) async fn serve(&self, entrance: Entrance, stream: Stream, peer: SocketAddr) {
        let stop = &self.services.shutdown;
        let stream = match (entrance.is_tls(), stream) {
            (true, Stream::Tcp(tcp)) => {
                match timeout(self.handshake, self.services.tls.accept(tcp)).await {
                    Ok(Ok(stream)) => stream,
                    Ok(Err(_)) | Err(_) => return self.services.metrics.tls_failed(entrance),
                }
            }
            (_, stream) => stream,
        };
        let address = peer.ip();
        match entrance {
            Entrance::Metrics => {
                self.http.serve(stream, entrance, address, self.figures.clone(), stop).await;
            }
            _ => self.http.serve(stream, entrance, address, self.api.clone(), stop).await,
        }
    }
}

/// The API as a site.
#[derive(Debug)]
struct ApiSite {
    api: Api,
    /// The bound of promise L7: from a request's being read to its answer.
    bound: Duration,
    metrics: Metrics,
    shutdown: Shutdown,
}

impl Site for ApiSite {
    async fn answer(&self, request: Request) -> Answer {
        let started = Instant::now();
        let answer = if request.method == Method::POST {
            self.within_bound(&request, started).await
        } else if request.method == Method::GET {
            self.api.get(&request.path, now())
        } else {
            self.api.wrong_verb(&request.path, now())
        };
        if let Some(method) = answer.method {
            let failed = answer.error.is_some() || answer.status != 200;
            let result = if failed { ApiResult::Failure } else { ApiResult::Success };
            self.metrics.api_request(method, result, started.elapsed());
        }
        log(&answer, &request);
        // Whoever guesses waits. Nobody else does: the shortest sleep takes a millisecond.
        if !answer.delay.is_zero() {
            sleep(answer.delay).await;
        }
        json(answer)
    }

    fn refuse(&self, status: StatusCode) -> Answer {
        Answer { status, ..json(self.api.unreadable(now())) }
    }
}

impl ApiSite {
    /// The answer to a POST, at the end of the bound at the latest. What was asked for is done to its
    /// end in any case: storage that hangs may come back, and then the sessions end.
    async fn within_bound(&self, request: &Request, started: Instant) -> api::Answer {
        let received = self.api.receive(&request.path, now());
        let late = received.clone();
        // A little earlier, so that it can say itself what it could not confirm.
        let deadline = started + self.bound - self.bound / 20;
        let (body, peer) = (request.body.clone(), request.peer);
        let bound = started + self.bound;
        let hold = self.shutdown.hold();
        let work = async move {
            let answer = received.answer(&body, peer, deadline).await;
            if Instant::now() > bound {
                let error = answer.error.map(|number| number.to_string());
                tracing::warn!(audit = %answer.audit, error, "API request done after its bound");
            }
            drop(hold);
            answer
        };
        match timeout_at(bound.into(), tokio::spawn(work)).await {
            Ok(Ok(answer)) => answer,
            // It panicked; the hook has told the log.
            Ok(Err(_)) => api::Answer { status: 500, ..late.late() },
            Err(_) => {
                self.metrics.logout_unconfirmed();
                late.late()
            }
        }
    }
}

fn log(answer: &api::Answer, request: &Request) {
    let method = answer.method.unwrap_or("unknown");
    let (actor, error) = (answer.actor.as_deref(), answer.error.map(|number| number.to_string()));
    let (audit, peer, status) = (&answer.audit, request.peer, answer.status);
    match &answer.cause {
        Some(cause) => {
            tracing::error!(%audit, method, actor, %peer, status, error, cause, "API request broke")
        }
        None => tracing::info!(%audit, method, actor, %peer, status, error, "API request"),
    }
}

fn json(answer: api::Answer) -> Answer {
    Answer {
        status: StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        content_type: "application/json",
        body: Bytes::from(answer.body),
    }
}
