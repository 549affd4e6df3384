//! Which downloads start, and what each is told.

use std::collections::HashSet;
use std::time::Instant;

use tokio::sync::{mpsc, watch};

use super::super::queue::Entry;
use super::super::run::{self, Live, Shared, Task};
use super::super::{DownloadId, DownloadState};
use super::{Owner, RUN_ORDERS_COUNT, Running};
use crate::rate::RateLimit;

impl Owner {
    /// Starts what may run.
    pub(super) fn start_some(&mut self) {
        let mut running: HashSet<_> = self.running.keys().copied().collect();
        self.start_batches(&mut running);
        let (max_active, has_batches) = (self.config.max_active, self.batches.is_any());
        while let Some(id) = self.queue.next_to_start(&running, max_active, has_batches) {
            running.insert(id);
            if let Some((task, limit)) = self.prepare(id) {
                let folder = self.queue.get(id).map(Entry::unfinished);
                let shared = Shared {
                    folder: folder.unwrap_or_else(|| self.shared.folder.clone()),
                    http: self.shared.http.limited(limit),
                    ..self.shared.clone()
                };
                let started = self.runs.spawn(run::run(task, shared));
                self.tasks.insert(started.id(), id);
            }
        }
    }

    /// What a download that starts now is told, and its own limit.
    pub(super) fn prepare(&mut self, id: DownloadId) -> Option<(Task, RateLimit)> {
        let entry = self.queue.get(id)?;
        let live = Live {
            state: DownloadState::Looking,
            size_bytes: entry.size_bytes,
            done_bytes: entry.done_bytes,
            rate_bytes: 0,
            sources: (0, 0),
            got: Vec::new(),
        };
        let (live_out, live) = watch::channel(live);
        let (orders, inbox) = mpsc::channel(RUN_ORDERS_COUNT);
        let wish = &entry.wish;
        let local = self.shared.holders.local_copy(&wish.hash);
        let mut local: Vec<_> = local.into_iter().collect();
        local.extend(self.queue.done_copies(&wish.hash));
        // A file of a folder has one place; what is there already may be just that. So has one whose
        // place a person named.
        let is_named = wish.save_as.is_some();
        let is_copy = !local.is_empty() && entry.name.contains('/');
        let task = Task {
            id,
            hash: wish.hash,
            size_bytes: entry.size_bytes,
            name: entry.name.clone(),
            target: entry.target(),
            may_be_there: entry.may_be_there || is_named || is_copy,
            local,
            live: live_out,
            orders: inbox,
        };
        let limit = RateLimit::new(entry.limit_bytes);
        let running = Running {
            started_at: Instant::now(),
            orders,
            live,
            limit: limit.clone(),
        };
        self.running.insert(id, running);
        self.queue.started(id);
        self.saver.changed();
        self.shown.changed(id);
        Some((task, limit))
    }
}
