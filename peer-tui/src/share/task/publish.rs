//! Makes views of the ledger and swaps them in, not too often.
//!
//! Knows no disk.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Task;
use crate::share::describe::lossy;
use crate::share::scan::TROUBLES_MAX_COUNT;
use crate::share::view::ShareView;
use crate::share::{HashProgress, Published, ShareTrouble};

/// Least time between two views.
const PUBLISH_EVERY: Duration = Duration::from_millis(200);
/// The hashing rate is taken over so long.
const RATE_OVER: Duration = Duration::from_secs(3);

/// Where views go.
#[derive(Debug)]
pub struct Publisher {
    published: Arc<Published>,
    at: Option<Instant>,
    is_marked: bool,
    samples: VecDeque<(Instant, u64)>,
}

impl Publisher {
    /// Publishes to these readers.
    pub const fn new(published: Arc<Published>) -> Self {
        Self {
            published,
            at: None,
            is_marked: false,
            samples: VecDeque::new(),
        }
    }

    /// Something may have changed.
    pub fn mark(&mut self) {
        self.is_marked = true;
    }

    /// When the next view is to be made.
    pub fn next(&self, is_busy: bool) -> Option<Instant> {
        let at = self.at.map_or_else(Instant::now, |at| at + PUBLISH_EVERY);
        (self.is_marked || is_busy).then_some(at)
    }

    fn rate(&mut self, now: Instant, hashed_bytes: u64) -> u64 {
        self.samples.push_back((now, hashed_bytes));
        while let Some((at, _)) = self.samples.front()
            && now - *at > RATE_OVER
        {
            self.samples.pop_front();
        }
        let Some((at, bytes)) = self.samples.front() else {
            return 0;
        };
        let millis = u64::try_from((now - *at).as_millis()).unwrap_or(u64::MAX);
        (hashed_bytes - bytes)
            .saturating_mul(1_000)
            .checked_div(millis)
            .unwrap_or(0)
    }
}

impl Task {
    /// Publishes when it is time and there may be something new.
    pub(super) fn publish_if_due(&mut self) {
        let is_busy = self.ledger.waiting().0 > 0 || self.ledger.has_changes();
        let now = Instant::now();
        if self.publisher.next(is_busy).is_some_and(|at| at <= now) {
            self.publish();
        }
    }

    /// Publishes.
    pub(super) fn publish(&mut self) {
        let now = Instant::now();
        let changes = self.ledger.take_changes();
        let (pending_files, pending_bytes) = self.ledger.waiting();
        let hashed_bytes = self.crew.hashed_bytes.load(Ordering::Relaxed);
        let rate_bytes = self.publisher.rate(now, hashed_bytes);
        let progress = HashProgress {
            found_files: self.ledger.found_files(),
            pending_files,
            pending_bytes,
            rate_bytes: if pending_files == 0 { 0 } else { rate_bytes },
            is_settled: self.roots.are_all_seen(),
            hashed_files: self.crew.hashed_files.load(Ordering::Relaxed),
        };
        let roots = self.roots.statuses(&self.ledger);
        let troubles = self.troubles();
        self.publisher.at = Some(now);
        self.publisher.is_marked = false;
        let published = &self.publisher.published;
        let old = published.view.load();
        let is_same = changes.is_empty()
            && old.progress == progress
            && old.roots == roots
            && *old.troubles == *troubles
            && old.owner.is_some();
        if is_same {
            return;
        }
        let revision = {
            let history = published.history.lock();
            let mut history = history.unwrap_or_else(PoisonError::into_inner);
            history.extend(changes);
            history.revision()
        };
        let view = ShareView {
            owner: Some(self.config.owner),
            revision,
            shelf: self.ledger.shelf().clone(),
            roots,
            progress,
            troubles: troubles.into(),
        };
        published.view.store(Arc::new(view));
        published.revision.send_replace(revision);
    }

    fn troubles(&self) -> Vec<ShareTrouble> {
        let mut troubles = Vec::new();
        let mut more = 0;
        for (id, root) in self.ledger.roots() {
            let of_folder = [self.roots.trouble(*id), self.roots.watch_trouble(*id)];
            troubles.extend(of_folder.into_iter().flatten().map(|reason| ShareTrouble {
                path: lossy(&root.path),
                reason: reason.to_owned(),
            }));
            let (found, uncounted) = root.troubles();
            more += uncounted;
            for (path, reason) in found {
                if troubles.len() < TROUBLES_MAX_COUNT {
                    troubles.push(ShareTrouble {
                        path: lossy(&root.path.join(path)),
                        reason: reason.to_owned(),
                    });
                } else {
                    more += 1;
                }
            }
        }
        if more > 0 {
            troubles.push(ShareTrouble {
                path: format!("{more} more"),
                reason: "cannot be shared either; the first ones are listed".to_owned(),
            });
        }
        troubles
    }
}
