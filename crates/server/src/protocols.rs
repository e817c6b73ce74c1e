//! Which dialogue a connection gets, and how patient we are with it.

use crate::config::{Config, Entrance};
use crate::connection::{Connection, Dialogue, Farewell, Patience, pipes};
use crate::exchange::Exchange;
use crate::gate::Doorstep;
use crate::host::{ConnectionHost, Seat, now};
use crate::metrics::{DeliveryOutcome, Metrics};
use crate::services::Services;
use crate::stream::Stream;
use carrier::Over;
use std::net::SocketAddr;
use std::sync::Arc;
use storage::Storage;
use terms::EndReason;
use tokio::time::{Instant, timeout};

/// What the dialogues of each protocol share.
#[derive(Debug)]
pub(crate) struct Protocols {
    services: Arc<Services>,
    imap: Arc<imap::Context>,
    pop3: Arc<pop3::Context>,
    lmtp: Arc<lmtp::Context>,
    imap_patience: Patience,
    pop3_patience: Patience,
    lmtp_patience: Patience,
}

impl Protocols {
    /// As configured.
    pub(crate) fn new(config: &Config, services: Arc<Services>) -> Self {
        let limits = &config.limits;
        let storage: Storage = services.storage.clone();
        let hostname = config.hostname.as_str().to_owned();
        let patience =
            |idle| Patience { login: Some(limits.login_timeout), idle, send: limits.send_timeout };
        Self {
            imap: Arc::new(imap::Context {
                storage: storage.clone(),
                hostname: hostname.clone(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                limits: imap::Limits {
                    message_size: limits.message_size.bytes(),
                    ..imap::Limits::default()
                },
            }),
            pop3: Arc::new(pop3::Context {
                storage: storage.clone(),
                locks: folders::MaildropLocks::default(),
                hostname: hostname.clone(),
                limits: pop3::Limits::default(),
            }),
            lmtp: Arc::new(lmtp::Context::new(
                storage,
                hostname,
                lmtp::Limits {
                    message_size: limits.message_size.bytes(),
                    recipients: limits.lmtp_recipients as usize,
                    ..lmtp::Limits::default()
                },
                count_deliveries(services.metrics.clone()),
            )),
            imap_patience: patience(limits.imap_idle_timeout),
            pop3_patience: patience(limits.pop3_idle_timeout),
            lmtp_patience: Patience { login: None, ..patience(limits.lmtp_idle_timeout) },
            services,
        }
    }

    /// Serves one connection, accepted just now, to its end. `held` is dropped then.
    pub(crate) fn serve(
        self: Arc<Self>,
        entrance: Entrance,
        stream: Stream,
        peer: SocketAddr,
        doorstep: Option<Doorstep>,
        held: impl Send,
    ) -> impl Future<Output = ()> + Send {
        // Boxed, and no part of an `async fn`'s arguments: the task keeps what the connection needs, and
        // not what led to it.
        let opening = Box::pin(self.open(entrance, stream, peer, doorstep));
        async move {
            if let Some(mut connection) = opening.await {
                connection.run().await;
            }
            drop(held);
        }
    }

    /// The connection with its dialogue; none if there is nobody to talk to.
    async fn open(
        self: Arc<Self>,
        entrance: Entrance,
        stream: Stream,
        peer: SocketAddr,
        doorstep: Option<Doorstep>,
    ) -> Option<Box<Connection>> {
        let started = Instant::now();
        let (patience, farewell) = self.manners(entrance);
        let stream = match (entrance.is_tls(), stream) {
            (true, Stream::Tcp(tcp)) => {
                let handshake = self.services.tls.accept(tcp);
                match timeout(patience.login.unwrap_or(patience.idle), handshake).await {
                    Ok(Ok(stream)) => stream,
                    // Not TLS, no common version, or gone: there is nobody to tell.
                    Ok(Err(_)) | Err(_) => {
                        self.services.metrics.tls_failed(entrance);
                        return None;
                    }
                }
            }
            (_, stream) => stream,
        };
        let seat = Arc::new(Seat::new(stream.is_tls()));
        let (feed, input, output, drain) = pipes();
        let host =
            |doorstep| ConnectionHost::new(self.services.clone(), seat.clone(), peer, doorstep);
        let dialogue: Dialogue = match entrance {
            Entrance::Imap | Entrance::Imaps => {
                Box::pin(imap::serve(input, output, host(doorstep), self.imap.clone()))
            }
            Entrance::Pop3 | Entrance::Pop3s => {
                Box::pin(pop3::serve(input, output, host(doorstep), self.pop3.clone()))
            }
            Entrance::Lmtp => {
                let context = self.lmtp.clone();
                Box::pin(async move {
                    lmtp::serve(input, output, now, context).await;
                    // Nobody logs in: it is at the door to its end.
                    drop(doorstep);
                    Over::Left
                })
            }
            Entrance::Api | Entrance::Apis | Entrance::Metrics => return None,
        };
        let services = self.services.clone();
        let exchange = Exchange::new(stream, feed, drain);
        let connection =
            Connection::new(services, seat, dialogue, exchange, farewell, patience, started);
        Some(Box::new(connection))
    }

    fn manners(&self, entrance: Entrance) -> (Patience, Farewell) {
        match entrance {
            Entrance::Pop3 | Entrance::Pop3s => (self.pop3_patience, pop3::farewell),
            Entrance::Lmtp => (self.lmtp_patience, lmtp_farewell),
            _ => (self.imap_patience, imap::farewell),
        }
    }
}

fn count_deliveries(metrics: Metrics) -> impl Fn(lmtp::Answered) {
    move |answered| {
        metrics.delivery(match answered {
            lmtp::Answered::Stored => DeliveryOutcome::Stored,
            lmtp::Answered::Deferred => DeliveryOutcome::Deferred,
            lmtp::Answered::Refused => DeliveryOutcome::Refused,
        });
    }
}

/// RFC 5321 §3.8: a server that closes says so. The sender tries again.
fn lmtp_farewell(_: EndReason) -> &'static [u8] {
    b"421 4.3.2 Closing the connection, try again later\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten thousand of them wait in IDLE.
    #[test]
    fn waiting_connections_are_small() {
        fn size_of_result<A, B>(_: impl Fn(A) -> B) -> usize {
            size_of::<B>()
        }
        type Opened = (Arc<Protocols>, Entrance, Stream, SocketAddr, Option<Doorstep>);
        type Imap = (carrier::Input, carrier::Output, ConnectionHost, Arc<imap::Context>);
        let task = size_of_result(|(protocols, entrance, stream, peer, doorstep): Opened| {
            protocols.serve(entrance, stream, peer, doorstep, ())
        });
        let dialogue = size_of_result(|(input, output, host, context): Imap| {
            imap::serve(input, output, host, context)
        });
        for (what, size, most) in [
            ("a connection's task", task, 64),
            ("a connection", size_of::<Connection>(), 256),
            ("a dialogue", dialogue, 256),
        ] {
            assert!(size <= most, "{what} takes {size} bytes");
        }
    }
}
