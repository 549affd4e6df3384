//! The live feed: every change, pushed to every watcher, in order.
//!
//! The sequencer publishes [`Change`]s; sockets subscribe. Knows nothing of how a change came
//! about.
//!
//! There is one queue, shared by all: a ring of the last events. Each reader keeps only its place
//! in it, so a reader costs the same however far it is behind, and publishing never waits for one.
//! A reader that fell out of the ring is told to read the lists anew.

pub mod held;
pub mod ring;
pub mod session;
pub mod topics;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use protocol::ids::PeerId;
use protocol::stats::NetworkStats;
use tokio::sync::watch;

use self::held::Held;
use self::ring::{Catch, Ring};
use crate::catalog::FileEntry;
use crate::view::PeerEntry;

/// A record with what is needed to show it.
#[derive(Debug, Clone)]
pub struct FileNews {
    /// The record as it now stands (or stood).
    pub entry: FileEntry,
    /// Its owner.
    pub owner: Arc<PeerEntry>,
    /// Online complete holders of its content.
    pub sources: u64,
}

/// What happened, before anybody's vantage is known.
#[derive(Debug, Clone)]
pub enum Change {
    /// New, or with new facts.
    PeerRegistered(Arc<PeerEntry>),
    /// Back.
    PeerOnline(Arc<PeerEntry>),
    /// Silent for too long.
    PeerOffline(Arc<PeerEntry>),
    /// Said goodbye.
    PeerLeft(Arc<PeerEntry>),
    /// New or changed record.
    FileRegistered(FileNews),
    /// Record gone.
    FileRemoved(FileNews),
    /// Many changes of one request.
    FilesChanged {
        /// Whose.
        owner: PeerId,
        /// New records.
        added: u64,
        /// Changed records.
        updated: u64,
        /// Gone records.
        removed: u64,
        /// At most 20 of the new or changed ones.
        sample: Vec<FileNews>,
    },
    /// A redirect was given.
    Download(FileNews),
    /// Figures changed (the publisher sees to at most one a second).
    Stats(NetworkStats),
}

/// What readers wait for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signal {
    /// Of the last published event.
    pub last_seq: u64,
    /// Set once the feed ends.
    pub goodbye: Option<Arc<str>>,
}

/// The handle that publishes; cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    ring: Mutex<Ring>,
    signal: watch::Sender<Signal>,
}

impl Feed {
    /// A feed that remembers the last `held_count` events, for readers that come back.
    pub fn new(held_count: usize) -> Self {
        Self::going_on_after(held_count, 0)
    }

    /// The same, numbered from `seq + 1` on. A process that starts beyond all numbers of the one
    /// before it cannot mistake a reader of that one for its own.
    pub fn going_on_after(held_count: usize, seq: u64) -> Self {
        let signal = Signal {
            last_seq: seq,
            goodbye: None,
        };
        Self {
            shared: Arc::new(Shared {
                ring: Mutex::new(Ring::new(held_count, seq)),
                signal: watch::Sender::new(signal),
            }),
        }
    }

    /// Publishes changes in order; never waits for a reader.
    pub fn publish(&self, at: Timestamp, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let last_seq = {
            let mut ring = self.ring();
            for change in changes {
                ring.push(|seq| Held::new(seq, at, change));
            }
            ring.last_seq()
        };
        self.shared
            .signal
            .send_modify(|signal| signal.last_seq = last_seq);
    }

    /// Sequence number of the last published event, 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.ring().last_seq()
    }

    /// Tells every reader goodbye and ends the sockets.
    pub fn close(&self, reason: &str) {
        self.shared
            .signal
            .send_modify(|signal| signal.goodbye = Some(reason.into()));
    }

    /// Tells of news; yields the latest at once.
    pub fn signal(&self) -> watch::Receiver<Signal> {
        let mut receiver = self.shared.signal.subscribe();
        receiver.mark_changed();
        receiver
    }

    /// At most `count` events after `seq`.
    pub fn after(&self, seq: u64, count: usize) -> Catch {
        self.ring().after(seq, count)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.shared
            .ring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
