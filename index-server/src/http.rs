//! The HTTP side: from a connection to a command or a read of the view, and back to an answer.
//!
//! `listener` takes connections, [`admission`] turns away who may not speak, [`routes`] is the
//! table of all calls, [`body`] reads what they carry, [`problem`] writes refusals; the rest is a
//! file per resource. Must not know records or the journal.

pub mod admission;
pub mod batch;
pub mod body;
pub mod call;
pub mod content;
mod dashboard;
pub mod digest;
mod download;
pub mod feed;
pub mod files;
pub mod head_guard;
pub mod limits;
pub mod listener;
pub mod metalink;
pub mod nonces;
pub mod openapi;
pub mod operations;
pub mod params;
pub mod peers;
pub mod pointer;
pub mod problem;
pub mod proof;
pub mod proxies;
pub mod register;
pub mod reply;
pub mod routes;
mod row;
pub mod search;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use protocol::ids::PeerId;
use protocol::problem::Slug;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::command::Refusal;
use crate::config::Config;
use crate::feed::Feed;
use crate::health::next_beat;
use crate::http::admission::Gate;
use crate::http::limits::Limits;
use crate::http::nonces::Nonces;
use crate::http::proof::Prover;
use crate::http::proxies::Proxies;
use crate::metrics::Metrics;
use crate::sequencer::Index;

/// What every handler works with.
#[derive(Debug)]
pub struct App {
    index: OnceLock<Index>,
    /// The live feed.
    pub feed: Feed,
    /// Sockets of the feed.
    pub sockets: TaskTracker,
    /// Reads the time.
    pub clock: Clock,
    started: Instant,
    /// The index's own id.
    pub index_id: PeerId,
    /// Told to peers.
    pub heartbeat_interval: Duration,
    /// Who may speak.
    pub gate: Gate,
    /// How often.
    pub limits: Limits,
    /// For signed registrations.
    pub nonces: Nonces,
    /// For claimed addresses.
    pub prover: Prover,
    /// Instruments.
    pub metrics: Arc<Metrics>,
    stopping: CancellationToken,
}

impl App {
    /// All but the index itself, which is told by [`Self::become_ready`].
    pub fn new(config: &Config, index_id: PeerId, feed: Feed, metrics: Arc<Metrics>) -> Self {
        let proxies = Proxies::new(config.trusted_proxies.clone());
        let gate = Gate::open(&machine_name(), &config.allow_hosts).behind(proxies);
        let clock = Clock::default();
        Self {
            index: OnceLock::new(),
            feed,
            sockets: TaskTracker::new(),
            clock,
            started: clock.instant(),
            index_id,
            heartbeat_interval: config.heartbeat_interval,
            gate: if config.allow_public {
                gate.with_public()
            } else {
                gate
            },
            limits: if config.limit_loopback {
                Limits::for_all()
            } else {
                Limits::sparing_loopback()
            },
            nonces: Nonces::new(),
            prover: Prover::new(),
            metrics,
            stopping: CancellationToken::new(),
        }
    }

    /// From now on calls are answered.
    pub fn become_ready(&self, index: Index) {
        let _ = self.index.set(index);
    }

    /// The index, once it is ready.
    ///
    /// # Errors
    /// `not-ready` before.
    pub fn index(&self) -> Result<Index, Refusal> {
        self.index.get().cloned().ok_or_else(|| {
            Refusal::new(
                Slug::NotReady,
                "the index is still reading its journal; try again in a moment",
            )
        })
    }

    /// Time since the index started.
    pub fn uptime(&self) -> Duration {
        self.clock.instant() - self.started
    }

    /// When a peer that was just heard is to be heard again.
    pub fn next_heartbeat_ms(&self) -> u64 {
        let next = next_beat(self.heartbeat_interval, self.uptime(), rand::random());
        u64::try_from(next.as_millis()).unwrap_or(u64::MAX)
    }

    /// Cancelled once the index begins to stop.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Whether the index has begun to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }
}

/// The name that this machine goes by.
pub fn machine_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
