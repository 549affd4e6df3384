//! The owner of all downloads: takes orders, starts what may run, keeps the queue on disk, shows how
//! things stand.
//!
//! Every download runs in a task of its own; the owner hears of it through what it shows and how it
//! ends.

mod batches;
mod ended;
mod orders;
mod partials;
mod reports;
mod saver;
mod starts;
mod view;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::change::{Change, Move};
use super::handle::{FetchConfig, FetchError, FetchEvent, FetchView};
use super::partial::Partials;
use super::queue::file::{self, Saved};
use super::queue::{Entry, Queue};
use super::refused::Refused;
use super::run::{Ended, Live, RunOrder, Shared};
use super::source::{Http, blocking};
use super::store::{self, FOLDER};
use super::{DownloadDetail, DownloadId, DownloadState, Holders, Wish};
use crate::rate::{RateLimit, RateLimits, SharedMeter};
use batches::Batches;
use reports::Reports;
use saver::Saver;
use view::Shown;

/// Answer to an order that makes many downloads.
pub type Enqueued = Result<Vec<Result<DownloadId, FetchError>>, FetchError>;
/// Orders to one running download that may wait; further ones are dropped, since they are all of the
/// kind that can be given again.
const RUN_ORDERS_COUNT: usize = 8;
/// Changes are shown at most so often.
const SHOW_EVERY: Duration = Duration::from_millis(100);
/// One that has ended is waited for: it is shown nearly at once.
const SHOW_END_EVERY: Duration = Duration::from_millis(5);
/// The same for each download of a long list.
const SHOW_EVERY_EACH: Duration = Duration::from_micros(25);
/// However long the list.
const SHOW_AT_LEAST_EVERY: Duration = Duration::from_secs(2);
/// At the end, downloads have so long to make safe what they have.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// What the handle may ask for, in order.
#[derive(Debug)]
pub enum Order {
    /// See [`super::Fetch::enqueue_many`].
    Enqueue(Vec<Wish>, oneshot::Sender<Enqueued>),
    /// See the methods of [`super::Fetch`] of the same names.
    Change(
        Change,
        Vec<DownloadId>,
        oneshot::Sender<Result<(), FetchError>>,
    ),
    /// See [`super::Fetch::reorder`].
    Reorder(Vec<DownloadId>, Move, oneshot::Sender<Vec<DownloadId>>),
    /// See [`super::Fetch::arrange`].
    Arrange(Vec<DownloadId>, oneshot::Sender<()>),
    /// See [`super::Fetch::nudge`].
    Nudge(Option<ContentHash>),
    /// See [`super::Fetch::block`].
    Block(PeerId),
    /// See [`super::Fetch::unblock`].
    Unblock(PeerId),
    /// See [`super::Fetch::detail`].
    Detail(DownloadId, oneshot::Sender<Option<DownloadDetail>>),
    /// See [`super::Fetch::stop`].
    Stop(oneshot::Sender<()>),
}

/// Where the owner shows itself.
pub struct Outlets {
    /// All downloads.
    pub view: Arc<ArcSwap<FetchView>>,
    /// Revision of the view.
    pub revision: watch::Sender<u64>,
    /// What others act on.
    pub events: broadcast::Sender<FetchEvent>,
    /// What others may read of unfinished downloads.
    pub partials: Partials,
    /// Bytes a second over all.
    pub limit: RateLimit,
    /// Bytes a second from each peer.
    pub peer_limits: RateLimits<PeerId>,
}

struct Running {
    started_at: Instant,
    orders: mpsc::Sender<RunOrder>,
    live: watch::Receiver<Live>,
    /// Of this download alone.
    limit: RateLimit,
}

struct Owner {
    config: FetchConfig,
    shared: Shared,
    queue: Queue,
    running: HashMap<DownloadId, Running>,
    runs: JoinSet<Ended>,
    tasks: HashMap<tokio::task::Id, DownloadId>,
    saver: Saver,
    shown: Shown,
    reports: Reports,
    outlets: Outlets,
    /// Small files that are fetched together.
    batches: Batches,
    /// Off the list; their unfinished bytes are still on disk.
    gone: Vec<Entry>,
}

/// Reads the queue and starts the owner.
///
/// # Errors
/// When folders or the queue's file cannot be used.
pub async fn start(
    config: FetchConfig,
    holders: Arc<dyn Holders>,
    outlets: Outlets,
    inbox: mpsc::Receiver<Order>,
) -> Result<(), FetchError> {
    let (downloads, data) = (config.downloads.clone(), config.data.clone());
    let saved = blocking(move || {
        for folder in [&downloads, &data] {
            std::fs::create_dir_all(folder).map_err(|error| FetchError::Io {
                operation: "make folder",
                path: folder.clone(),
                reason: error.to_string(),
            })?;
        }
        file::read(&data)
    });
    let saved = saved.await?;
    let (limit, of_peers) = (outlets.limit.clone(), outlets.peer_limits.clone());
    let own_id = holders.own_id();
    let http =
        Http::new(config.timing, limit, of_peers, own_id).map_err(|error| FetchError::Io {
            operation: "make an HTTP client for",
            path: config.downloads.clone(),
            reason: error.to_string(),
        })?;
    let shared = Shared {
        folder: config.downloads.join(FOLDER),
        http,
        holders: holders.clone(),
        refused: Refused::new(config.blocked.iter().copied()),
        partials: outlets.partials.clone(),
        events: outlets.events.clone(),
        timing: config.timing,
        small_files: SharedMeter::default(),
    };
    let (known, current) = (saved.downloads.clone(), config.downloads.clone());
    let shown = outlets.partials.clone();
    let entries = blocking(move || {
        let is_there = |path: &Path| std::fs::symlink_metadata(path).is_ok();
        let known = known.into_iter().map(Entry::restarted);
        let settled = known.map(|entry| entry.settled(&current, is_there));
        let entries: Vec<Entry> = settled.collect();
        partials::show_resting(&entries, &shown);
        entries
    })
    .await;
    let mut owner = Owner {
        queue: Queue::new(entries, saved.next_id),
        running: HashMap::new(),
        runs: JoinSet::new(),
        tasks: HashMap::new(),
        saver: Saver::new(config.data.clone()),
        shown: Shown::new(&saved),
        reports: Reports::new(holders),
        shared,
        config,
        outlets,
        batches: Batches::default(),
        gone: Vec::new(),
    };
    for entry in owner.queue.entries() {
        owner.shown.changed(entry.id);
    }
    owner.show();
    tokio::spawn(owner.run(inbox));
    Ok(())
}

