//! Which downloads start next, and which small ones go together.

use std::collections::HashSet;

use super::super::DownloadId;
use super::super::DownloadState;
use super::{Entry, Queue};

/// Files of one piece: checked by their root alone, so nothing else needs to be asked.
const TOGETHER_MAX_BYTES: u64 = protocol::limits::PIECE_MIN_BYTES;

/// A download is small up to here: many of them run at once besides the large ones.
const SMALL_MAX_BYTES: u64 = 1024 * 1024;
/// Small downloads that run at once.
const SMALL_ACTIVE_COUNT: usize = 32;

impl Queue {
    /// The download that starts next beside those that run; several calls start several. While
    /// batches run, what fits into the next one waits for it.
    pub fn next_to_start(
        &self,
        running: &HashSet<DownloadId>,
        max_active: usize,
        has_batches: bool,
    ) -> Option<DownloadId> {
        let runs = running.iter().filter_map(|id| self.entries.get(id));
        let (mut small_count, mut large_count) = (0, 0);
        let mut hashes = HashSet::new();
        for entry in runs {
            hashes.insert(entry.wish.hash);
            if entry.size_bytes <= SMALL_MAX_BYTES {
                small_count += 1;
            } else {
                large_count += 1;
            }
        }
        let has_room = |entry: &Entry| {
            if entry.size_bytes <= SMALL_MAX_BYTES {
                small_count < SMALL_ACTIVE_COUNT
            } else {
                large_count < max_active.max(1)
            }
        };
        if small_count >= SMALL_ACTIVE_COUNT && large_count >= max_active.max(1) {
            return None;
        }
        let together = self.ready_together.iter().filter(|_| !has_batches);
        let ready = self.ready.iter().chain(together);
        let ready = ready.filter_map(|(.., id)| self.entries.get(id));
        let mut startable = ready.filter(|entry| {
            has_room(entry) && !running.contains(&entry.id) && !hashes.contains(&entry.wish.hash)
        });
        startable.next().map(|entry| entry.id)
    }

    /// The next small downloads that can be fetched together, at most `max` of them; none when
    /// there are fewer than `min`.
    pub fn next_batch(
        &self,
        running: &HashSet<DownloadId>,
        (min, max): (usize, usize),
    ) -> Vec<DownloadId> {
        let mut hashes = HashSet::new();
        let ready = self.ready_together.iter();
        let ready = ready.filter_map(|(.., id)| self.entries.get(id));
        let fit = ready.filter(|entry| {
            !running.contains(&entry.id)
                && self.is_only_one(entry)
                && hashes.insert(entry.wish.hash)
        });
        let batch: Vec<_> = fit.map(|entry| entry.id).take(max).collect();
        if batch.len() < min { Vec::new() } else { batch }
    }

    /// It cannot be fetched together with others: it is a download of its own from now on.
    pub fn goes_alone(&mut self, id: DownloadId) {
        self.update(id, |entry| {
            entry.goes_alone = true;
            if matches!(entry.state, DownloadState::Looking) {
                entry.state = DownloadState::Queued;
            }
        });
    }

    /// No other download has the same content, done or not.
    fn is_only_one(&self, entry: &Entry) -> bool {
        self.by_hash
            .get(&entry.wish.hash)
            .is_none_or(|ids| ids.len() == 1)
    }
}

/// Small, new, and without anything special.
pub(super) fn goes_with_others(entry: &Entry) -> bool {
    (1..=TOGETHER_MAX_BYTES).contains(&entry.size_bytes)
        && !entry.goes_alone
        && !entry.may_be_there
        && entry.done_bytes == 0
        && entry.limit_bytes.is_none()
        && entry.wish.save_as.is_none()
}
