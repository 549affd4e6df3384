//! When the queue is written: at once for whoever waits to hear that a download is queued, else once
//! a second, or less often where it is so long that writing it takes its time; never two writes at a
//! time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::super::DownloadId;
use super::super::handle::FetchError;
use super::super::queue::file::{self, Saved};
use super::Enqueued;

/// Between writes that nobody waits for.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// Writes that nobody waits for take at most such a part of the time.
const SAVE_PARTS: u32 = 50;
/// However long one takes, the next one is not put off longer.
const SAVE_AT_LEAST_EVERY: Duration = Duration::from_secs(10);

type Ids = Vec<Result<DownloadId, FetchError>>;

/// Somebody who waits for the write.
struct Waiting(Ids, oneshot::Sender<Enqueued>);

impl Waiting {
    fn tell(self, written: &Result<(), FetchError>) {
        let Self(ids, answer) = self;
        // Whoever waits may have gone.
        let _ = answer.send(written.clone().map(|()| ids));
    }
}

pub(super) struct Saver {
    folder: PathBuf,
    is_changed: bool,
    last_at: Option<Instant>,
    /// How long the last write took.
    took: Duration,
    /// Told by the next write.
    waiting: Vec<Waiting>,
    /// Told by the write under way.
    served: Vec<Waiting>,
    write: Option<JoinHandle<Result<(), FetchError>>>,
}

impl Saver {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            is_changed: false,
            last_at: None,
            took: Duration::ZERO,
            waiting: Vec::new(),
            served: Vec::new(),
            write: None,
        }
    }

    /// The queue has changed.
    pub(super) const fn changed(&mut self) {
        self.is_changed = true;
    }

    /// Tells these ids once they are on disk; when all were refused there is nothing to write.
    pub(super) fn tell_many(&mut self, ids: Ids, answer: oneshot::Sender<Enqueued>) {
        if ids.iter().all(Result::is_err) {
            Waiting(ids, answer).tell(&Ok(()));
            return;
        }
        self.is_changed = true;
        self.waiting.push(Waiting(ids, answer));
    }

    /// When the next write is due; `None` when there is nothing to write or one is under way.
    pub(super) fn due_at(&self) -> Option<Instant> {
        if self.write.is_some() || !self.is_changed {
            return None;
        }
        match self.last_at {
            Some(last_at) if self.waiting.is_empty() => Some(last_at + self.every()),
            _ => Some(Instant::now()),
        }
    }

    fn every(&self) -> Duration {
        let share = self.took.saturating_mul(SAVE_PARTS);
        share.clamp(SAVE_EVERY, SAVE_AT_LEAST_EVERY)
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due_at()
            .is_some_and(|at| at <= now || !self.waiting.is_empty())
    }

    pub(super) fn save(&mut self, saved: Saved, now: Instant) {
        self.is_changed = false;
        self.last_at = Some(now);
        self.served = std::mem::take(&mut self.waiting);
        let folder = self.folder.clone();
        let write = move || file::write(&folder, &saved.encode());
        self.write = Some(tokio::task::spawn_blocking(write));
    }

    /// Waits for the write under way, for ever when there is none. Cancel safe.
    pub(super) async fn saved(&mut self) {
        let Some(write) = &mut self.write else {
            return std::future::pending().await;
        };
        let written = write.await;
        self.write = None;
        self.took = self.last_at.map_or(Duration::ZERO, |at| at.elapsed());
        let written = written.unwrap_or_else(|error| {
            Err(FetchError::Io {
                operation: "write queue",
                path: self.folder.clone(),
                reason: error.to_string(),
            })
        });
        if let Err(error) = &written {
            tracing::error!(%error, "the queue of downloads is not on disk; tried again");
            self.is_changed = true;
        }
        for waiting in self.served.drain(..) {
            waiting.tell(&written);
        }
    }

    /// The last write, at the end.
    pub(super) async fn save_last(&mut self, saved: Saved) {
        if self.write.is_some() {
            self.saved().await;
        }
        self.save(saved, Instant::now());
        self.saved().await;
    }
}
