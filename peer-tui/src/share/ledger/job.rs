//! A file that is to be hashed, and what became of it.
//!
//! Values only; who reads the file is not known here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use protocol::hash::{ContentHash, PiecesRoot};

use super::{Ledger, RootId, State};
use crate::share::FileStamp;
use crate::share::scan::Found;

/// A file to hash, in the state it was seen in.
#[derive(Debug, Clone)]
pub struct HashJob {
    /// Its share folder.
    pub root: RootId,
    /// Where that is.
    pub folder: Arc<Path>,
    /// Below it.
    pub relative: PathBuf,
    /// Device of its file system.
    pub device: u64,
    /// The state to hash.
    pub stamp: FileStamp,
}

impl HashJob {
    /// Its whole path.
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.relative)
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its hashes in that state.
    Hashed(ContentHash, PiecesRoot),
    /// It is in another state now, or gone.
    Changed,
    /// It cannot be read, in words for a person.
    Failed(String),
}

impl Ledger {
    /// Takes what became of a file that was to be hashed; tells whether it must be looked at again.
    pub fn take_outcome(&mut self, job: &HashJob, outcome: Outcome, now: Duration) -> bool {
        if !self.is_wanted(job) {
            return false;
        }
        let found = Found {
            relative: job.relative.clone(),
            device: job.device,
            stamp: job.stamp,
        };
        match outcome {
            Outcome::Hashed(hash, pieces_root) => {
                self.share(job.root, found, (hash, pieces_root));
                false
            }
            Outcome::Failed(reason) => {
                let key = found.relative.into_os_string();
                if let Some(root) = self.roots.get_mut(&job.root) {
                    root.failures.insert(key.clone(), reason);
                }
                self.set(job.root, key, job.device, State::Failed(job.stamp));
                false
            }
            Outcome::Changed => {
                // As if it were new: it may be back in the state it was queued in.
                self.forget(job.root, found.relative.as_os_str(), now);
                true
            }
        }
    }

    /// Takes files to hash off the queue: some small ones, or one that is big.
    pub fn next_batch(&mut self, max_count: usize, max_bytes: u64) -> Vec<HashJob> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(job) = self.queue.front() {
            let size = job.stamp.size_bytes;
            if !batch.is_empty() && (batch.len() == max_count || bytes + size > max_bytes) {
                break;
            }
            let Some(job) = self.queue.pop_front() else {
                break;
            };
            if self.is_wanted(&job) {
                bytes += size;
                batch.push(job);
            }
        }
        batch
    }

    /// Files that wait to be hashed and are not with a hasher yet.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    fn is_wanted(&self, job: &HashJob) -> bool {
        let root = self.roots.get(&job.root);
        let known = root.and_then(|root| root.files.get(job.relative.as_os_str()));
        known.is_some_and(|known| matches!(known.state, State::Queued(stamp) if stamp == job.stamp))
    }
}
