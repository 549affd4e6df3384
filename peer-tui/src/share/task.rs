//! The owner of a share: takes hints, asks and results, keeps the ledger, publishes views.
//!
//! The only writer of what is shared. Blocking work is done by the crew, at most one look and a
//! hasher a core at a time; what is asked meanwhile waits in a bounded queue.

pub mod ask;
pub mod looks;
pub mod publish;
pub mod roots;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

pub use self::ask::Ask;
use self::publish::Publisher;
use self::roots::Roots;
use super::ShareConfig;
use super::crew::{Crew, LookReport};
use super::ledger::{HashJob, Ledger, Moment, Outcome, RootId};
use super::watch::Hints;

/// Hints are gathered for so long before a look: one copy makes many of them.
const GATHER: Duration = Duration::from_millis(100);
/// Hinted paths of one folder past which all of it is looked at.
const HINTED_MAX_COUNT: usize = 1_024;
/// Files a hasher takes at a time, and their bytes.
const BATCH_MAX_COUNT: usize = 256;
const BATCH_MAX_BYTES: u64 = 32 * 1024 * 1024;
/// Between writes of the cache.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// What a blocking job gives back.
#[derive(Debug)]
enum Done {
    Looked(Vec<LookReport>),
    Hashed(Vec<(HashJob, Option<Outcome>)>),
    Saved,
}

/// The owner's state.
pub struct Task {
    pub(super) config: ShareConfig,
    pub(super) crew: Arc<Crew>,
    pub(super) ledger: Ledger,
    pub(super) roots: Roots,
    pub(super) publisher: Publisher,
    hints: Hints,
    jobs: JoinSet<Done>,
    started_at: Instant,
    hinted: BTreeMap<RootId, BTreeSet<PathBuf>>,
    look_all: BTreeSet<RootId>,
    look_at: Option<Instant>,
    second_looks: BTreeMap<Instant, (RootId, PathBuf)>,
    full_look_at: Instant,
    save_at: Option<Instant>,
    is_looking: bool,
    is_saving: bool,
    is_pruned: bool,
    hashers: usize,
    cores: usize,
}

