//! What a person may do to a download, and what follows from it for one that runs.

use jiff::Timestamp;

use super::super::handle::{Change, FetchError};
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
                DownloadState::NoSource { .. },
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
            _ => Ok(Effect::None),
        }
    }
}
