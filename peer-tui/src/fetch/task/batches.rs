//! Small files that are fetched together: a batch is a task of its own that tells of its files in
//! groups.

use std::collections::HashSet;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::super::DownloadId;
use super::super::batch::{self, BATCH_MAX_COUNT};
use super::super::run::Ended;
use super::Owner;

/// Batches that run at once: while one waits for the index or the disk, the other one fetches.
const BATCHES_MAX_COUNT: usize = 2;
/// Fewer files than this are as well fetched one by one.
const FIRST_MIN_COUNT: usize = 4;
/// Beside a running batch only a good part of another one starts.
const NEXT_MIN_COUNT: usize = 64;
/// Groups that wait for the owner; a batch with one more waits itself.
const GROUPS_QUEUE_COUNT: usize = 4;

/// The batches that run.
pub(super) struct Batches {
    tasks: JoinSet<()>,
    groups_in: mpsc::Sender<Vec<Ended>>,
    groups: mpsc::Receiver<Vec<Ended>>,
}

impl Default for Batches {
    fn default() -> Self {
        let (groups_in, groups) = mpsc::channel(GROUPS_QUEUE_COUNT);
        Self {
            tasks: JoinSet::new(),
            groups_in,
            groups,
        }
    }
}

impl Batches {
    /// Whether any runs.
    pub(super) fn is_any(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// The next group of files that have ended, or `None` when a batch is over. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Vec<Ended>> {
        tokio::select! {
            // All groups of a batch come before its end.
            biased;
            group = self.groups.recv() => group,
            Some(over) = self.tasks.join_next() => {
                if over.is_err() {
                    // A defect: its downloads stay as they are until the next start.
                    tracing::error!("a batch of downloads ended by a panic");
                }
                None
            }
        }
    }
}

impl Owner {
    /// Starts batches of small files while there are enough of them.
    pub(super) fn start_batches(&mut self, running: &mut HashSet<DownloadId>) {
        while self.batches.tasks.len() < BATCHES_MAX_COUNT {
            let min = if self.batches.is_any() {
                NEXT_MIN_COUNT
            } else {
                FIRST_MIN_COUNT
            };
            let ids = self.queue.next_batch(running, (min, BATCH_MAX_COUNT));
            if ids.is_empty() {
                return;
            }
            running.extend(&ids);
            let tasks = ids.into_iter().filter_map(|id| self.prepare(id));
            let tasks = tasks.map(|(task, _)| task).collect();
            let ended = self.batches.groups_in.clone();
            let work = batch::run(tasks, self.shared.clone(), ended);
            self.batches.tasks.spawn(work);
        }
    }

    pub(super) fn take_batch(&mut self, group: Option<&[Ended]>) {
        for ended in group.unwrap_or_default() {
            self.take_ended(ended);
        }
    }
}
