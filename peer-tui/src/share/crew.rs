//! The work of a share that may block: looks at folders, hashing, the cache.
//!
//! Takes jobs as values and gives back what came of them; decides nothing.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::cache::{Cache, Entry};
use super::hasher::{HashError, PAIR_MIN_BYTES, hash_on_one, hash_on_two};
use super::ledger::{HashJob, Look, Outcome, RootId, Scope};
use super::open::{open_below, stamp_of};
use super::scan::{Looked, RootTrouble, Rules, identity_of, look_at_root, look_below};
use super::watch::Watch;

/// What the blocking side shares with its owner.
#[derive(Debug)]
pub struct Crew {
    /// The cache.
    pub cache: Cache,
    /// The watcher; `None` once the share stops.
    pub watch: Mutex<Option<Watch>>,
    /// Set when hashing is to end.
    pub is_stopping: AtomicBool,
    /// Bytes read for hashing since the start.
    pub hashed_bytes: AtomicU64,
    /// Files hashed since the start.
    pub hashed_files: AtomicU64,
}

/// A look to make.
#[derive(Debug, Clone)]
pub struct LookJob {
    /// At which share folder.
    pub root: RootId,
    /// Where that is.
    pub folder: Arc<Path>,
    /// At how much of it.
    pub scope: Scope,
    /// What applies there.
    pub rules: Rules,
    /// The first look at it: take what the cache knows right away.
    pub is_first: bool,
    /// The folder that is watched at this path, if any: another one there is watched anew.
    pub watched: Option<(u64, u64)>,
}

/// What came of a look.
#[derive(Debug)]
pub struct LookReport {
    /// The job.
    pub job: LookJob,
    /// What was seen.
    pub result: Result<Look, RootTrouble>,
    /// For a look at all: the folder that is watched now, and why watching it fails.
    pub watch: Option<WatchReport>,
}

/// How watching a share folder stands.
#[derive(Debug, Clone, Default)]
pub struct WatchReport {
    /// Device and inode of the watched folder.
    pub watched: Option<(u64, u64)>,
    /// Why some changes will not be hinted at.
    pub trouble: Option<String>,
    /// Whether it was watched anew just now.
    pub is_new: bool,
}

impl Crew {
    /// Makes a look.
    pub fn look(&self, mut job: LookJob, others: &[PathBuf], now_secs: u64) -> LookReport {
        job.rules.others = others
            .iter()
            .filter_map(|other| identity_of(other).ok())
            .collect();
        let (result, watch) = match &job.scope {
            Scope::All => {
                // Watched before it is looked at, so that nothing slips through between.
                let watch = self.watch_root(&job);
                (look_at_root(&job.folder, &job.rules), Some(watch))
            }
            Scope::Below(path) => (Ok(look_below(&job.folder, path, &job.rules)), None),
        };
        let result = result.map(|looked| Look {
            root: job.root,
            scope: job.scope.clone(),
            hits: if job.is_first {
                self.hits(&job.folder, &looked, now_secs)
            } else {
                HashMap::new()
            },
            looked,
        });
        LookReport { job, result, watch }
    }

    fn watch_root(&self, job: &LookJob) -> WatchReport {
        let Ok(identity) = identity_of(&job.folder) else {
            return WatchReport::default();
        };
        if job.watched == Some(identity) {
            return WatchReport {
                watched: job.watched,
                trouble: None,
                is_new: false,
            };
        }
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let watched = watch.as_mut().map(|watch| watch.watch(&job.folder));
        WatchReport {
            watched: Some(identity),
            trouble: watched.and_then(Result::err),
            is_new: true,
        }
    }

    fn hits(&self, folder: &Path, looked: &Looked, now_secs: u64) -> HashMap<OsString, Entry> {
        let wanted: Vec<_> = looked
            .files
            .iter()
            .map(|found| (folder.join(&found.relative), found.stamp))
            .collect();
        let entries = self.cache.look_up(&wanted, now_secs);
        let files = looked.files.iter().zip(entries);
        files
            .filter_map(|(found, entry)| Some((found.relative.clone().into_os_string(), entry?)))
            .collect()
    }

    /// Hashes files, or takes their hashes from the cache; `None` for those left undone at a stop.
    pub fn hash(
        &self,
        jobs: Vec<HashJob>,
        has_idle_core: bool,
        now_secs: u64,
    ) -> Vec<(HashJob, Option<Outcome>)> {
        let wanted: Vec<_> = jobs.iter().map(|job| (job.path(), job.stamp)).collect();
        let entries = self.cache.look_up(&wanted, now_secs);
        let mut outcomes = Vec::with_capacity(jobs.len());
        for (job, entry) in jobs.into_iter().zip(entries) {
            let outcome = match entry {
                Some(entry) => Some(Outcome::Hashed(entry.hash, entry.pieces_root)),
                None => self.hash_one(&job, has_idle_core, now_secs),
            };
            outcomes.push((job, outcome));
        }
        outcomes
    }

    fn hash_one(&self, job: &HashJob, has_idle_core: bool, now_secs: u64) -> Option<Outcome> {
        if self.is_stopping.load(Ordering::Relaxed) {
            return None;
        }
        let open = match open_below(&job.folder, &job.relative) {
            Ok(open) => open,
            Err(error) => return Some(refused(&error)),
        };
        if open.stamp != job.stamp {
            return Some(Outcome::Changed);
        }
        let path = job.path();
        let size_bytes = job.stamp.size_bytes;
        let progress = |bytes| {
            self.hashed_bytes.fetch_add(bytes, Ordering::Relaxed);
            !self.is_stopping.load(Ordering::Relaxed)
        };
        let hashes = if has_idle_core && size_bytes >= PAIR_MIN_BYTES {
            hash_on_two(&open.file, &path, size_bytes, &progress)
        } else {
            hash_on_one(&open.file, &path, size_bytes, &progress)
        };
        let hashes = match hashes {
            Ok(hashes) => hashes,
            Err(HashError::Stopped) => return None,
            Err(HashError::Changed { .. }) => return Some(Outcome::Changed),
            Err(HashError::Read { source, .. }) => {
                return Some(Outcome::Failed(format!("read it: {source}")));
            }
        };
        let after = open.file.metadata().map(|metadata| stamp_of(&metadata));
        if after.ok() != Some(job.stamp) {
            return Some(Outcome::Changed);
        }
        self.hashed_files.fetch_add(1, Ordering::Relaxed);
        let both = (hashes.hash, hashes.root);
        self.cache
            .put(path, job.stamp, both, &hashes.pieces, now_secs);
        Some(Outcome::Hashed(hashes.hash, hashes.root))
    }
}

fn refused(error: &std::io::Error) -> Outcome {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => Outcome::Failed(
            "this user may not read it; allow it, or move it out of the share folder".to_owned(),
        ),
        // Something else stands there now: the next look tells what.
        std::io::ErrorKind::NotFound
        | std::io::ErrorKind::NotADirectory
        | std::io::ErrorKind::InvalidInput => Outcome::Changed,
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            Outcome::Changed
        }
        _ => Outcome::Failed(format!("open it: {error}")),
    }
}
