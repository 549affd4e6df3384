//! All downloads in their order, and what may be done to each: which one starts next, what an order
//! changes, what an ended one becomes.
//!
//! Pure but for one question to the disk that is passed in; time is an argument. Knows no source.

pub mod change;
pub mod entry;
pub mod file;
pub mod next;
mod wanted;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use protocol::hash::ContentHash;

use super::handle::FetchError;
use super::limits::Timing;
use super::{DownloadId, DownloadState, Wish};
pub use change::Effect;
pub use entry::Entry;
use entry::Rank;
use wanted::Match;

/// Finished downloads that stay listed; older ones go, their files stay.
const DONE_MAX_COUNT: usize = 5_000;
/// Those that have just finished stay whatever their number: somebody may be waiting to see them.
const DONE_FRESH: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);
/// All downloads.
#[derive(Debug, Default)]
pub struct Queue {
    entries: BTreeMap<DownloadId, Entry>,
    by_hash: HashMap<ContentHash, Vec<DownloadId>>,
    /// Those that may start, in order.
    ready: BTreeSet<Rank>,
    /// The same for those that can be fetched together with others.
    ready_together: BTreeSet<Rank>,
    /// Those that wait for a source, with the time of their next try.
    waiting: BTreeMap<DownloadId, Instant>,
    /// Those taken away that can still be brought back.
    cancelled: BTreeMap<DownloadId, Timestamp>,
    done: BTreeSet<(Timestamp, DownloadId)>,
    next_id: u64,
}

impl Queue {
    /// A queue of these downloads; ids go on behind `next_id`.
    pub fn new(entries: Vec<Entry>, next_id: u64) -> Self {
        let mut queue = Self::default();
        for entry in entries {
            queue.next_id = queue.next_id.max(entry.id.0 + 1);
            queue.insert(entry);
        }
        queue.next_id = queue.next_id.max(next_id).max(1);
        queue
    }

    /// All downloads in the order they were asked for.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// The id that the next download gets.
    pub const fn next_id(&self) -> u64 {
        self.next_id
    }

