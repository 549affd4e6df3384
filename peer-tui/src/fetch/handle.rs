//! The handle to the owner of all downloads: cheap to clone.
//!
//! Knows orders and views; how a download is done stands in `task` and `run`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::pieces::FileHashes;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::change::Change;
use super::limits::Timing;
use super::partial::Partials;
use super::task::{self, Order, Outlets};
use super::{DownloadDetail, DownloadId, DownloadStatus, Holders, Wish};
use crate::rate::{RateLimit, RateLimits};
use crate::serve::{PartialContent, PartialContents};

mod limits;
mod places;
mod unfinished;

pub use unfinished::Unfinished;

/// Orders that may wait: whoever gives one waits for room.
const ORDERS_QUEUE_COUNT: usize = 256;
/// Events held for a reader that is behind; a reader that misses one looks at the view.
const EVENTS_QUEUE_COUNT: usize = 16 * 1024;

/// A run that is over within this time may fall between two looks.
pub const SHORT_RUN: Duration = Duration::from_secs(1);

/// What fetching is told at start.
#[derive(Debug, Clone)]
pub struct FetchConfig {
    /// Where finished files go; unfinished ones lie in `.peerdex` below it.
    pub downloads: PathBuf,
    /// Folder of the queue's file.
    pub data: PathBuf,
    /// Bytes a second over all downloads; `None` for no limit.
    pub down_limit: Option<u64>,
    /// Large downloads that run at once; small files do not count.
    pub max_active: usize,
    /// Peers that are never fetched from.
    pub blocked: Vec<PeerId>,
    /// How long a source may take.
    pub timing: Timing,
}

impl FetchConfig {
    /// The usual settings for these folders.
    pub fn in_folders(downloads: PathBuf, data: PathBuf) -> Self {
        Self {
            downloads,
            data,
            down_limit: None,
            max_active: 4,
            blocked: Vec::new(),
            timing: Timing::default(),
        }
    }
}

/// Why an order was not carried out, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The queue could not be read or written.
    #[error("{operation} {}: {reason}", .path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// There is no such download.
    #[error("there is no download {0}")]
    Unknown(DownloadId),
    /// It is fetched already and lies there.
    #[error("it is there already: {}", .destination.display())]
    AlreadyDone {
        /// The finished download.
        id: DownloadId,
        /// Where it lies.
        destination: PathBuf,
    },
    /// The owner task has ended.
    #[error("fetching has stopped")]
    Stopped,
}

/// All downloads as they stand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FetchView {
    /// Grows with each change.
    pub revision: u64,
    /// In the order they were asked for.
    pub downloads: Vec<Arc<DownloadStatus>>,
    /// Bytes a second over all, lately.
    pub down_rate: u64,
    /// Running now.
    pub active_count: usize,
    /// Files finished, ever.
    pub finished_count: u64,
    /// Verified bytes fetched, ever.
    pub fetched_bytes: u64,
    /// Of those, what came in runs that were over within [`SHORT_RUN`], since the start: who looks
    /// once a second has seen no rate of theirs.
    pub short_bytes: u64,
    /// Verified bytes from each peer, ever.
    pub got_bytes: Arc<HashMap<PeerId, u64>>,
}

/// Something that others act on.
#[derive(Debug, Clone, PartialEq)]
pub enum FetchEvent {
    /// A file is at its place, whole and safe on disk: it may be shared.
    Finished(Arc<Finished>),
    /// An unfinished download has its first verified pieces, or is there again: it may be published
    /// as partial.
    PartialStarted(Unfinished),
    /// An unfinished download is there no more: finished (sent after `Finished`), cancelled, or
    /// begun anew.
    PartialGone {
        /// Which content.
        hash: ContentHash,
    },
}

/// A finished download.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Its number.
    pub id: DownloadId,
    /// Which content.
    pub hash: ContentHash,
    /// Both hashes and the pieces, so that it can be shared without hashing.
    pub hashes: FileHashes,
    /// Where it lies.
    pub destination: PathBuf,
}

