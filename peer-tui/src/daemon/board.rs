//! What the engine shows: the newest state of each part, and a counter for each that says when it
//! changed. Sessions read it; they never wait for the engine, and it never waits for them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use protocol::ids::PeerId;
use protocol::stats::NetworkStats;
use tokio::sync::watch;

use super::log::LogRing;
use super::memory::Limits;
use super::peers::PeerBook;
use super::state::{Speed, Stuck, TransferRow};
use super::stuck::StuckBook;
use crate::fetch::FetchView;
use crate::index_client::Link;
use crate::serve::ServeStatus;

/// One counter a part; each grows when its part changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Revisions {
    /// Downloads, uploads, rates, limits.
    pub transfers: u64,
    /// Share folders, files, hashing.
    pub shares: u64,
    /// Peers, their latency, who is blocked.
    pub peers: u64,
    /// Link to the index, figures of the network, how others join.
    pub network: u64,
    /// Files of the network: a search may find something else now.
    pub files: u64,
    /// Lines of the log.
    pub log: u64,
}

/// What does not change while a daemon runs.
#[derive(Debug, Clone)]
pub struct Facts {
    /// This peer.
    pub id: PeerId,
    /// Its name.
    pub name: String,
    /// Where it serves.
    pub listen: SocketAddr,
    /// Data folder.
    pub data: PathBuf,
    /// Download folder.
    pub downloads: PathBuf,
    /// When the daemon started.
    pub started_at: Timestamp,
}

/// How the network is reached.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// URL of the index, where one is known.
    pub index: Option<String>,
    /// The session with it.
    pub link: Option<Link>,
    /// Newest figures.
    pub stats: Option<NetworkStats>,
    /// How others join, one line.
    pub join_hint: String,
}

/// The newest downloads and uploads, taken at one moment.
#[derive(Debug, Clone, Default)]
pub struct Transfers {
    /// In.
    pub fetch: Arc<FetchView>,
    /// Out, as rows.
    pub uploads: Vec<TransferRow>,
    /// Figures of the serving side.
    pub serve: ServeStatus,
    /// Free bytes on the disk of the download folder.
    pub disk_free_bytes: Option<u64>,
}

/// Everything that is shown, but the share, which has views of its own.
#[derive(Debug)]
pub struct Board {
    facts: Facts,
    revisions: watch::Sender<Revisions>,
    network: ArcSwap<Network>,
    transfers: ArcSwap<Transfers>,
    limits: ArcSwap<Limits>,
    peers: Mutex<PeerBook>,
    speed: Mutex<Speed>,
    stuck: Mutex<StuckBook>,
    log: LogRing,
}

impl Board {
    /// An empty board.
    pub fn new(facts: Facts, peers: PeerBook, limits: Limits, log: LogRing) -> Self {
        Self {
            facts,
            revisions: watch::Sender::default(),
            network: ArcSwap::default(),
            transfers: ArcSwap::default(),
            limits: ArcSwap::from_pointee(limits),
            peers: Mutex::new(peers),
            speed: Mutex::default(),
            stuck: Mutex::default(),
            log,
        }
    }

    /// What does not change.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Changes with each change of a part.
    pub fn watch(&self) -> watch::Receiver<Revisions> {
        self.revisions.subscribe()
    }

    /// Says that parts changed.
    pub fn bump(&self, parts: impl FnOnce(&mut Revisions)) {
        self.revisions.send_modify(parts);
    }

    /// The network as it is reached now.
    pub fn network(&self) -> Arc<Network> {
        self.network.load_full()
    }

    /// Changes how the network is reached; nobody is told when nothing changed.
    pub fn change_network(&self, change: impl Fn(&mut Network)) {
        self.network.rcu(|network| {
            let mut network = Network::clone(network);
            change(&mut network);
            network
        });
        self.bump(|parts| parts.network += 1);
    }

    /// The newest transfers.
    pub fn transfers(&self) -> Arc<Transfers> {
        self.transfers.load_full()
    }

    /// Shows newer ones; the log is told of downloads that got stuck.
    pub fn show_transfers(&self, transfers: &Transfers) {
        let news = lock(&self.stuck).take(&transfers.fetch.downloads);
        for line in news {
            tracing::warn!("{line}");
        }
        self.transfers.rcu(|shown| {
            let mut transfers = transfers.clone();
            if shown.fetch.revision > transfers.fetch.revision {
                transfers.fetch = Arc::clone(&shown.fetch);
            }
            transfers
        });
        self.bump(|parts| parts.transfers += 1);
    }

    /// Shows downloads at once, unless newer ones are shown.
    pub fn show_downloads(&self, fetch: &Arc<FetchView>) {
        self.transfers.rcu(|shown| {
            let mut transfers = Transfers::clone(shown);
            if fetch.revision > transfers.fetch.revision {
                transfers.fetch = Arc::clone(fetch);
            }
            transfers
        });
        self.bump(|parts| parts.transfers += 1);
    }

    /// The download that got stuck last.
    pub fn stuck(&self) -> Option<Stuck> {
        lock(&self.stuck).last().cloned()
    }

    /// Limits in force.
    pub fn limits(&self) -> Limits {
        **self.limits.load()
    }

    /// Shows other limits.
    pub fn show_limits(&self, limits: Limits) {
        self.limits.store(Arc::new(limits));
        self.bump(|parts| parts.transfers += 1);
    }

    /// What `read` makes of the peers. Short: it holds a lock.
    pub fn read_peers<T>(&self, read: impl FnOnce(&PeerBook) -> T) -> T {
        read(&lock(&self.peers))
    }

    /// Changes the peers; says so where `change` returns true.
    pub fn change_peers(&self, change: impl FnOnce(&mut PeerBook) -> bool) {
        let is_changed = change(&mut lock(&self.peers));
        if is_changed {
            self.bump(|parts| parts.peers += 1);
        }
    }

    /// Adds a sample of (in, out) bytes a second.
    pub fn add_speed(&self, sample: (u64, u64)) {
        lock(&self.speed).add(sample);
    }

    /// What `read` makes of the samples, oldest first.
    pub fn read_speed<T>(&self, read: impl FnOnce(&Speed) -> T) -> T {
        read(&lock(&self.speed))
    }

    /// The log.
    pub const fn log(&self) -> &LogRing {
        &self.log
    }
}

/// A panic under one of these locks leaves whole values behind, so going on is right.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
