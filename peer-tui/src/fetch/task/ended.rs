//! What follows from the end of a download: done, tried again, failed, or a defect of ours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::handle::{FetchEvent, Finished};
use super::super::run::{Ended, Outcome};
use super::super::{DownloadId, DownloadState};
use super::Owner;

impl Owner {
    pub(super) fn take_joined(
        &mut self,
        joined: Result<(tokio::task::Id, Ended), tokio::task::JoinError>,
    ) {
        let task = match &joined {
            Ok((task, _)) => *task,
            Err(error) => error.id(),
        };
        let id = self.tasks.remove(&task);
        match (joined, id) {
            (Ok((_, ended)), _) => self.take_ended(&ended),
            (Err(_), Some(id)) => self.take_panic(id),
            (Err(_), None) => {}
        }
    }

    /// A defect of this program: the download gives its place back and says so.
    fn take_panic(&mut self, id: DownloadId) {
        tracing::error!(%id, "a download ended by a panic");
        self.running.remove(&id);
        let Some(entry) = self.queue.get(id) else {
            return;
        };
        let (done_bytes, size_bytes) = (entry.done_bytes, entry.size_bytes);
        self.remove_partial(entry.wish.hash);
        let reason = "a defect of this program ended it (the log has more): retry goes on with \
                      what is on disk"
            .to_owned();
        let state = DownloadState::Failed { reason };
        self.queue.stopped(id, state, done_bytes, size_bytes);
        self.saver.changed();
        self.shown.changed(id);
    }

    pub(super) fn take_ended(&mut self, ended: &Ended) {
        let Ended { id, outcome, .. } = ended;
        let running = self.running.remove(id);
        let lasted = running.map_or(Duration::MAX, |running| running.started_at.elapsed());
        self.shown.took(*id, ended, lasted);
        let Some(entry) = self.queue.get(*id).cloned() else {
            return;
        };
        self.reports.took(entry.wish.hash, &ended.got);
        if !ended.got.is_empty() {
            self.queue.progressed(*id);
        }
        let (done_bytes, size_bytes) = (ended.done_bytes, ended.size_bytes);
        match outcome {
            Outcome::Done {
                destination,
                hashes,
            } => {
                tracing::debug!(name = %entry.name, to = %destination.display(), "fetched");
                self.queue
                    .finished(*id, destination.clone(), size_bytes, Timestamp::now());
                self.shown.finished();
                let finished = Finished {
                    id: *id,
                    hash: entry.wish.hash,
                    hashes: hashes.as_ref().clone(),
                    destination: destination.clone(),
                };
                // Nobody may be listening.
                let _ = self
                    .outlets
                    .events
                    .send(FetchEvent::Finished(Arc::new(finished)));
                let hash = entry.wish.hash;
                if hashes.pieces.len() > 1 {
                    let _ = self.outlets.events.send(FetchEvent::PartialGone { hash });
                }
            }
            Outcome::NoSource(reason) => {
                let reason = reason.clone();
                self.wait_for(ended, DownloadState::NoSource { reason });
            }
            Outcome::DiskFull(reason) => {
                let reason = reason.clone();
                self.wait_for(ended, DownloadState::DiskFull { reason });
            }
            Outcome::Failed(reason) => {
                tracing::warn!(name = %entry.name, "download failed: {reason}");
                let state = DownloadState::Failed {
                    reason: reason.clone(),
                };
                self.queue.stopped(*id, state, done_bytes, size_bytes);
            }
            Outcome::Stopped => {
                self.queue
                    .stopped(*id, DownloadState::Queued, done_bytes, size_bytes);
            }
            Outcome::Alone => self.queue.goes_alone(*id),
        }
        self.conceal_cancelled(*id);
        self.saver.changed();
        self.shown.changed(*id);
    }

    /// It stands for now, and is tried again by itself.
    fn wait_for(&mut self, ended: &Ended, state: DownloadState) {
        let timing = self.config.timing;
        self.queue.stand(ended.id, state, Instant::now(), &timing);
        let (done_bytes, size_bytes) = (ended.done_bytes, ended.size_bytes);
        self.queue
            .stopped(ended.id, DownloadState::Queued, done_bytes, size_bytes);
    }
}
