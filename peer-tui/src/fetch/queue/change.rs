//! What a person may do to a download, and what follows from it for one that runs.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::super::change::{Change, Move};
use super::super::handle::FetchError;
use super::super::limits::Timing;
use super::super::{DownloadId, DownloadState};
use super::{Entry, Queue};
use crate::daemon::state::is_open;

/// What an order or its time means for a download that may be running.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Nothing more.
    None,
    /// End it if it runs.
    Stop,
    /// Ask the index again if it runs.
    LookAgain,
    /// It may take so many bytes a second from now on.
    Limit(Option<u64>),
    /// It is off the list.
    Gone(Box<Entry>),
}

impl Queue {
    /// Does what a person asks for.
    ///
    /// # Errors
    /// [`FetchError::Unknown`].
    pub fn change(
        &mut self,
        change: Change,
        id: DownloadId,
        now: Timestamp,
        timing: &Timing,
    ) -> Result<Effect, FetchError> {
        let state = self
            .entries
            .get(&id)
            .ok_or(FetchError::Unknown(id))?
            .state
            .clone();
        let is_open = is_open(&state);
        let to = |queue: &mut Self, state, effect| {
            queue.update(id, |entry| entry.state = state);
            Ok(effect)
        };
        match (change, state) {
            // Taken off the list; it only has to end yet.
            (Change::Resume | Change::Restore, DownloadState::Cancelled { until })
                if until <= now =>
            {
                Err(FetchError::Unknown(id))
            }
            (Change::Pause, DownloadState::Paused | DownloadState::Failed { .. }) => {
                Ok(Effect::None)
            }
            (Change::Pause, _) if is_open => to(self, DownloadState::Paused, Effect::Stop),
            (Change::Resume, DownloadState::Paused)
            | (Change::Resume | Change::Restore, DownloadState::Cancelled { .. })
            | (Change::Resume | Change::Retry, DownloadState::Failed { .. })
            | (
                Change::Resume | Change::Retry | Change::MoreSources,
                DownloadState::NoSource { .. } | DownloadState::DiskFull { .. },
            ) => to(self, DownloadState::Queued, Effect::None),
            (Change::MoreSources, _) if is_open => Ok(Effect::LookAgain),
            (Change::Cancel, _) if is_open => {
                let undo = jiff::SignedDuration::try_from(timing.undo).unwrap_or_default();
                let until = now.checked_add(undo).unwrap_or(Timestamp::MAX);
                to(self, DownloadState::Cancelled { until }, Effect::Stop)
            }
            // What runs ends first, then its bytes go: nobody may come back to it meanwhile.
            (Change::Remove, DownloadState::Cancelled { .. }) => {
                to(self, DownloadState::Cancelled { until: now }, Effect::None)
            }
            (Change::Remove, DownloadState::Done | DownloadState::Failed { .. }) => {
                let gone = self.remove(id).ok_or(FetchError::Unknown(id))?;
                Ok(Effect::Gone(Box::new(gone)))
            }
            (Change::Prioritise(step), _) => {
                self.update(id, |entry| {
                    entry.priority = entry.priority.saturating_add(step);
                });
                Ok(Effect::None)
            }
            (Change::SetPriority(priority), _) => {
                self.update(id, |entry| entry.priority = priority);
                Ok(Effect::None)
            }
            (Change::Move(to), _) if is_open => {
                self.move_to(&[id], to);
                Ok(Effect::None)
            }
            (Change::Limit(limit), _) => {
                self.update(id, |entry| entry.limit_bytes = limit);
                Ok(Effect::Limit(limit))
            }
            _ => Ok(Effect::None),
        }
    }

    /// Moves downloads, together, among those that a person sees them among: of the same priority,
    /// at the same stand. Yields those whose places changed, in their order before, for
    /// [`Self::arrange`].
    pub fn move_to(&mut self, ids: &[DownloadId], to: Move) -> Vec<DownloadId> {
        let chosen: HashSet<DownloadId> = ids.iter().copied().collect();
        let mut rows: BTreeMap<(i8, u8), Vec<(i64, DownloadId)>> = BTreeMap::new();
        for entry in self.entries.values().filter(|entry| is_open(&entry.state)) {
            let row = rows.entry((entry.priority, stand(&entry.state)));
            row.or_default().push((entry.place(), entry.id));
        }
        let mut before = Vec::new();
        for mut row in rows.into_values() {
            row.sort_unstable();
            let row: Vec<DownloadId> = row.into_iter().map(|(_, id)| id).collect();
            let after = moved(&row, &chosen, to);
            let changed = row.iter().zip(&after).filter(|(old, new)| old != new);
            let (old, new): (Vec<DownloadId>, Vec<DownloadId>) = changed.unzip();
            self.arrange(&new);
            before.extend(old);
        }
        before
    }

    /// Puts downloads into this order, on the places that they hold. Those of several priorities
    /// stay apart. Between two neighbours there may be no number left, which is why those that move
    /// get numbers that the row has, so that what comes later still stands behind.
    pub fn arrange(&mut self, order: &[DownloadId]) {
        let mut rows: BTreeMap<i8, Vec<(i64, DownloadId)>> = BTreeMap::new();
        for entry in order.iter().filter_map(|id| self.entries.get(id)) {
            let row = rows.entry(entry.priority).or_default();
            row.push((entry.place(), entry.id));
        }
        for row in rows.into_values() {
            let mut places: Vec<i64> = row.iter().map(|(place, _)| *place).collect();
            places.sort_unstable();
            for (place, (was, id)) in places.into_iter().zip(row) {
                if was != place {
                    self.update(id, |entry| entry.place = Some(place));
                }
            }
        }
    }
}

/// What a person sees side by side: what runs, what stands, what waits for its turn.
const fn stand(state: &DownloadState) -> u8 {
    match state {
        DownloadState::Downloading | DownloadState::Finishing | DownloadState::Looking => 0,
        DownloadState::Paused => 1,
        DownloadState::Queued => 2,
        _ => 3,
    }
}

/// `row` after its `chosen` ones moved; among each other they keep their order.
fn moved(row: &[DownloadId], chosen: &HashSet<DownloadId>, to: Move) -> Vec<DownloadId> {
    let mut row = row.to_vec();
    match to {
        Move::Top => row.sort_by_key(|id| !chosen.contains(id)),
        Move::Bottom => row.sort_by_key(|id| chosen.contains(id)),
        Move::Up => {
            for at in 1..row.len() {
                if chosen.contains(&row[at]) && !chosen.contains(&row[at - 1]) {
                    row.swap(at - 1, at);
                }
            }
        }
        Move::Down => {
            for at in (1..row.len()).rev() {
                if chosen.contains(&row[at - 1]) && !chosen.contains(&row[at]) {
                    row.swap(at - 1, at);
                }
            }
        }
    }
    row
}