/// The handle to all downloads; cheap to clone.
#[derive(Debug, Clone)]
pub struct Fetch {
    orders: mpsc::Sender<Order>,
    view: Arc<ArcSwap<FetchView>>,
    revision: watch::Receiver<u64>,
    events: broadcast::Sender<FetchEvent>,
    partials: Partials,
    limit: RateLimit,
    peer_limits: RateLimits<PeerId>,
}

impl Fetch {
    /// Reads the queue and starts the owner task; downloads that were running go on.
    ///
    /// # Errors
    /// When the folders cannot be made or the queue's file cannot be read. A damaged file is put
    /// aside and said in the log: that is no error.
    pub async fn start(config: FetchConfig, holders: Arc<dyn Holders>) -> Result<Self, FetchError> {
        let (orders, inbox) = mpsc::channel(ORDERS_QUEUE_COUNT);
        let (events, _) = broadcast::channel(EVENTS_QUEUE_COUNT);
        let (revision_out, revision) = watch::channel(0);
        let view = Arc::new(ArcSwap::from_pointee(FetchView::default()));
        let partials = Partials::default();
        let limit = RateLimit::new(config.down_limit);
        let peer_limits = RateLimits::default();
        let outlets = Outlets {
            view: view.clone(),
            revision: revision_out,
            events: events.clone(),
            partials: partials.clone(),
            limit: limit.clone(),
            peer_limits: peer_limits.clone(),
        };
        task::start(config, holders, outlets, inbox).await?;
        Ok(Self {
            orders,
            view,
            revision,
            events,
            partials,
            limit,
            peer_limits,
        })
    }

    /// Queues a download; the answer means that it is on disk in the queue. The same content to the
    /// same place answers the number that it has; what was paused, failed or cancelled goes on.
    ///
    /// # Errors
    /// [`FetchError::AlreadyDone`] when it was fetched and the file is still there, unless the wish
    /// names a place (what lies there is looked at then), else when the queue cannot be written.
    pub async fn enqueue(&self, wish: Wish) -> Result<DownloadId, FetchError> {
        let mut all = self.enqueue_many(vec![wish]).await?;
        all.pop().unwrap_or(Err(FetchError::Stopped))
    }

    /// Queues many downloads with one write: a folder of 10,000 files is one call.
    ///
    /// # Errors
    /// When the queue cannot be written; inside, as [`Fetch::enqueue`] for each wish in order.
    pub async fn enqueue_many(
        &self,
        wishes: Vec<Wish>,
    ) -> Result<Vec<Result<DownloadId, FetchError>>, FetchError> {
        let (answer, answered) = oneshot::channel();
        self.send(Order::Enqueue(wishes, answer)).await?;
        answered.await.map_err(|_| FetchError::Stopped)?
    }

    /// Pauses; what is verified stays on disk.
    ///
    /// # Errors
    /// When one of them is not there (the others are paused).
    pub async fn pause(&self, ids: &[DownloadId]) -> Result<(), FetchError> {
        self.change(Change::Pause, ids).await
    }

    /// Goes on with paused ones.
    ///
    /// # Errors
    /// As [`Fetch::pause`].
    pub async fn resume(&self, ids: &[DownloadId]) -> Result<(), FetchError> {
        self.change(Change::Resume, ids).await
    }

    /// Takes away; partial data is kept for 10 s so that it can be undone.
    ///
    /// # Errors
    /// As [`Fetch::pause`].
    pub async fn cancel(&self, ids: &[DownloadId]) -> Result<(), FetchError> {
        self.change(Change::Cancel, ids).await
    }

    /// Undoes a cancel.
    ///
    /// # Errors
    /// As [`Fetch::pause`]; also when the 10 s are over.
    pub async fn restore(&self, ids: &[DownloadId]) -> Result<(), FetchError> {
        self.change(Change::Restore, ids).await
    }