impl Owner {
    async fn run(mut self, mut inbox: mpsc::Receiver<Order>) {
        loop {
            self.start_some();
            if self.running.is_empty() && self.shown.has_ended() {
                // Whoever waits for the last one hears of it at once, however long the list is.
                self.show();
            }
            let now = Instant::now();
            if let Some(saved) = self.saver.is_due(now).then(|| self.saved()) {
                self.saver.save(saved, now);
            }
            let wake_at = self.wake_at(now);
            tokio::select! {
                order = inbox.recv() => match order {
                    None => break,
                    Some(Order::Stop(done)) => {
                        self.stop().await;
                        // Whoever asked may have gone.
                        let _ = done.send(());
                        return;
                    }
                    Some(order) => self.obey(order),
                },
                Some(ended) = self.runs.join_next_with_id() => self.take_joined(ended),
                ended = self.batches.next() => self.take_batch(ended.as_deref()),
                () = self.saver.saved() => {}
                () = tokio::time::sleep_until(wake_at.into()) => {}
            }
            self.look_at_clock().await;
        }
        self.stop().await;
    }

    fn wake_at(&self, now: Instant) -> Instant {
        let (retry_at, undo_until) = self.queue.next_changes();
        let undo_at = undo_until.map(|until| {
            let left = until.duration_since(Timestamp::now());
            now + Duration::try_from(left).unwrap_or_default() + Duration::from_millis(10)
        });
        let is_moving = !self.running.is_empty() || self.shown.is_stale();
        let show_at = is_moving.then(|| self.shown.due_at(now, self.show_every()));
        let all = [
            retry_at,
            undo_at,
            show_at,
            self.saver.due_at(),
            self.reports.due_at(),
        ];
        let first = all.into_iter().flatten().min();
        first.unwrap_or(now + Duration::from_mins(1))
    }

    async fn look_at_clock(&mut self) {
        let now = Instant::now();
        let folder = &self.shared.folder;
        let has_room = |bytes| store::check_free(folder, bytes).map_err(|full| full.to_string());
        let waits = self
            .queue
            .wait_for_room(now, self.config.timing.no_source_min, has_room);
        for id in waits.into_iter().chain(self.queue.retry_due(now)) {
            self.shown.changed(id);
        }
        let running: HashSet<_> = self.running.keys().copied().collect();
        for gone in self.queue.expire(Timestamp::now(), &running) {
            self.saver.changed();
            self.shown.gone(gone.id);
            self.gone.push(gone);
        }
        for gone in std::mem::take(&mut self.gone) {
            if gone.state != DownloadState::Done {
                self.forget(&gone).await;
            }
        }
        self.reports.flush_due(now);
        if self.shown.due_at(now, self.show_every()) <= now {
            self.show();
        }
    }

    /// Takes the unfinished bytes of a cancelled download off the disk.
    async fn forget(&self, entry: &Entry) {
        let (hash, folder) = (entry.wish.hash, entry.unfinished());
        if self.queue.is_wanted_elsewhere(&hash, entry.id) {
            return;
        }
        self.remove_partial(hash);
        if let Err(error) = blocking(move || store::remove(&folder, &hash)).await {
            tracing::warn!(%error, "an unfinished download stays on disk");
        }
    }

    fn saved(&self) -> Saved {
        let mut saved = self.shown.totals();
        saved.next_id = self.queue.next_id();
        saved.downloads = self.queue.entries().cloned().collect();
        saved
    }

    /// A long list is shown less often: making and sending it has its price.
    fn show_every(&self) -> Duration {
        let count = u32::try_from(self.queue.count()).unwrap_or(u32::MAX);
        let least = if self.shown.has_ended() {
            SHOW_END_EVERY
        } else {
            SHOW_EVERY
        };
        least
            .max(SHOW_EVERY_EACH.saturating_mul(count))
            .min(SHOW_AT_LEAST_EVERY)
    }

    fn show(&mut self) {
        let mut view = self.shown.view(&self.queue, &self.running);
        if view.active_count > 0 {
            view.down_rate += self.shared.small_files.rate();
        }
        let revision = view.revision;
        self.outlets.view.store(Arc::new(view));
        self.outlets.revision.send_replace(revision);
    }

    async fn stop(&mut self) {
        for running in self.running.values() {
            // A full inbox holds an order that comes first.
            let _ = running.orders.try_send(RunOrder::Stop);
        }
        let ended = async {
            while let Some(ended) = self.runs.join_next_with_id().await {
                self.take_joined(ended);
            }
            while self.batches.is_any() {
                let ended = self.batches.next().await;
                self.take_batch(ended.as_deref());
            }
        };
        if tokio::time::timeout(STOP_WAIT, ended).await.is_err() {
            tracing::warn!(
                "a download took too long to stop; it is checked again at the next start"
            );
        }
        self.reports.flush();
        let saved = self.saved();
        self.saver.save_last(saved).await;
    }
}
