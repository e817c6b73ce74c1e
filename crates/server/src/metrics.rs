//! What operators count and measure, in OpenMetrics text. Labels come from closed sets only: never
//! an account, an address or a name that a client made up.

mod process;

use crate::config::Entrance;
use carrier::LoginError;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use terms::{EndReason, Protocol};

/// All counters and gauges. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    counted: Counted,
}

struct Counted {
    connections: Family<ByEntrance, Gauge>,
    accepted: Family<ByEntrance, Counter>,
    turned_away: Family<ByEntrance, Counter>,
    tls_failures: Family<ByEntrance, Counter>,
    sessions: Family<ByProtocol, Gauge>,
    logins: Family<ByLogin, Counter>,
    ended: Family<ByReason, Counter>,
    logout_seconds: Histogram,
    logouts_unconfirmed: Counter,
    logins_overtaken: Counter,
    deliveries: Family<ByOutcome, Counter>,
    api_requests: Family<ByMethod, Counter>,
    api_seconds: Histogram,
    http_answers: Family<ByStatus, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByEntrance {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByProtocol {
    protocol: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByLogin {
    protocol: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByMethod {
    method: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    listener: &'static str,
    status: u16,
}

/// How the delivery of one message to one recipient went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryOutcome {
    /// It is in the account.
    Stored,
    /// It never will be: no such account, too large, not allowed.
    Refused,
    /// Not now: over quota, storage unavailable. The sender tries again.
    Deferred,
}

/// How an API request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApiResult {
    /// `success: true`
    Success,
    /// `success: false`
    Failure,
}

/// From half a millisecond to eight seconds.
const SECONDS: [f64; 15] = [
    0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 2.0, 4.0,
    8.0,
];

/// Something that is there now; not any more when dropped.
#[derive(Debug)]
#[must_use = "dropping it says that it is gone"]
pub struct Present {
    gauge: Gauge,
}

impl Present {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self { gauge }
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

impl Metrics {
    /// All at nought.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Process));
        let counted = Counted::new(registry.sub_registry_with_prefix("posthouse"));
        Self { inner: Arc::new(Inner { registry, counted }) }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Counted {
    fn new(registry: &mut Registry) -> Self {
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What runs here", version);
        let logouts_unconfirmed = Counter::default();
        registry.register(
            "logouts_unconfirmed",
            "Orders to end sessions that could not be confirmed in time",
            logouts_unconfirmed.clone(),
        );
        let logins_overtaken = Counter::default();
        registry.register(
            "logins_overtaken",
            "Logins that were checked once more because an act that voids logins was quicker",
            logins_overtaken.clone(),
        );
        Self {
            connections: family(registry, "connections", "Open connections"),
            accepted: family(registry, "connections_accepted", "Connections accepted"),
            turned_away: family(
                registry,
                "connections_turned_away",
                "Connections closed at once because a limit was reached",
            ),
            tls_failures: family(registry, "tls_failures", "TLS handshakes that failed"),
            sessions: family(registry, "sessions", "Logged-in sessions"),
            logins: family(registry, "logins", "Attempts to log in"),
            ended: family(registry, "sessions_ended", "Sessions that we ended"),
            logout_seconds: histogram(
                registry,
                "logout",
                "From ordering an account's sessions to end to their having ended",
            ),
            logouts_unconfirmed,
            logins_overtaken,
            deliveries: family(registry, "deliveries", "Messages by LMTP, each recipient counted"),
            api_requests: family(registry, "api_requests", "Requests of the API"),
            api_seconds: histogram(registry, "api_request", "From request to answer"),
            http_answers: family(registry, "http_answers", "Answers by HTTP"),
        }
    }
}

/// A metric for each value of its labels.
fn family<L, M>(registry: &mut Registry, name: &str, help: &str) -> Family<L, M>
where
    L: EncodeLabelSet + Clone + Eq + std::hash::Hash + fmt::Debug + Send + Sync + 'static,
    M: prometheus_client::encoding::EncodeMetric
        + prometheus_client::metrics::TypedMetric
        + Default
        + fmt::Debug
        + Send
        + Sync
        + 'static,
{
    let family = Family::default();
    registry.register(name, help, Family::clone(&family));
    family
}

fn histogram(registry: &mut Registry, name: &str, help: &str) -> Histogram {
    let histogram = Histogram::new(SECONDS);
    registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
    histogram
}

impl Metrics {
    /// A connection was accepted; hold the answer while it lives.
    pub fn connection(&self, entrance: Entrance) -> Present {
        let labels = ByEntrance { listener: entrance.name() };
        self.inner.counted.accepted.get_or_create(&labels).inc();
        Present::new(self.inner.counted.connections.get_or_create(&labels).clone())
    }

    /// A connection was closed at once because a limit was reached.
    pub fn turned_away(&self, entrance: Entrance) {
        self.inner
            .counted
            .turned_away
            .get_or_create(&ByEntrance { listener: entrance.name() })
            .inc();
    }

    /// A TLS handshake failed.
    pub fn tls_failed(&self, entrance: Entrance) {
        self.inner
            .counted
            .tls_failures
            .get_or_create(&ByEntrance { listener: entrance.name() })
            .inc();
    }

    /// A session began; hold the answer while it lives.
    pub fn session(&self, protocol: Protocol) -> Present {
        let labels = ByProtocol { protocol: protocol.name() };
        Present::new(self.inner.counted.sessions.get_or_create(&labels).clone())
    }

    /// Somebody tried to log in.
    pub fn login(&self, protocol: Protocol, result: Result<(), &LoginError>) {
        let result = match result {
            Ok(()) => "success",
            Err(LoginError::Invalid) => "invalid",
            Err(LoginError::NotAllowed) => "not_allowed",
            Err(LoginError::Throttled) => "throttled",
            Err(LoginError::TooManySessions) => "too_many_sessions",
            Err(LoginError::NeedsTls) => "needs_tls",
            Err(LoginError::Unavailable) => "unavailable",
        };
        self.inner
            .counted
            .logins
            .get_or_create(&ByLogin { protocol: protocol.name(), result })
            .inc();
    }

    /// An act that voids logins was quicker than somebody who logs in.
    pub fn login_overtaken(&self) {
        self.inner.counted.logins_overtaken.inc();
    }

    /// An order to end an account's sessions was carried out on so many, in that time.
    pub fn sessions_ended(&self, reason: EndReason, count: usize, took: Duration) {
        let labels = ByReason { reason: reason.name() };
        self.inner.counted.ended.get_or_create(&labels).inc_by(count as u64);
        self.inner.counted.logout_seconds.observe(took.as_secs_f64());
    }

    /// An order to end an account's sessions could not be confirmed in time.
    pub fn logout_unconfirmed(&self) {
        self.inner.counted.logouts_unconfirmed.inc();
    }

    /// A message was delivered to one recipient, or was not.
    pub fn delivery(&self, outcome: DeliveryOutcome) {
        let outcome = match outcome {
            DeliveryOutcome::Stored => "stored",
            DeliveryOutcome::Refused => "refused",
            DeliveryOutcome::Deferred => "deferred",
        };
        self.inner.counted.deliveries.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// The API answered a request; `method` is one of its own names.
    pub fn api_request(&self, method: &'static str, result: ApiResult, took: Duration) {
        let result = match result {
            ApiResult::Success => "success",
            ApiResult::Failure => "failure",
        };
        self.inner.counted.api_requests.get_or_create(&ByMethod { method, result }).inc();
        self.inner.counted.api_seconds.observe(took.as_secs_f64());
    }

    /// An answer went out by HTTP.
    pub fn http_answer(&self, entrance: Entrance, status: u16) {
        let labels = ByStatus { listener: entrance.name(), status };
        self.inner.counted.http_answers.get_or_create(&labels).inc();
    }

    /// Everything as OpenMetrics text.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail; an incomplete text shows by its missing `# EOF`.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.inner.registry);
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::new();
        let open = metrics.connection(Entrance::Imaps);
        drop(metrics.connection(Entrance::Imaps));
        let session = metrics.session(Protocol::Pop3);
        metrics.login(Protocol::Imap, Ok(()));
        metrics.login(Protocol::Imap, Err(&LoginError::Throttled));
        metrics.sessions_ended(EndReason::LoggedOut, 3, Duration::from_millis(3));
        metrics.delivery(DeliveryOutcome::Stored);
        metrics.api_request("logout_user", ApiResult::Success, Duration::from_millis(20));
        metrics.http_answer(Entrance::Api, 200);
        let text = metrics.to_text();
        for line in [
            "posthouse_build_info{version=\"0.1.0\"} 1",
            "posthouse_connections{listener=\"imaps\"} 1",
            "posthouse_connections_accepted_total{listener=\"imaps\"} 2",
            "posthouse_sessions{protocol=\"pop3\"} 1",
            "posthouse_logins_total{protocol=\"imap\",result=\"success\"} 1",
            "posthouse_logins_total{protocol=\"imap\",result=\"throttled\"} 1",
            "posthouse_sessions_ended_total{reason=\"logged_out\"} 3",
            "posthouse_logout_seconds_bucket{le=\"0.004\"} 1",
            "posthouse_logout_seconds_bucket{le=\"0.002\"} 0",
            "posthouse_deliveries_total{outcome=\"stored\"} 1",
            "posthouse_api_requests_total{method=\"logout_user\",result=\"success\"} 1",
            "posthouse_http_answers_total{listener=\"api\",status=\"200\"} 1",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        drop((open, session));
        let text = metrics.to_text();
        assert!(text.contains("posthouse_connections{listener=\"imaps\"} 0\n"), "{text}");
        assert!(text.contains("posthouse_sessions{protocol=\"pop3\"} 0\n"), "{text}");
    }
}