    /// Takes finished and failed rows off the list; finished files stay.
    ///
    /// # Errors
    /// As [`Fetch::pause`].
    pub async fn remove(&self, ids: &[DownloadId]) -> Result<(), FetchError> {
        self.change(Change::Remove, ids).await
    }

    /// Tries failed ones again.
    ///
    /// # Errors
    /// As [`Fetch::pause`].
    pub async fn retry(&self, ids: &[DownloadId]) -> Result<(), FetchError> {
        self.change(Change::Retry, ids).await
    }

    /// Asks the index for sources again now.
    ///
    /// # Errors
    /// As [`Fetch::pause`].
    pub async fn more_sources(&self, ids: &[DownloadId]) -> Result<(), FetchError> {
        self.change(Change::MoreSources, ids).await
    }

    /// Raises (or, below zero, lowers) the priority by `step`.
    ///
    /// # Errors
    /// As [`Fetch::pause`].
    pub async fn prioritise(&self, ids: &[DownloadId], step: i8) -> Result<(), FetchError> {
        self.change(Change::Prioritise(step), ids).await
    }

    /// Sets the priority: above 0 goes before, below 0 behind the others.
    ///
    /// # Errors
    /// As [`Fetch::pause`].
    pub async fn set_priority(&self, ids: &[DownloadId], priority: i8) -> Result<(), FetchError> {
        self.change(Change::SetPriority(priority), ids).await
    }

    /// The feed says that this content has a new holder, or (`None`) that some peer came back:
    /// whoever waits for a source looks again.
    pub fn nudge(&self, hash: Option<ContentHash>) {
        // A full queue means that orders are being worked off; whoever waits looks again anyway.
        let _ = self.orders.try_send(Order::Nudge(hash));
    }

    /// Never fetches from this peer again; what it sends now is dropped.
    pub async fn block(&self, peer: PeerId) {
        // Ended fetching blocks everybody.
        let _ = self.send(Order::Block(peer)).await;
    }

    /// Fetches from this peer again.
    pub async fn unblock(&self, peer: PeerId) {
        let _ = self.send(Order::Unblock(peer)).await;
    }

    /// All downloads as they stand.
    pub fn view(&self) -> Arc<FetchView> {
        self.view.load_full()
    }

    /// The revision of the view, for waiting.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.revision.clone()
    }

    /// One download closely; `None` when it is not there.
    pub async fn detail(&self, id: DownloadId) -> Option<DownloadDetail> {
        let (answer, answered) = oneshot::channel();
        self.send(Order::Detail(id, answer)).await.ok()?;
        answered.await.ok()?
    }

    /// What others act on, from now on.
    pub fn events(&self) -> broadcast::Receiver<FetchEvent> {
        self.events.subscribe()
    }

    /// Stops all downloads, makes what is verified safe on disk and ends the owner task.
    pub async fn stop(&self) {
        let (done, is_done) = oneshot::channel();
        if self.send(Order::Stop(done)).await.is_ok() {
            // An owner that has ended already drops the sender, which is as good.
            let _ = is_done.await;
        }
    }

    async fn change(&self, change: Change, ids: &[DownloadId]) -> Result<(), FetchError> {
        let (answer, answered) = oneshot::channel();
        self.send(Order::Change(change, ids.to_vec(), answer))
            .await?;
        answered.await.map_err(|_| FetchError::Stopped)?
    }

    async fn send(&self, order: Order) -> Result<(), FetchError> {
        self.orders
            .send(order)
            .await
            .map_err(|_| FetchError::Stopped)
    }
}

impl PartialContents for Fetch {
    fn partial(&self, hash: &ContentHash) -> Option<PartialContent> {
        self.partials.get(hash)
    }

    fn totals(&self) -> (u64, u64, u64) {
        let view = self.view();
        (
            view.finished_count,
            view.fetched_bytes,
            view.active_count as u64,
        )
    }
}
