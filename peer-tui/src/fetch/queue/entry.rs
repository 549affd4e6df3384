//! One download in the queue, and how it is kept in the queue's file.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::store::place::Target;
use super::super::store::{self, FOLDER};
use super::super::{DownloadId, DownloadState, DownloadStatus, Wish};

/// The order in which downloads start.
pub type Rank = (Reverse<i8>, i64, DownloadId);

/// One download.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub id: DownloadId,
    /// What was asked for.
    pub wish: Wish,
    /// Its safe name, with folders.
    pub name: String,
    /// Where it stands; while it runs, [`DownloadState::Looking`] stands for all that it does.
    pub state: DownloadState,
    /// Higher goes first.
    pub priority: i8,
    /// Its place among those of its priority, the lowest first; `None`: by age.
    #[serde(default)]
    pub place: Option<i64>,
    /// Bytes a second that this download may take.
    #[serde(default)]
    pub limit_bytes: Option<u64>,
    /// When it was asked for.
    pub added_at: Timestamp,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
    /// Where it is or will be.
    pub destination: PathBuf,
    /// The download folder that it began in, and ends in unless the wish names a place; empty in a
    /// queue that was written before there was a choice.
    #[serde(default)]
    pub downloads: PathBuf,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// Verified bytes on disk, as far as known.
    pub done_bytes: u64,
    /// Tries in a row that found no source.
    #[serde(skip)]
    pub tries: u32,
    /// It was open when the program ended: it may lie at its place already.
    #[serde(skip)]
    pub may_be_there: bool,
    /// It was tried together with others and needs to be a download of its own.
    #[serde(skip)]
    pub goes_alone: bool,
}

impl Entry {
    /// A download that waits for its turn.
    pub fn new(id: DownloadId, wish: Wish, downloads: &Path, now: Timestamp) -> Self {
        let target = Target::of(downloads, &wish.path, wish.save_as.as_deref());
        let destination = target.path();
        let name = match &target {
            Target::Below { path, .. } | Target::At { name: path, .. } => path.as_path(),
        };
        Self {
            id,
            name: name.to_string_lossy().into_owned(),
            state: DownloadState::Queued,
            priority: 0,
            place: None,
            limit_bytes: None,
            added_at: now,
            finished_at: None,
            destination,
            downloads: downloads.to_owned(),
            size_bytes: wish.size_bytes,
            done_bytes: 0,
            wish,
            tries: 0,
            may_be_there: false,
            goes_alone: false,
        }
    }

    /// Where it goes.
    pub fn target(&self) -> Target {
        Target::of(
            &self.downloads,
            &self.wish.path,
            self.wish.save_as.as_deref(),
        )
    }

    /// The folder of what has come.
    pub fn unfinished(&self) -> PathBuf {
        self.downloads.join(FOLDER)
    }

    /// Where it goes on when `current` is the download folder: where it began as long as something
    /// lies there, which `is_there` tells of a path, else below `current`.
    #[must_use]
    pub fn settled(mut self, current: &Path, is_there: impl Fn(&Path) -> bool) -> Self {
        if self.downloads.as_os_str().is_empty() {
            self.downloads = self.earlier_folder().unwrap_or_else(|| current.to_owned());
        }
        if self.downloads == current || self.state == DownloadState::Done {
            return self;
        }
        let part = store::part_path(&self.unfinished(), &self.wish.hash);
        if is_there(&part) || is_there(&self.destination) {
            // Those that go together have one folder.
            self.goes_alone = true;
        } else {
            current.clone_into(&mut self.downloads);
            self.destination = self.target().path();
        }
        self
    }

    /// The download folder above its destination.
    fn earlier_folder(&self) -> Option<PathBuf> {
        let depth = Path::new(&self.name).components().count();
        let is_below = self.wish.save_as.is_none() && self.destination.ends_with(&self.name);
        let above = is_below.then(|| self.destination.ancestors().nth(depth));
        above.flatten().map(Path::to_owned)
    }

    /// Where it stands among those that are ready.
    pub fn rank(&self) -> Rank {
        (Reverse(self.priority), self.place(), self.id)
    }

    /// Its place among those of its priority.
    pub fn place(&self) -> i64 {
        self.place
            .unwrap_or_else(|| i64::try_from(self.id.0).unwrap_or(i64::MAX))
    }

    /// The same after a restart of the program: what ran waits for its turn, what waited for a
    /// source tries at once.
    #[must_use]
    pub fn restarted(mut self) -> Self {
        let was_running = matches!(
            self.state,
            DownloadState::Looking | DownloadState::Downloading | DownloadState::Finishing
        );
        self.may_be_there = was_running;
        if was_running || self.state.waits_by_itself() {
            self.state = DownloadState::Queued;
        }
        self
    }

    /// What is shown of it while it does not run.
    pub fn status(&self) -> Arc<DownloadStatus> {
        Arc::new(DownloadStatus {
            id: self.id,
            hash: self.wish.hash,
            name: self.name.clone(),
            destination: self.destination.clone(),
            size_bytes: self.size_bytes,
            done_bytes: self.done_bytes,
            rate_bytes: 0,
            state: self.state.clone(),
            priority: self.priority,
            place: self.place(),
            limit_bytes: self.limit_bytes,
            added_at: self.added_at,
            finished_at: self.finished_at,
            sources: (0, 0),
        })
    }
}
