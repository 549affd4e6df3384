//! Local events of this peer, pushed over WebSocket in the envelope of the index's feed.
//!
//! One bounded ring for all readers: one that falls behind is told to read anew, and nobody waits
//! for it.

use std::sync::{Arc, Mutex, PoisonError};

use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use protocol::event::{Envelope, Event, FileRemoved, Hello, Upload};
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
/// Version of the WebSocket protocol (RFC 6455).
const VERSION: HeaderValue = HeaderValue::from_static("13");

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
                if let Some(now) = now {
                    app.feed.publish(Event::NetworkStats(now));
                }
            }
            () = app.stopping.cancelled() => return,
        }
    }
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

/// GET `/ws`.
pub(super) async fn open(mut call: Call) -> Result<Response, Problem> {
    let accept = handshake(&call)?;
    let upgrade = call.upgrade.take().ok_or_else(upgrade_required)?;
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
            Ok(upgraded) => session::run(upgraded, hello, events, app.stopping.clone()).await,
            Err(error) => debug!(%error, "a socket went before it was open"),
        }
    });
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// Checks the opening handshake (RFC 6455, section 4.2.1); yields the accept key.
fn handshake(call: &Call) -> Result<HeaderValue, Problem> {
    let lists = |name: &str, token: &str| {
        let all = call.headers.get_all(name).iter();
        all.filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|item| item.trim().eq_ignore_ascii_case(token))
    };
    let is_upgrade = lists("upgrade", "websocket") && lists("connection", "upgrade");
    if !is_upgrade || call.headers.get(SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        return Err(upgrade_required());
    }
    let key = call.headers.get(SEC_WEBSOCKET_KEY);
    let key = key.ok_or_else(upgrade_required)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| upgrade_required())
}

fn upgrade_required() -> Problem {
    let detail = "this path speaks WebSocket (version 13); open it with a WebSocket client";
    Problem::new(Slug::UpgradeRequired, detail)
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
