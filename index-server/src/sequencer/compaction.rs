//! From a journal to a world and back to a shorter journal.

use crate::journal::{BadRecord, Journal, JournalError, Position};
use crate::record::{Record, RecordError};
use crate::world::snapshot::Still;
use crate::world::{Files, PlainFiles, World};

/// Replays everything that the journal holds.
///
/// # Errors
/// [`JournalError`] when a record cannot be read.
pub(super) fn load<F: Files>(journal: &dyn Journal) -> Result<(World<F>, Position), JournalError> {
    let mut world = World::default();
    let position = journal.load(&mut |bytes| {
        let record = Record::decode(bytes).map_err(|error| BadRecord {
            remedy: match &error {
                RecordError::Newer(_) => {
                    Some("start the newer index-server that wrote this folder".to_owned())
                }
                _ => None,
            },
            detail: error.to_string(),
        })?;
        world.apply(&record);
        Ok(())
    })?;
    Ok((world, position))
}

/// Puts a snapshot of `still` in the place of what the journal holds up to `through`, which is what
/// led to it.
///
/// # Errors
/// [`JournalError`] when the journal cannot be written; it is then as it was.
pub(super) fn replace(
    journal: &dyn Journal,
    through: Position,
    still: &Still,
) -> Result<(), JournalError> {
    journal.compact(through, &mut still.records().map(|record| encode(&record)))
}

/// Puts a snapshot in the place of what the journal holds now, for an index that is not running.
/// Folds the records without their search; takes one copy of all facts in memory meanwhile.
///
/// # Errors
/// [`JournalError`] when the journal cannot be read or written; it is then as it was.
pub fn compact(journal: &dyn Journal) -> Result<(), JournalError> {
    let (world, through) = load::<PlainFiles>(journal)?;
    journal.compact(through, &mut world.snapshot().map(|record| encode(&record)))
}

fn encode(record: &Record) -> Result<Vec<u8>, JournalError> {
    record.encode().map_err(|error| JournalError::Store {
        operation: "write a snapshot of",
        path: "journal".into(),
        detail: error.to_string(),
    })
}
