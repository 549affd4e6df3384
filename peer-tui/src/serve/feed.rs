//! Local events of this peer, pushed over WebSocket in the envelope of the index's feed.
//!
//! One bounded ring for all readers: one that falls behind is told to read anew, and nobody waits
//! for it.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use protocol::door;
use protocol::event::{Envelope, Event, FileRemoved, Hello, Topic, Upload};
use protocol::ids::FileId;
use protocol::problem::{Problem, Slug};
use protocol::stats::NetworkStats;
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tracing::debug;
use warp::reply::Response;

use super::call::{App, Call};
use crate::share::ShareChange;

pub mod session;

/// Messages that a reader may be behind.
const HELD_COUNT: usize = 256;

#[derive(Debug)]
struct Ring {
    seq: u64,
    events: broadcast::Sender<Arc<Envelope>>,
}

/// The handle that publishes; cheap to clone.
#[derive(Debug, Clone)]
pub struct LocalFeed(Arc<Mutex<Ring>>);

impl Default for LocalFeed {
    fn default() -> Self {
        let events = broadcast::Sender::new(HELD_COUNT);
        Self(Arc::new(Mutex::new(Ring { seq: 0, events })))
    }
}

impl LocalFeed {
    /// Publishes one event; never waits.
    pub fn publish(&self, event: Event) {
        let mut ring = self.lock();
        ring.seq += 1;
        if ring.events.receiver_count() == 0 {
            // Who comes later starts behind it.
            return;
        }
        let at = Timestamp::now();
        let envelope = Envelope {
            seq: ring.seq,
            event,
            at,
        };
        // Who has just gone is no trouble.
        let _ = ring.events.send(Arc::new(envelope));
    }

    /// An answer with bytes has ended.
    pub fn upload(&self, id: FileId, filename: String, bytes: u64) {
        self.publish(Event::Upload(Upload {
            id,
            filename,
            bytes,
        }));
    }

    /// Events from now on, and the number of the last one before.
    fn subscribe(&self) -> (u64, broadcast::Receiver<Arc<Envelope>>) {
        let ring = self.lock();
        (ring.seq, ring.events.subscribe())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        // A number and a sender are whole after every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Publishes what the share and the network have to tell, until serving stops.
pub async fn follow(app: Arc<App>, address: String) {
    let mut shares = app.share.watch();
    let mut stats = app.network.stats();
    let mut revision = app.share.view().revision();
    let mut told: Option<NetworkStats> = None;
    loop {
        tokio::select! {
            changed = shares.changed() => {
                if changed.is_err() {
                    return;
                }
                let news = app.share.changes_since(revision).unwrap_or_default();
                revision = app.share.view().revision();
                for change in news {
                    app.feed.publish(event_of(&app, change, &address));
                }
            }
            changed = stats.changed() => {
                if changed.is_err() {
                    return;
                }
                let now = stats.borrow_and_update().clone();
                if let Some(news) = news(&mut told, now) {
                    app.feed.publish(news);
                }
            }
            () = app.stopping.cancelled() => return,
        }
    }
}

/// What is to be said of these figures behind those that were `told` last: nothing, where nothing but
/// their time differs.
fn news(told: &mut Option<NetworkStats>, now: Option<NetworkStats>) -> Option<Event> {
    let now = now?;
    let is_told = told.as_ref().is_some_and(|told| told.is_same(&now));
    *told = Some(now.clone());
    (!is_told).then_some(Event::NetworkStats(now))
}

fn event_of(app: &App, change: ShareChange, address: &str) -> Event {
    match change {
        ShareChange::Added(file) => Event::FileAdded(app.file_info(&file, address.to_owned())),
        ShareChange::Removed { id, path } => Event::FileRemoved(FileRemoved {
            id,
            owner: app.identity.id(),
            filename: path.file_name().to_owned(),
            path: path.as_str().to_owned(),
        }),
    }
}

/// GET `/ws`. What happened before is not kept here: `since` is read, and a reader starts anew.
pub(super) async fn open(mut call: Call) -> Result<Response, Problem> {
    let topics = call.param("topics").map(|text| Topic::list(&text));
    let topics = topics
        .transpose()
        .map_err(|advice| Problem::new(Slug::InvalidParameter, advice).at("topics"))?;
    call.number("since")?;
    let key = door::socket_key(&call.method, &call.headers)?;
    let accept = HeaderValue::from_str(&derive_accept_key(key));
    let accept = accept.map_err(|_| door::UPGRADE_REQUIRED)?;
    let upgrade = call.upgrade.take().ok_or(door::UPGRADE_REQUIRED)?;
    let app = Arc::clone(&call.app);
    let (seq, events) = app.feed.subscribe();
    let hello = Event::Hello(Hello {
        stats: app.network.stats().borrow().clone().unwrap_or_else(alone),
        seq,
        server: app.identity.id().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    });
    let at = Timestamp::now();
    let hello = Envelope {
        seq,
        event: hello,
        at,
    };
    tokio::spawn(async move {
        match upgrade.await {
            Ok(upgraded) => {
                session::run(upgraded, hello, topics, events, app.stopping.clone()).await;
            }
            Err(error) => debug!(%error, "a socket went before it was open"),
        }
    });
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    door::accept_socket(response.headers_mut(), accept);
    Ok(response)
}

/// What a peer knows of the network before it has met the index.
fn alone() -> NetworkStats {
    NetworkStats {
        total_peers: 1,
        online_peers: 1,
        total_files: 0,
        total_bytes: 0,
        total_downloads: 0,
        network_health: 100,
        last_updated: Timestamp::now(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_only_when_they_have_changed() {
        let mut told = None;
        let at = |secs| NetworkStats {
            last_updated: Timestamp::from_second(secs).unwrap(),
            ..alone()
        };
        assert!(news(&mut told, None).is_none());
        assert!(news(&mut told, Some(at(1))).is_some());
        assert!(news(&mut told, Some(at(2))).is_none(), "a time is no news");
        let more = NetworkStats {
            total_files: 1,
            ..at(3)
        };
        assert!(news(&mut told, Some(more.clone())).is_some());
        assert!(news(&mut told, Some(more)).is_none());
    }
}
