//! What a person may do to a download, and what follows from it for one that runs.

use jiff::Timestamp;

use super::super::change::{Change, Move};
use super::super::handle::FetchError;
use super::super::limits::Timing;
use super::super::{DownloadId, DownloadState};
use super::{Entry, Queue};

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
        let is_open = crate::daemon::state::is_open(&state);
        let to = |queue: &mut Self, state, effect| {
            queue.update(id, |entry| entry.state = state);
            Ok(effect)
        };
        match (change, state) {
            (Change::Pause, DownloadState::Paused | DownloadState::Failed { .. }) => {
                Ok(Effect::None)
            }
            (Change::Pause, _) if is_open => to(self, DownloadState::Paused, Effect::Stop),
            (Change::Resume, DownloadState::Paused)
            | (Change::Restore, DownloadState::Cancelled { .. })
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
                self.move_to(id, to);
                Ok(Effect::None)
            }
            (Change::Limit(limit), _) => {
                self.update(id, |entry| entry.limit_bytes = limit);
                Ok(Effect::Limit(limit))
            }
            _ => Ok(Effect::None),
        }
    }

    /// Moves a download among those of its priority that are not at their end.
    fn move_to(&mut self, id: DownloadId, to: Move) {
        let Some(priority) = self.entries.get(&id).map(|entry| entry.priority) else {
            return;
        };
        let peers = self.entries.values().filter(|entry| {
            entry.priority == priority && crate::daemon::state::is_open(&entry.state)
        });
        let mut order: Vec<_> = peers.map(|entry| (entry.place(), entry.id)).collect();
        order.sort_unstable();
        let mut order: Vec<DownloadId> = order.into_iter().map(|(_, id)| id).collect();
        let Some(at) = order.iter().position(|other| *other == id) else {
            return;
        };
        let last = order.len() - 1;
        let target = match to {
            Move::Top => 0,
            Move::Up => at.saturating_sub(1),
            Move::Down => (at + 1).min(last),
            Move::Bottom => last,
        };
        order.remove(at);
        order.insert(target, id);
        // Between its new neighbours there may be no number left: those that move get new ones, out
        // of the numbers that the row has, so that what comes later still stands behind.
        let mut places: Vec<i64> = order
            .iter()
            .filter_map(|id| self.entries.get(id).map(Entry::place))
            .collect();
        places.sort_unstable();
        for (place, other) in places.into_iter().zip(order) {
            if self
                .entries
                .get(&other)
                .is_some_and(|entry| entry.place() != place)
            {
                self.update(other, |entry| entry.place = Some(place));
            }
        }
    }
}
