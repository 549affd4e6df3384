//! One download from the first question to the finished file: does what the job decides.
//!
//! A task of its own with one inbox; ends with an [`Ended`]. Knows no queue and no other download.

mod beside;
pub mod closely;
mod finish;
mod follow;
mod look;
mod plain;
mod transfer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use protocol::hash::{ContentHash, PieceHash};
use protocol::ids::PeerId;
use protocol::peer::{Outcome as Report, TransferReport};
use protocol::pieces::{FileHashes, PieceLayout};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::handle::FetchEvent;
use super::job::Job;
use super::limits::Timing;
use super::partial::Partials;
use super::refused::Refused;
use super::source::Http;
use super::store::place::Target;
use super::store::{Store, StoreError};
use super::{DownloadId, DownloadState, Holders};
use crate::rate::SharedMeter;
pub use closely::Closely;
use closely::pieces_at_rest;
use follow::Follower;

/// What a download is told at start.
pub struct Task {
    /// Its number.
    pub id: DownloadId,
    /// Which content.
    pub hash: ContentHash,
    /// Bytes, as far as known.
    pub size_bytes: u64,
    /// Its safe name, with folders.
    pub name: String,
    /// Where it goes.
    pub target: Target,
    /// Where copies of the same content lay on this disk, as far as known.
    pub local: Vec<PathBuf>,
    /// It was open when the program ended: it may lie at its place already.
    pub may_be_there: bool,
    /// What it shows while it runs.
    pub live: watch::Sender<Live>,
    /// What it is told while it runs.
    pub orders: mpsc::Receiver<RunOrder>,
}

/// What all downloads share; cheap to clone.
#[derive(Clone)]
pub struct Shared {
    /// Folder of unfinished downloads.
    pub folder: PathBuf,
    /// How sources are asked.
    pub http: Http,
    /// Who has what.
    pub holders: Arc<dyn Holders>,
    /// Who is not asked.
    pub refused: Refused,
    /// What others may read.
    pub partials: Partials,
    /// What others act on.
    pub events: broadcast::Sender<FetchEvent>,
    /// How long things may take.
    pub timing: Timing,
    /// What comes in small files, whose downloads have no rate of their own.
    pub small_files: SharedMeter,
}

/// What a running download shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// Looking, downloading or finishing.
    pub state: DownloadState,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// Verified bytes on disk.
    pub done_bytes: u64,
    /// Bytes a second, lately.
    pub rate_bytes: u64,
    /// Sources in use and known.
    pub sources: (u32, u32),
    /// Verified bytes from each peer in this run.
    pub got: Vec<(PeerId, u64)>,
}

/// What a running download may be told.
#[derive(Debug)]
pub enum RunOrder {
    /// Show it closely.
    Detail(oneshot::Sender<Closely>),
    /// Ask the index for sources again now.
    LookAgain,
    /// Do not use this peer any more.
    Block(PeerId),
    /// End for now; what is verified is made safe.
    Stop,
}

/// How a download ended.
#[derive(Debug)]
pub enum Outcome {
    /// The file is at its place, whole and safe.
    Done {
        /// Where.
        destination: PathBuf,
        /// Its hashes.
        hashes: Box<FileHashes>,
    },
    /// Nobody can be asked now, or there is no room for what they have: tried again by itself.
    NoSource(String),
    /// There is no room for it now.
    DiskFull(String),
    /// It needs a person.
    Failed(String),
    /// It was told to.
    Stopped,
    /// It cannot be fetched together with others.
    Alone,
}

/// A download that has ended for now.
#[derive(Debug)]
pub struct Ended {
    /// Which.
    pub id: DownloadId,
    /// How.
    pub outcome: Outcome,
    /// Verified bytes that stay on disk.
    pub done_bytes: u64,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// Verified bytes from each peer.
    pub got: Vec<(PeerId, u64)>,
    /// As it looked at the end.
    pub closely: Closely,
}

/// Why work does not go on.
#[derive(Debug)]
enum Halt {
    Stopped,
    NoSource(String),
    Disk(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Disk(error)
    }
}

/// What is open on disk.
struct Open {
    store: Store,
    hashes: Arc<[PieceHash]>,
    follower: Follower,
}

struct Runner {
    task: Task,
    shared: Shared,
    job: Job,
    layout: PieceLayout,
    open: Option<Open>,
    /// The checked piece hashes of the job's root, once they are known while a stream goes on.
    list: Option<Arc<[PieceHash]>>,
    done_bytes: u64,
    looked_at: Option<Instant>,
    wants_look: bool,
}

