//! Measures how far peers are: only those that a screen shows, each every half minute, a few at a
//! time. While no screen looks at a peer, nothing is measured.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures::StreamExt as _;
use protocol::ids::PeerId;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Engine;
use crate::daemon::peers::address_text;

/// Between measurements of one peer.
const PROBE_EVERY: Duration = Duration::from_secs(30);
/// A peer that does not answer in this time counts as one that did not.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);
/// Measurements at a time.
const PROBES_MAX_COUNT: usize = 8;

/// The peers that one screen shows; forgotten when it is dropped.
#[derive(Debug)]
pub struct Interest {
    peers: Arc<Mutex<HashSet<PeerId>>>,
    changed: Arc<Notify>,
}

impl Interest {
    /// These are shown from now on.
    pub fn set(&self, peers: HashSet<PeerId>) {
        let mut shown = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let is_more = !peers.is_subset(&shown);
        *shown = peers;
        drop(shown);
        if is_more {
            self.changed.notify_one();
        }
    }
}

/// All interests.
#[derive(Debug, Default)]
pub struct Interests {
    all: Mutex<Vec<Weak<Mutex<HashSet<PeerId>>>>>,
    changed: Arc<Notify>,
}

impl Interests {
    /// A place for one screen.
    pub fn add(&self) -> Interest {
        let peers = Arc::new(Mutex::default());
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|held| held.strong_count() > 0);
        all.push(Arc::downgrade(&peers));
        Interest {
            peers,
            changed: Arc::clone(&self.changed),
        }
    }

    /// Other peers are known now: one that is shown may be among them.
    pub fn note_peers(&self) {
        self.changed.notify_one();
    }

    fn wanted(&self) -> HashSet<PeerId> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .filter_map(Weak::upgrade)
            .flat_map(|peers| {
                let peers = peers.lock().unwrap_or_else(PoisonError::into_inner);
                peers.iter().copied().collect::<Vec<_>>()
            })
            .collect()
    }
}

/// Measures until the engine stops.
pub async fn run(engine: Engine) {
    let mut probed_at: HashMap<PeerId, Instant> = HashMap::new();
    loop {
        let now = Instant::now();
        let wanted = engine.0.interests.wanted();
        probed_at.retain(|id, at| wanted.contains(id) || now.duration_since(*at) < PROBE_EVERY);
        let due: Vec<(PeerId, String)> = engine.board().read_peers(|book| {
            book.online()
                .filter(|peer| wanted.contains(&peer.id))
                .filter(|peer| {
                    probed_at
                        .get(&peer.id)
                        .is_none_or(|at| now.duration_since(*at) >= PROBE_EVERY)
                })
                .map(|peer| (peer.id, address_text(peer)))
                .collect()
        });
        for (id, _) in &due {
            probed_at.insert(*id, now);
        }
        measure(&engine, due).await;
        let next = probed_at.values().min().map(|at| *at + PROBE_EVERY);
        tokio::select! {
            () = engine.0.interests.changed.notified() => {}
            () = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            } => {}
            () = engine.stopped() => return,
        }
    }
}

async fn measure(engine: &Engine, due: Vec<(PeerId, String)>) {
    let mut answers = futures::stream::iter(due)
        .map(|(id, address)| async move { (id, round_trip_ms(&address).await) })
        .buffer_unordered(PROBES_MAX_COUNT);
    while let Some((id, latency_ms)) = answers.next().await {
        engine.board().change_peers(|book| {
            book.add_latency(&id, latency_ms);
            true
        });
    }
}

/// Milliseconds until a connection stood, at least 1: one round trip, and no work for the peer.
async fn round_trip_ms(address: &str) -> Option<u32> {
    let started = Instant::now();
    let connected = tokio::time::timeout(PROBE_TIMEOUT, TcpStream::connect(address)).await;
    connected.ok()?.ok()?;
    let millis = started.elapsed().as_micros().div_ceil(1000);
    u32::try_from(millis.max(1)).ok()
}
