//! `/metrics`, `/healthz` and `/readyz`, for those who watch over the server.

use super::{Answer, Method, Request, Site, StatusCode};
use crate::metrics::Metrics;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Whether the server should be sent clients. Cheap to clone; starts as "not yet".
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    stage: Arc<AtomicU8>,
}

const READY: u8 = 1;
const STOPPING: u8 = 2;

impl Readiness {
    /// Every listener accepts.
    pub fn ready(&self) {
        self.stage.store(READY, Ordering::Relaxed);
    }

    /// The server is about to stop.
    pub fn stopping(&self) {
        self.stage.store(STOPPING, Ordering::Relaxed);
    }

    fn answer(&self) -> Answer {
        match self.stage.load(Ordering::Relaxed) {
            READY => text(StatusCode::OK, "ready\n"),
            STOPPING => text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            _ => text(StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
        }
    }
}

/// The site.
#[derive(Clone, Debug)]
pub struct MetricsSite {
    metrics: Metrics,
    readiness: Readiness,
}

impl MetricsSite {
    /// Shows these.
    pub fn new(metrics: Metrics, readiness: Readiness) -> Self {
        Self { metrics, readiness }
    }
}

impl Site for MetricsSite {
    const ALLOW: &'static str = "GET, HEAD";

    async fn answer(&self, request: Request) -> Answer {
        if request.method != Method::GET && request.method != Method::HEAD {
            return self.refuse(StatusCode::METHOD_NOT_ALLOWED);
        }
        match request.path.as_str() {
            "/metrics" => Answer {
                status: StatusCode::OK,
                content_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
                body: self.metrics.to_text().into(),
            },
            // That it answers is the answer.
            "/healthz" => text(StatusCode::OK, "alive\n"),
            "/readyz" => self.readiness.answer(),
            _ => self.refuse(StatusCode::NOT_FOUND),
        }
    }

    fn refuse(&self, status: StatusCode) -> Answer {
        let body = format!("{}\n", status.canonical_reason().unwrap_or_default());
        Answer { body: body.into(), ..text(status, "") }
    }
}

fn text(status: StatusCode, body: &'static str) -> Answer {
    let content_type = "text/plain; charset=utf-8";
    Answer { status, content_type, body: Bytes::from_static(body.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status and body of what is answered.
    async fn check(site: &MetricsSite, method: Method, path: &str, status: u16, body: &str) {
        let peer = "127.0.0.1".parse().unwrap();
        let request = Request { method, path: path.to_owned(), body: Bytes::new(), peer };
        let answer = site.answer(request).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        let shown = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(shown.starts_with(body), "{path}: {shown}");
    }

    #[tokio::test]
    async fn answers() {
        let readiness = Readiness::default();
        let site = MetricsSite::new(Metrics::new(), readiness.clone());
        check(&site, Method::GET, "/healthz", 200, "alive\n").await;
        check(&site, Method::GET, "/readyz", 503, "starting\n").await;
        readiness.ready();
        check(&site, Method::GET, "/readyz", 200, "ready\n").await;
        readiness.stopping();
        check(&site, Method::HEAD, "/readyz", 503, "stopping\n").await;
        check(&site, Method::GET, "/metrics", 200, "# HELP ").await;
        check(&site, Method::POST, "/metrics", 405, "Method Not Allowed\n").await;
        check(&site, Method::GET, "/", 404, "Not Found\n").await;
    }
}
