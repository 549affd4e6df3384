//! What is shown of all downloads, made anew only where something changed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::ids::PeerId;

use super::super::handle::{FetchView, SHORT_RUN};
use super::super::queue::file::Saved;
use super::super::queue::{Entry, Queue};
use super::super::run::{Closely, Ended};
use super::super::{DownloadId, DownloadState, DownloadStatus, SourceState};
use super::Running;

/// Ended downloads whose last close look is kept.
const LOOKS_MAX_COUNT: usize = 100;

pub(super) struct Shown {
    statuses: BTreeMap<DownloadId, Arc<DownloadStatus>>,
    changed: HashSet<DownloadId>,
    is_stale: bool,
    /// Some download, since it was shown last.
    has_ended: bool,
    last_at: Option<Instant>,
    revision: u64,
    finished_count: u64,
    fetched_bytes: u64,
    short_bytes: u64,
    /// Of runs that have ended.
    got_bytes: Arc<HashMap<PeerId, u64>>,
    /// With those that go on.
    got_so_far: Arc<HashMap<PeerId, u64>>,
    looks: BTreeMap<DownloadId, Closely>,
}

impl Shown {
    pub(super) fn new(saved: &Saved) -> Self {
        Self {
            statuses: BTreeMap::new(),
            changed: HashSet::new(),
            is_stale: true,
            has_ended: false,
            last_at: None,
            revision: 0,
            finished_count: saved.finished_count,
            fetched_bytes: saved.fetched_bytes,
            short_bytes: 0,
            got_bytes: Arc::new(saved.got_bytes.clone().into_iter().collect()),
            got_so_far: Arc::default(),
            looks: BTreeMap::new(),
        }
    }

    /// The figures that are kept.
    pub(super) fn totals(&self) -> Saved {
        Saved {
            finished_count: self.finished_count,
            fetched_bytes: self.fetched_bytes,
            got_bytes: self
                .got_bytes
                .iter()
                .map(|(peer, bytes)| (*peer, *bytes))
                .collect(),
            ..Saved::default()
        }
    }

    pub(super) fn changed(&mut self, id: DownloadId) {
        self.is_stale = true;
        self.changed.insert(id);
    }

    pub(super) fn gone(&mut self, id: DownloadId) {
        self.is_stale = true;
        self.statuses.remove(&id);
        self.looks.remove(&id);
    }

    pub(super) const fn finished(&mut self) {
        self.finished_count += 1;
    }

    /// A run has ended `lasted` after its start.
    pub(super) fn took(&mut self, id: DownloadId, ended: &Ended, lasted: Duration) {
        if !ended.got.is_empty() {
            let got_bytes = Arc::make_mut(&mut self.got_bytes);
            for (peer, bytes) in &ended.got {
                *got_bytes.entry(*peer).or_default() += bytes;
                self.fetched_bytes += bytes;
                if lasted <= SHORT_RUN {
                    self.short_bytes += bytes;
                }
            }
        }
        self.has_ended = true;
        let look = ended.closely.clone().ended().after(self.looks.get(&id));
        self.looks.insert(id, look);
        if self.looks.len() > LOOKS_MAX_COUNT {
            self.looks.pop_first();
        }
    }

    pub(super) fn last_look(&self, id: DownloadId) -> Option<Closely> {
        self.looks.get(&id).cloned()
    }

    pub(super) const fn is_stale(&self) -> bool {
        self.is_stale
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// When it is to be shown again, not before `now`.
    pub(super) fn due_at(&self, now: Instant, every: Duration) -> Instant {
        self.last_at.map_or(now, |at| now.max(at + every))
    }

    /// All downloads as they stand.
    pub(super) fn view(
        &mut self,
        queue: &Queue,
        running: &HashMap<DownloadId, Running>,
    ) -> FetchView {
        let mut is_news = self.is_stale;
        let changed = std::mem::take(&mut self.changed);
        for id in changed.iter().chain(running.keys()) {
            let Some(entry) = queue.get(*id) else {
                is_news |= self.statuses.remove(id).is_some();
                continue;
            };
            let mut status = status(entry, running.get(id));
            if !running.contains_key(id) {
                self.add_known_sources(&mut status);
            }
            if self.statuses.get(id) != Some(&status) {
                self.statuses.insert(*id, status);
                is_news = true;
            }
        }
        if self.statuses.len() > queue.count() {
            self.statuses.retain(|id, _| queue.get(*id).is_some());
            is_news = true;
        }
        self.is_stale = false;
        self.has_ended = false;
        self.last_at = Some(Instant::now());
        self.revision += u64::from(is_news);
        let coming_bytes = self.show_got(running);
        FetchView {
            revision: self.revision,
            downloads: self.statuses.values().cloned().collect(),
            down_rate: running
                .keys()
                .filter_map(|id| self.statuses.get(id))
                .map(|one| one.rate_bytes)
                .sum(),
            active_count: running.len(),
            finished_count: self.finished_count,
            fetched_bytes: self.fetched_bytes + coming_bytes,
            short_bytes: self.short_bytes,
            got_bytes: self.got_so_far.clone(),
        }
    }

    /// A download that stands tells the sources that it had when it ran last.
    fn add_known_sources(&self, status: &mut Arc<DownloadStatus>) {
        let stands = matches!(
            status.state,
            DownloadState::Paused | DownloadState::Queued | DownloadState::DiskFull { .. }
        );
        let Some(look) = self.looks.get(&status.id).filter(|_| stands) else {
            return;
        };
        let there = look.sources.iter();
        let count = there
            .filter(|source| source.state != SourceState::Offline)
            .count();
        Arc::make_mut(status).sources.1 = u32::try_from(count).unwrap_or(u32::MAX);
    }

    /// Adds what runs have so far to what came from each peer; their sum.
    fn show_got(&mut self, running: &HashMap<DownloadId, Running>) -> u64 {
        let mut coming_bytes = 0;
        let mut all = None;
        for run in running.values() {
            for (peer, bytes) in &run.live.borrow().got {
                let all = all.get_or_insert_with(|| HashMap::clone(&self.got_bytes));
                *all.entry(*peer).or_default() += bytes;
                coming_bytes += bytes;
            }
        }
        match all {
            None => self.got_so_far = self.got_bytes.clone(),
            Some(all) if all != *self.got_so_far => self.got_so_far = Arc::new(all),
            Some(_) => {}
        }
        coming_bytes
    }
}

/// What is shown of one download.
pub(super) fn status(entry: &Entry, running: Option<&Running>) -> Arc<DownloadStatus> {
    let status = entry.status();
    let Some(running) = running else {
        return status;
    };
    let live = running.live.borrow();
    let mut status = Arc::unwrap_or_clone(status);
    if entry.state != DownloadState::Looking {
        // Told to end a moment ago: neither what has come is lost nor who has the rest.
        status.done_bytes = status.done_bytes.max(live.done_bytes);
        status.sources.1 = live.sources.1;
        return Arc::new(status);
    }
    status.state = live.state.clone();
    status.size_bytes = live.size_bytes;
    status.done_bytes = live.done_bytes;
    status.rate_bytes = live.rate_bytes;
    status.sources = live.sources;
    Arc::new(status)
}
