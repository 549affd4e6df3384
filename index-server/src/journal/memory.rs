//! A journal that is gone with the process: for tests and for an index that may forget.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{BadRecord, Journal, JournalError, Position, Sizes, Snapshot, Visit};

/// Records in memory.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    snapshot: Vec<Vec<u8>>,
    /// The position that the snapshot reaches to.
    through: u64,
    tail: Vec<Vec<u8>>,
    is_closed: bool,
}

impl State {
    fn last(&self) -> Position {
        Position(self.through).after(self.tail.len() as u64)
    }
}

impl MemoryJournal {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything it holds, also once it is closed.
    #[cfg(test)]
    pub(super) fn held(&self) -> Vec<Vec<u8>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.snapshot.iter().chain(&state.tail).cloned().collect()
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>, JournalError> {
        // Nothing that holds it can leave it half changed.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            Err(JournalError::Closed)
        } else {
            Ok(state)
        }
    }
}

impl Journal for MemoryJournal {
    fn append(&self, expected: Position, records: &[Vec<u8>]) -> Result<Position, JournalError> {
        let mut state = self.lock()?;
        let last = state.last();
        if last != expected {
            return Err(JournalError::Moved { expected, last });
        }
        state.tail.extend_from_slice(records);
        Ok(state.last())
    }

    fn load(&self, visit: &mut Visit<'_>) -> Result<Position, JournalError> {
        let state = self.lock()?;
        for (number, record) in state.snapshot.iter().chain(&state.tail).enumerate() {
            visit(record).map_err(|BadRecord { detail, remedy }| JournalError::Unreadable {
                path: "in memory".into(),
                place: format!("record {number}"),
                detail,
                remedy: remedy.unwrap_or_else(|| "start the index again".into()),
                is_damage: false,
            })?;
        }
        Ok(state.last())
    }

    fn compact(&self, through: Position, snapshot: &mut Snapshot<'_>) -> Result<(), JournalError> {
        let snapshot = snapshot.collect::<Result<Vec<_>, _>>()?;
        let mut state = self.lock()?;
        let covered = through.0.saturating_sub(state.through);
        let covered = usize::try_from(covered).unwrap_or(usize::MAX);
        let covered = covered.min(state.tail.len());
        state.tail.drain(..covered);
        state.through = state.through.max(through.0);
        state.snapshot = snapshot;
        Ok(())
    }

    fn sizes(&self) -> Sizes {
        let Ok(state) = self.lock() else {
            return Sizes::default();
        };
        let bytes = |records: &[Vec<u8>]| records.iter().map(|record| record.len() as u64).sum();
        Sizes {
            snapshot_records: state.snapshot.len() as u64,
            snapshot_bytes: bytes(&state.snapshot),
            tail_records: state.tail.len() as u64,
            tail_bytes: bytes(&state.tail),
        }
    }

    fn close(&self) {
        if let Ok(mut state) = self.lock() {
            state.is_closed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::kit;

    #[test]
    fn keeps_the_promise_of_a_journal() {
        kit::conforms(|| Box::new(MemoryJournal::new()));
    }
}