impl Task {
    /// An owner of nothing so far; the first look follows at once.
    pub fn new(config: ShareConfig, crew: Arc<Crew>, hints: Hints, publisher: Publisher) -> Self {
        let now = Instant::now();
        let mut ledger = Ledger::new(config.owner);
        let roots = Roots::new(&config, &mut ledger);
        let look_all = ledger.roots().keys().copied().collect();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            full_look_at: now + config.rescan_every,
            config,
            crew,
            ledger,
            roots,
            publisher,
            hints,
            jobs: JoinSet::new(),
            started_at: now,
            hinted: BTreeMap::new(),
            look_all,
            look_at: Some(now),
            second_looks: BTreeMap::new(),
            save_at: None,
            is_looking: false,
            is_saving: false,
            is_pruned: false,
            hashers: 0,
            cores,
        }
    }

    /// Runs until it is told to stop or nobody holds the handle any more.
    pub async fn run(mut self, mut asks: mpsc::Receiver<Ask>) {
        self.publish();
        let stopped = loop {
            self.start_work();
            let wake = self.next_wake();
            tokio::select! {
                ask = asks.recv() => match ask {
                    Some(Ask::Stop(stopped)) => break Some(stopped),
                    Some(ask) => self.answer(ask),
                    None => break None,
                },
                Some(done) = self.jobs.join_next() => self.take_done(done),
                Some(path) = self.hints.paths.recv() => self.take_hint(path),
                Some(path) = self.hints.hidden.recv() => {
                    self.change_watch(move |watch| watch.leave_out(&path));
                }
                () = sleep_until(wake) => {}
            }
            self.publish_if_due();
        };
        self.finish().await;
        if let Some(stopped) = stopped {
            // Whoever asked may have gone.
            let _ = stopped.send(());
        }
    }

    /// Since the start of the share.
    pub(super) fn moment(&self) -> Moment {
        Moment {
            now: self.started_at.elapsed(),
            wall_ns: Timestamp::now().as_nanosecond(),
        }
    }

    /// Looks at a path soon.
    pub(super) fn hint(&mut self, root: RootId, relative: PathBuf) {
        if relative.as_os_str().is_empty() {
            self.look_all.insert(root);
        } else if !self.look_all.contains(&root) {
            let paths = self.hinted.entry(root).or_default();
            paths.insert(relative);
            if paths.len() > HINTED_MAX_COUNT {
                self.hinted.remove(&root);
                self.look_all.insert(root);
            }
        }
        self.look_at.get_or_insert(Instant::now() + GATHER);
    }

    /// Looks at everything now.
    pub(super) fn hint_all(&mut self) {
        self.hinted.clear();
        self.look_all.extend(self.ledger.roots().keys());
        self.look_at = Some(Instant::now());
        self.full_look_at = Instant::now() + self.config.rescan_every;
    }

    fn take_hint(&mut self, path: PathBuf) {
        let mut next = Some(path);
        while let Some(path) = next {
            if let Some((root, relative)) = self.roots.place(&self.ledger, &path) {
                self.hint(root, relative);
            }
            next = self.hints.paths.try_recv().ok();
        }
    }

    fn start_work(&mut self) {
        let now = Instant::now();
        if self.hints.lost.swap(false, Ordering::Relaxed) || now >= self.full_look_at {
            self.hint_all();
        }
        for (root, path) in self.ledger.due(self.started_at.elapsed()) {
            self.hint(root, path);
            self.look_at = Some(now);
        }
        while let Some(entry) = self.second_looks.first_entry()
            && *entry.key() <= now
        {
            let (root, path) = entry.remove();
            self.hint(root, path);
        }
        if !self.is_looking && self.look_at.is_some_and(|at| at <= now) {
            self.start_look();
        }
        while self.hashers < self.cores && self.start_hasher() {}
        if !self.is_saving && self.save_at.is_some_and(|at| at <= now) {
            self.start_save();
        }
    }

    fn start_hasher(&mut self) -> bool {
        let batch = self.ledger.next_batch(BATCH_MAX_COUNT, BATCH_MAX_BYTES);
        if batch.is_empty() {
            return false;
        }
        self.hashers += 1;
        let has_idle_core = self.hashers < self.cores && self.ledger.queued() == 0;
        let crew = Arc::clone(&self.crew);
        self.jobs.spawn_blocking(move || {
            let jobs = batch.clone();
            let hashing = || crew.hash(batch, has_idle_core, unix_secs());
            let outcomes = std::panic::catch_unwind(AssertUnwindSafe(hashing));
            Done::Hashed(outcomes.unwrap_or_else(|_| {
                let broken = Outcome::Failed("hashing it broke; the log says more".to_owned());
                let failed = jobs.into_iter().map(|job| (job, Some(broken.clone())));
                failed.collect()
            }))
        });
        true
    }

    fn start_save(&mut self) {
        self.save_at = None;
        self.is_saving = true;
        // What was not seen for long is dropped once everything there is was seen.
        let is_prune_due = !self.is_pruned && self.roots.are_all_seen();
        self.is_pruned |= is_prune_due;
        let crew = Arc::clone(&self.crew);
        self.jobs.spawn_blocking(move || {
            let saved = crew.cache.save();
            let pruned = if is_prune_due {
                crew.cache.prune(unix_secs())
            } else {
                Ok(0)
            };
            if let Err(error) = saved.and(pruned.map(|_| ())) {
                tracing::warn!(%error, "files may be hashed again after a restart");
            }
            Done::Saved
        });
    }

    fn take_done(&mut self, done: Result<Done, tokio::task::JoinError>) {
        match done {
            Ok(Done::Looked(reports)) => {
                self.is_looking = false;
                self.take_looks(reports);
            }
            Ok(Done::Hashed(outcomes)) => {
                self.hashers -= 1;
                let now = self.started_at.elapsed();
                for (job, outcome) in outcomes {
                    if let Some(outcome) = outcome
                        && self.ledger.take_outcome(&job, outcome, now)
                    {
                        self.hint(job.root, job.relative);
                    }
                }
                self.save_soon();
            }
            Ok(Done::Saved) => self.is_saving = false,
            Err(error) => {
                // Which kind of job broke is not known: another of each may start.
                tracing::error!(%error, "a look at the share folders broke; the next follows");
                self.is_looking = false;
                self.is_saving = false;
            }
        }
        self.publisher.mark();
    }

    pub(super) fn save_soon(&mut self) {
        self.save_at.get_or_insert(Instant::now() + SAVE_EVERY);
    }

    fn next_wake(&self) -> Instant {
        let due = self.ledger.next_due().map(|due| self.started_at + due);
        let look = self.look_at.filter(|_| !self.is_looking);
        let save = self.save_at.filter(|_| !self.is_saving);
        let second = self.second_looks.keys().next().copied();
        let is_busy = self.ledger.waiting().0 > 0 || self.ledger.has_changes();
        let publish = self.publisher.next(is_busy);
        [due, look, save, second, publish]
            .into_iter()
            .flatten()
            .fold(self.full_look_at, Instant::min)
    }

    async fn finish(&mut self) {
        self.crew.is_stopping.store(true, Ordering::Relaxed);
        while let Some(done) = self.jobs.join_next().await {
            self.take_done(done);
        }
        let crew = Arc::clone(&self.crew);
        let closed = tokio::task::spawn_blocking(move || {
            let mut watch = crew
                .watch
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            *watch = None;
            crew.cache.close()
        });
        if let Ok(Err(error)) = closed.await {
            tracing::warn!(%error, "files may be hashed again after a restart");
        }
    }
}

/// Seconds since 1970.
pub(super) fn unix_secs() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}
