//! What good transfers are told to the index: bytes of many files of one peer in one report.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::peer::{Outcome, TransferReport};

use super::super::Holders;

/// Between reports: a folder of 10,000 files is not 10,000 reports.
const REPORT_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Reports {
    holders: Arc<dyn Holders>,
    pending: HashMap<PeerId, TransferReport>,
    due_at: Option<Instant>,
}

impl Reports {
    pub(super) fn new(holders: Arc<dyn Holders>) -> Self {
        Self {
            holders,
            pending: HashMap::new(),
            due_at: None,
        }
    }

    /// Verified bytes of `content` came from these peers.
    pub(super) fn took(&mut self, content: ContentHash, got: &[(PeerId, u64)]) {
        for (peer, bytes) in got {
            let report = self.pending.entry(*peer).or_insert(TransferReport {
                content,
                outcome: Outcome::Ok,
                bytes: 0,
            });
            report.content = content;
            report.bytes = report.bytes.saturating_add(*bytes);
            self.due_at
                .get_or_insert_with(|| Instant::now() + REPORT_EVERY);
        }
    }

    pub(super) const fn due_at(&self) -> Option<Instant> {
        self.due_at
    }

    pub(super) fn flush_due(&mut self, now: Instant) {
        if self.due_at.is_some_and(|at| at <= now) {
            self.flush();
        }
    }

    pub(super) fn flush(&mut self) {
        self.due_at = None;
        let pending = std::mem::take(&mut self.pending);
        let holders = self.holders.clone();
        tokio::spawn(async move {
            for (peer, report) in pending {
                holders.report(peer, report).await;
            }
        });
    }
}