/// Runs a download until it is done or cannot go on.
pub async fn run(task: Task, shared: Shared) -> Ended {
    let layout = PieceLayout::of_size(task.size_bytes);
    // Until the disk says.
    let done_bytes = task.live.borrow().done_bytes;
    let mut runner = Runner {
        job: Job::new(
            layout,
            shared.holders.own_id(),
            shared.timing.failure,
            rand::random(),
        ),
        layout,
        open: None,
        list: None,
        done_bytes,
        looked_at: None,
        wants_look: false,
        task,
        shared,
    };
    let outcome = match runner.work().await {
        Ok((destination, hashes)) => Outcome::Done {
            destination,
            hashes: Box::new(hashes),
        },
        Err(Halt::Stopped) => Outcome::Stopped,
        Err(Halt::NoSource(reason)) => Outcome::NoSource(reason),
        // There may be room later, and nobody need be asked for that.
        Err(Halt::Disk(error @ StoreError::Full { .. })) => Outcome::DiskFull(error.to_string()),
        Err(Halt::Disk(error)) => Outcome::Failed(error.to_string()),
    };
    if !matches!(outcome, Outcome::Done { .. }) {
        runner.suspend().await;
    }
    let closely = runner.closely();
    Ended {
        id: runner.task.id,
        outcome,
        done_bytes: runner.done_bytes,
        size_bytes: runner.layout.size_bytes(),
        got: runner.job.got(),
        closely,
    }
}

impl Runner {
    async fn work(&mut self) -> Result<(PathBuf, FileHashes), Halt> {
        if !self.task.local.is_empty() {
            // It is copied over what came so far.
            self.hide_partial();
        }
        if let Some(done) = self.find_on_disk().await? {
            let place = done.0.clone();
            self.shared.partials.hand_over(self.task.hash, place);
            return Ok(done);
        }
        let mut unsafe_count = 0;
        loop {
            if self.list.is_none() {
                self.show(DownloadState::Looking);
                self.look().await?;
            }
            let finished = if let Some(hashes) = self.piece_list().await? {
                self.open(hashes).await?;
                self.show(DownloadState::Downloading);
                self.transfer().await?;
                self.show(DownloadState::Finishing);
                self.finish().await
            } else {
                self.show(DownloadState::Downloading);
                self.fetch_plain().await
            };
            match finished {
                Ok(Some(done)) => return Ok(done),
                // The root was a lie: begin again with those who tell another. Or the pieces of what
                // came in a stream are known now.
                Ok(None) => {}
                Err(Halt::Disk(error @ StoreError::Unsafe { .. })) if unsafe_count == 0 => {
                    unsafe_count += 1;
                    tracing::warn!(%error, name = %self.task.name, "checked again from disk");
                    self.begin_anew().await?;
                }
                Err(halt) => return Err(halt),
            }
        }
    }

    /// Waits for `work` while orders are obeyed.
    async fn while_obeying<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Halt> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                order = self.task.orders.recv() => self.obey(order)?,
            }
        }
    }

    fn obey(&mut self, order: Option<RunOrder>) -> Result<(), Halt> {
        match order {
            None | Some(RunOrder::Stop) => return Err(Halt::Stopped),
            Some(RunOrder::LookAgain) => self.wants_look = true,
            Some(RunOrder::Block(peer)) => self.job.block(&peer),
            Some(RunOrder::Detail(answer)) => {
                // Whoever asked may have gone.
                let _ = answer.send(self.closely());
            }
        }
        Ok(())
    }

    fn show(&mut self, state: DownloadState) {
        let live = Live {
            state,
            size_bytes: self.layout.size_bytes(),
            done_bytes: self.done_bytes,
            rate_bytes: self.job.rate(Instant::now()),
            sources: self.job.source_counts(),
            got: self.job.got(),
        };
        self.task.live.send_if_modified(|shown| {
            let is_news = *shown != live;
            *shown = live;
            is_news
        });
    }

    fn closely(&mut self) -> Closely {
        let pieces = if let Some(scheduler) = self.job.scheduler() {
            let sign = |piece| match piece {
                _ if !scheduler.wants(piece) => '#',
                _ if scheduler.is_claimed(piece) => '~',
                _ if !scheduler.is_held(piece) => '!',
                _ => '.',
            };
            self.layout.pieces().map(sign).collect()
        } else {
            let partial = self.shared.partials.get(&self.task.hash);
            let held = partial.map(|partial| partial.held.borrow().clone());
            // Before the first answer nobody knows that nobody has them.
            let is_held = self.looked_at.is_none() || self.job.source_counts().1 > 0;
            pieces_at_rest(self.layout, held.as_deref(), is_held)
        };
        Closely {
            pieces,
            sources: self.job.source_statuses(Instant::now()),
            notes: self.job.notes().to_vec(),
        }
    }

    /// Tells the index of a bad transfer, in the background.
    fn report(&self, peer: PeerId, outcome: Report) {
        let holders = self.shared.holders.clone();
        let report = TransferReport {
            content: self.task.hash,
            outcome,
            bytes: 0,
        };
        tokio::spawn(async move { holders.report(peer, report).await });
    }

    fn hide_partial(&self) {
        if self.shared.partials.remove(&self.task.hash) {
            let hash = self.task.hash;
            // Nobody may be listening.
            let _ = self.shared.events.send(FetchEvent::PartialGone { hash });
        }
    }
}