    /// One download.
    pub fn get(&self, id: DownloadId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// The downloads of one content.
    pub fn entries_of(&self, hash: &ContentHash) -> Vec<DownloadId> {
        self.by_hash.get(hash).cloned().unwrap_or_default()
    }

    /// Takes a wish in. `is_there` tells whether a finished file still lies at its place.
    ///
    /// The same content to the same place is one download, which goes on. To another place it is one
    /// of its own, that takes over what has come and copies what is there: a wish with folders in its
    /// path is part of a folder, and one that names its place gets its file there and nowhere else. A
    /// failed download to another place takes the new one: it stands in nobody's way.
    ///
    /// # Errors
    /// [`FetchError::AlreadyDone`], never for a wish that names its place.
    pub fn enqueue(
        &mut self,
        wish: Wish,
        downloads: &Path,
        now: Timestamp,
        is_there: impl Fn(&Path, u64) -> bool,
    ) -> Result<DownloadId, FetchError> {
        let wanted = Entry::new(DownloadId(self.next_id), wish, downloads, now);
        let all = self.entries_of(&wanted.wish.hash);
        let known = all.iter().filter_map(|id| self.entries.get(id));
        let known: Vec<(DownloadId, Match)> = known
            .map(|known| (known.id, Match::of(known, &wanted, &is_there)))
            .collect();
        let first = |wanted: Match| {
            known
                .iter()
                .find(|(_, is)| *is == wanted)
                .map(|(id, _)| *id)
        };
        if let Some(there) = first(Match::There).and_then(|id| self.entries.get(&id)) {
            let (id, destination) = (there.id, there.destination.clone());
            return Err(FetchError::AlreadyDone { id, destination });
        }
        if let Some(id) = first(Match::Same) {
            self.update(id, Entry::take_up);
            return Ok(id);
        }
        if let Some(id) = first(Match::Free) {
            self.update(id, |entry| entry.go_elsewhere(wanted));
            return Ok(id);
        }
        Ok(self.add(wanted))
    }

    fn add(&mut self, entry: Entry) -> DownloadId {
        let id = entry.id;
        self.next_id += 1;
        self.insert(entry);
        id
    }

    /// Where finished copies of a content were put; a person may have taken any of them away since.
    pub fn done_copies(&self, hash: &ContentHash) -> impl Iterator<Item = PathBuf> {
        let all = self.by_hash.get(hash).into_iter().flatten();
        let all = all.filter_map(|id| self.entries.get(id));
        let done = all.filter(|entry| entry.state == DownloadState::Done);
        done.map(|entry| entry.destination.clone())
    }

    /// Whether another download of this content is not at its end.
    pub fn is_wanted_elsewhere(&self, hash: &ContentHash, id: DownloadId) -> bool {
        let all = self
            .by_hash
            .get(hash)
            .into_iter()
            .flatten()
            .filter(|other| **other != id);
        all.filter_map(|other| self.entries.get(other))
            .any(|entry| entry.state != DownloadState::Done)
    }

    /// A download has begun to run.
    pub fn started(&mut self, id: DownloadId) {
        self.update(id, |entry| {
            entry.state = DownloadState::Looking;
            entry.may_be_there = false;
        });
    }

    /// A download is done.
    pub fn finished(
        &mut self,
        id: DownloadId,
        destination: PathBuf,
        size_bytes: u64,
        now: Timestamp,
    ) {
        self.update(id, |entry| {
            entry.state = DownloadState::Done;
            entry.destination = destination;
            entry.size_bytes = size_bytes;
            entry.done_bytes = size_bytes;
            entry.finished_at = Some(now);
        });
        while self.done.len() > DONE_MAX_COUNT
            && let Some((finished_at, oldest)) = self.done.first().copied()
            && now.duration_since(finished_at) > DONE_FRESH
        {
            self.remove(oldest);
        }
    }

    /// A download has ended without being done: it keeps what a person made of it meanwhile, else
    /// gets `state`.
    pub fn stopped(
        &mut self,
        id: DownloadId,
        state: DownloadState,
        done_bytes: u64,
        size_bytes: u64,
    ) {
        self.update(id, |entry| {
            entry.done_bytes = done_bytes;
            entry.size_bytes = size_bytes;
            if matches!(entry.state, DownloadState::Looking) {
                entry.state = state;
            }
        });
    }

    /// Nobody can be asked for it now, or it has no room, as `state` says: tried again by itself,
    /// later each time.
    pub fn stand(&mut self, id: DownloadId, state: DownloadState, now: Instant, timing: &Timing) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if !matches!(entry.state, DownloadState::Looking) {
            return;
        }
        // Room is looked for on this machine, and whoever makes some wants to see it used.
        let doublings = match state {
            DownloadState::DiskFull { .. } => entry.tries.min(2),
            _ => entry.tries.min(10),
        };
        let doubled = timing.no_source_min.saturating_mul(1 << doublings);
        entry.tries += 1;
        let retry_at = now + doubled.min(timing.no_source_max);
        self.update(id, |entry| entry.state = state);
        self.waiting.insert(id, retry_at);
    }

    /// A new holder of `hash`, or somebody (`None`), has come: those that stand may try.
    /// Yields them.
    pub fn nudge(&mut self, hash: Option<ContentHash>) -> Vec<DownloadId> {
        let mut ids: Vec<_> = match hash {
            Some(hash) => self.by_hash.get(&hash).cloned().unwrap_or_default(),
            None => self.waiting.keys().copied().collect(),
        };
        ids.retain(|id| self.waiting.contains_key(id));
        for id in &ids {
            self.update(*id, |entry| entry.state = DownloadState::Queued);
        }
        ids
    }

