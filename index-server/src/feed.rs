//! The live feed: every change, pushed to every watcher, in order.
//!
//! The sequencer publishes [`Change`]s; sockets subscribe. Knows nothing of how a change came
//! about.
//!
//! There is one queue, shared by all: a ring of the last events. Each reader keeps only its place
//! in it, so a reader costs the same however far it is behind, and publishing never waits for one.
//! A reader that fell out of the ring is told to read the lists anew.
//!
//! Waking ten thousand readers costs a core a tenth of a second. So bursts are paced: the first
//! event is told at once, and what follows within the time that telling takes is told together.

pub mod held;
pub mod outbox;
pub mod ring;
pub mod session;
pub mod topics;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::PeerId;
use protocol::stats::NetworkStats;
use tokio::sync::{Notify, watch};

use self::held::Held;
use self::ring::{Catch, Ring};
use crate::catalog::FileEntry;
use crate::view::PeerEntry;

/// What telling one reader is counted as: some 10 us of a core, and as much again for everything
/// else that the index does.
const PACE_A_READER: Duration = Duration::from_micros(20);

/// No news is held back longer, however many listen.
const PACE_MAX: Duration = Duration::from_millis(250);

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
    /// Rung for the pacer when there is one.
    bell: Notify,
    is_paced: AtomicBool,
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
                bell: Notify::new(),
                is_paced: AtomicBool::new(false),
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
        if self.shared.is_paced.load(Ordering::Relaxed) {
            self.shared.bell.notify_one();
        } else {
            self.tell(last_seq);
        }
    }

    /// Paces bursts for as long as it runs. Without it every publishing wakes every reader.
    pub async fn pace(self) {
        let _paced = Paced::begin(&self.shared.is_paced);
        loop {
            self.shared.bell.notified().await;
            self.tell(self.last_seq());
            tokio::time::sleep(self.pause()).await;
        }
    }

    /// For how long readers are busy with what they were told.
    fn pause(&self) -> Duration {
        let readers = u32::try_from(self.shared.signal.receiver_count()).unwrap_or(u32::MAX);
        PACE_A_READER.saturating_mul(readers).min(PACE_MAX)
    }

    fn tell(&self, last_seq: u64) {
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

/// Readers are woken by the pacer while this lives.
struct Paced<'f>(&'f AtomicBool);

impl<'f> Paced<'f> {
    fn begin(is_paced: &'f AtomicBool) -> Self {
        is_paced.store(true, Ordering::Relaxed);
        Self(is_paced)
    }
}

impl Drop for Paced<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_told_at_once_and_then_together() {
        let feed = Feed::new(64);
        let pacer = tokio::spawn(feed.clone().pace());
        tokio::task::yield_now().await;
        let mut readers: Vec<_> = (0..1_000).map(|_| feed.signal()).collect();
        readers.iter_mut().for_each(watch::Receiver::mark_unchanged);
        let stats = || {
            vec![Change::Stats(NetworkStats {
                total_peers: 0,
                online_peers: 0,
                total_files: 0,
                total_bytes: 0,
                total_downloads: 0,
                network_health: 100,
                last_updated: Timestamp::UNIX_EPOCH,
            })]
        };
        let reader = &mut readers[0];
        let mut told = Vec::new();
        let started = tokio::time::Instant::now();
        for _ in 0..10 {
            feed.publish(Timestamp::UNIX_EPOCH, stats());
            tokio::task::yield_now().await;
        }
        while told.last() != Some(&10) {
            reader.changed().await.expect("the feed is there");
            told.push(reader.borrow_and_update().last_seq);
        }
        assert_eq!(told, [1, 10]);
        assert_eq!(started.elapsed(), Duration::from_millis(20));
        pacer.abort();
        assert!(pacer.await.is_err_and(|error| error.is_cancelled()));
        feed.publish(Timestamp::UNIX_EPOCH, stats());
        assert_eq!(reader.borrow_and_update().last_seq, 11, "without a pacer");
    }
}
