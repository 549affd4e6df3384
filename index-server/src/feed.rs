//! The live feed: every change, pushed to every watcher, in order.
//!
//! The sequencer publishes [`Change`]s; sockets subscribe. Knows nothing of how a change came
//! about.

use std::sync::Arc;

use jiff::Timestamp;
use protocol::ids::PeerId;
use protocol::stats::NetworkStats;

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

/// The handle that publishes; cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed {}

impl Feed {
    /// A feed that remembers the last `held_count` events, for readers that come back.
    pub fn new(held_count: usize) -> Self {
        let _ = held_count;
        unimplemented!("helper")
    }

    /// Publishes changes in order; never waits for a reader.
    pub fn publish(&self, at: Timestamp, changes: Vec<Change>) {
        let _ = (at, changes);
        unimplemented!("helper")
    }

    /// Sequence number of the last published event, 0 before the first.
    pub fn last_seq(&self) -> u64 {
        unimplemented!("helper")
    }

    /// Tells every reader goodbye and ends the sockets.
    pub fn close(&self, reason: &str) {
        let _ = reason;
        unimplemented!("helper")
    }
}