    /// Bytes came, so that the next wait for a source starts short again.
    pub fn progressed(&mut self, id: DownloadId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.tries = 0;
        }
    }

    /// Lets those whose time has come and that have no room wait for `pause` more, the others of them
    /// counted in by their rank; `has_room` tells for so many bytes what to free. Yields those that
    /// say something else now.
    pub fn wait_for_room(
        &mut self,
        now: Instant,
        pause: Duration,
        mut has_room: impl FnMut(u64) -> Result<(), String>,
    ) -> Vec<DownloadId> {
        let due = self.waiting.iter().filter(|(_, at)| **at <= now);
        let due = due.filter_map(|(id, _)| self.entries.get(id));
        let full = due.filter(|entry| matches!(entry.state, DownloadState::DiskFull { .. }));
        let mut full: Vec<&Entry> = full.collect();
        full.sort_unstable_by_key(|entry| entry.rank());
        let (mut wanted_bytes, mut waits) = (0_u64, Vec::new());
        for entry in full {
            let missing_bytes = entry.size_bytes.saturating_sub(entry.done_bytes);
            wanted_bytes = wanted_bytes.saturating_add(missing_bytes);
            if let Err(reason) = has_room(wanted_bytes) {
                let state = DownloadState::DiskFull { reason };
                waits.push((entry.id, (entry.state != state).then_some(state)));
            }
        }
        let mut changed = Vec::new();
        for (id, state) in waits {
            self.waiting.insert(id, now + pause);
            if let Some(state) = state {
                self.update(id, |entry| entry.state = state);
                changed.push(id);
            }
        }
        changed
    }

    /// Those that wait for a source or for room and may try again now.
    pub fn retry_due(&mut self, now: Instant) -> Vec<DownloadId> {
        let due = self
            .waiting
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(id, _)| *id);
        let due: Vec<_> = due.collect();
        for id in &due {
            self.update(*id, |entry| entry.state = DownloadState::Queued);
        }
        due
    }

    /// Takes away for good what was cancelled and cannot be brought back any more, but for those
    /// that still run; yields them.
    pub fn expire(&mut self, now: Timestamp, running: &HashSet<DownloadId>) -> Vec<Entry> {
        let over = self
            .cancelled
            .iter()
            .filter(|(id, until)| **until <= now && !running.contains(id));
        let over: Vec<_> = over.map(|(id, _)| *id).collect();
        over.into_iter().filter_map(|id| self.remove(id)).collect()
    }

    /// When something changes by itself: (a retry, the end of an undo).
    pub fn next_changes(&self) -> (Option<Instant>, Option<Timestamp>) {
        (
            self.waiting.values().min().copied(),
            self.cancelled.values().min().copied(),
        )
    }

    fn insert(&mut self, entry: Entry) {
        self.by_hash
            .entry(entry.wish.hash)
            .or_default()
            .push(entry.id);
        self.file_under(&entry);
        self.entries.insert(entry.id, entry);
    }

    fn remove(&mut self, id: DownloadId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.unfile(&entry);
        if let Some(ids) = self.by_hash.get_mut(&entry.wish.hash) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_hash.remove(&entry.wish.hash);
            }
        }
        Some(entry)
    }

    fn update(&mut self, id: DownloadId, change: impl FnOnce(&mut Entry)) {
        if let Some(mut entry) = self.entries.remove(&id) {
            let retry_at = self.waiting.get(&id).copied();
            self.unfile(&entry);
            change(&mut entry);
            self.file_under(&entry);
            if let Some(retry_at) = retry_at
                && entry.state.waits_by_itself()
            {
                self.waiting.insert(id, retry_at);
            }
            self.entries.insert(id, entry);
        }
    }

    fn file_under(&mut self, entry: &Entry) {
        match &entry.state {
            DownloadState::Queued => {
                let ready = if next::goes_with_others(entry) {
                    &mut self.ready_together
                } else {
                    &mut self.ready
                };
                ready.insert(entry.rank());
            }
            DownloadState::Cancelled { until } => {
                self.cancelled.insert(entry.id, *until);
            }
            DownloadState::Done => {
                self.done
                    .insert((entry.finished_at.unwrap_or(entry.added_at), entry.id));
            }
            _ => {}
        }
    }

    fn unfile(&mut self, entry: &Entry) {
        self.ready.remove(&entry.rank());
        self.ready_together.remove(&entry.rank());
        self.waiting.remove(&entry.id);
        self.cancelled.remove(&entry.id);
        self.done
            .remove(&(entry.finished_at.unwrap_or(entry.added_at), entry.id));
    }
}

#[cfg(test)]
mod tests;
