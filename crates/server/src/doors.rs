//! The way in: accepted connections are counted, turned away or served, each in a task of its own.

use crate::config::Entrance;
use crate::gate::Gate;
use crate::listener::Listener;
use crate::protocols::Protocols;
use crate::services::Services;
use crate::stream::Stream;
use crate::web::Web;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// What stands behind the listeners.
#[derive(Debug)]
pub(crate) struct Doors {
    /// Serves mail.
    pub(crate) protocols: Arc<Protocols>,
    /// Serves HTTP.
    pub(crate) web: Arc<Web>,
    /// What every connection shares.
    pub(crate) services: Arc<Services>,
    /// Counts mail clients, in all and per address before login.
    pub(crate) all: Gate,
    /// Counts LMTP clients, in all and per address.
    pub(crate) lmtp: Gate,
    /// Counts clients of the API, in all and per address.
    pub(crate) api: Gate,
    /// Counts those who watch over the server.
    pub(crate) metrics: Gate,
}

impl Doors {
    /// Accepts connections until the server stops.
    pub(crate) async fn accept_until_stop(self: Arc<Self>, entrance: Entrance, listener: Listener) {
        tokio::select! {
            () = self.services.shutdown.begun() => {}
            () = self.accept(entrance, &listener) => {}
        }
    }

    async fn accept(&self, entrance: Entrance, listener: &Listener) {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => self.admit(entrance, stream, peer),
                Err(error) => {
                    // Out of file descriptors, mostly: connections that close make room.
                    tracing::warn!(%error, listener = entrance.name(), "cannot accept");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn admit(&self, entrance: Entrance, stream: Stream, peer: SocketAddr) {
        let metrics = &self.services.metrics;
        let gate = match entrance {
            Entrance::Imap | Entrance::Imaps | Entrance::Pop3 | Entrance::Pop3s => &self.all,
            Entrance::Lmtp => &self.lmtp,
            Entrance::Api | Entrance::Apis => &self.api,
            Entrance::Metrics => &self.metrics,
        };
        let Some(place) = gate.enter() else { return metrics.turned_away(entrance) };
        // Behind a local socket there is no address to tell one from another.
        let exempt = matches!(stream, Stream::Unix(_)) || self.services.is_trusted(peer.ip());
        let door = (!exempt).then(|| gate.wait_at_door(peer.ip()));
        let Ok(doorstep) = door.map(|step| step.ok_or(())).transpose() else {
            return metrics.turned_away(entrance);
        };
        let present = metrics.connection(entrance);
        match entrance {
            Entrance::Api | Entrance::Apis | Entrance::Metrics => {
                let web = self.web.clone();
                tokio::spawn(async move {
                    web.serve(entrance, stream, peer).await;
                    drop((place, doorstep, present));
                });
            }
            _ => {
                let held = (place, present);
                let protocols = self.protocols.clone();
                tokio::spawn(protocols.serve(entrance, stream, peer, doorstep, held));
            }
        }
    }
}
