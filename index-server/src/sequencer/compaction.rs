//! From a journal to a world and back to a shorter journal.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::journal::{BadRecord, Journal, JournalError, Position, Visit};
use crate::record::{Record, RecordError};
use crate::world::snapshot::Still;
use crate::world::{Files, PlainFiles, World};

/// Records handed from reading to applying at once: 16 of the largest are 16,000 changes, 6 MB.
const PORTION_COUNT: usize = 16;

/// Portions that may wait to be applied.
const PORTIONS_WAITING_COUNT: usize = 4;

/// Of so many facts in a journal one must still hold for the journal to be short enough.
const FACTS_MAX_FACTOR: u64 = 2;

/// Whether a journal that tells `fact_count` facts becomes much shorter by a snapshot of the world
/// that it leads to: an index that only grew has nothing to put in short.
pub(super) fn is_worth<F: Files>(world: &World<F>, fact_count: u64) -> bool {
    fact_count > world.fact_count().saturating_mul(FACTS_MAX_FACTOR)
}

/// Replays everything that the journal holds; yields the position reached, and how many facts it
/// tells.
///
/// # Errors
/// [`JournalError`] when a record cannot be read.
pub(super) fn load<F: Files>(
    journal: &dyn Journal,
) -> Result<(World<F>, Position, u64), JournalError> {
    let mut world = World::default();
    let (position, fact_count) = replay(&mut world, |visit| journal.load(visit))?;
    Ok((world, position, fact_count))
}

/// Applies what `read` visits to `world`; yields how many facts that were too. Reading and decoding
/// go on in a thread of their own, ahead of what is applied.
///
/// # Errors
/// [`JournalError`] when a record cannot be read.
pub(super) fn replay<F: Files, T: Send>(
    world: &mut World<F>,
    read: impl FnOnce(&mut Visit<'_>) -> Result<T, JournalError> + Send,
) -> Result<(T, u64), JournalError> {
    let (send, portions) = sync_channel(PORTIONS_WAITING_COUNT);
    std::thread::scope(|threads| {
        let reading = threads.spawn(move || read_ahead(read, &send));
        let mut fact_count = 0;
        for portion in portions {
            for record in portion {
                fact_count += record.fact_count();
                world.apply(record);
            }
        }
        let end = reading
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))?;
        Ok((end, fact_count))
    })
}

/// Decodes all records and sends them on in portions; whoever applies them takes all.
fn read_ahead<T>(
    read: impl FnOnce(&mut Visit<'_>) -> Result<T, JournalError>,
    send: &SyncSender<Vec<Record>>,
) -> Result<T, JournalError> {
    let mut portion = Vec::with_capacity(PORTION_COUNT);
    let end = read(&mut |bytes| {
        portion.push(Record::decode(bytes).map_err(|error| in_words(&error))?);
        if portion.len() >= PORTION_COUNT {
            let full = std::mem::replace(&mut portion, Vec::with_capacity(PORTION_COUNT));
            // An error means that applying has panicked: the panic goes on where it is joined.
            let _ = send.send(full);
        }
        Ok(())
    })?;
    let _ = send.send(portion);
    Ok(end)
}

fn in_words(error: &RecordError) -> BadRecord {
    let remedy = match error {
        RecordError::Newer(_) => {
            Some("start the newer index-server that wrote this folder".to_owned())
        }
        _ => None,
    };
    BadRecord {
        remedy,
        detail: error.to_string(),
    }
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

/// Writes the journal anew from `still`, without trust in what it holds up to `through`; yields the
/// name under which what was there is kept.
///
/// # Errors
/// [`JournalError`] when it cannot be written, or what came after `through` cannot be read.
pub(super) fn renew(
    journal: &dyn Journal,
    through: Position,
    still: &Still,
) -> Result<Option<PathBuf>, JournalError> {
    journal.renew(through, &mut still.records().map(|record| encode(&record)))
}

/// Puts a snapshot in the place of what the journal holds now, for an index that is not running.
/// Folds the records without their search; takes one copy of all facts in memory meanwhile.
///
/// # Errors
/// [`JournalError`] when the journal cannot be read or written; it is then as it was.
pub fn compact(journal: &dyn Journal) -> Result<(), JournalError> {
    let (world, through, _) = load::<PlainFiles>(journal)?;
    journal.compact(through, &mut world.snapshot().map(|record| encode(&record)))
}

pub(super) fn encode(record: &Record) -> Result<Vec<u8>, JournalError> {
    record.encode().map_err(|error| JournalError::Store {
        operation: "write a snapshot of",
        path: "journal".into(),
        detail: error.to_string(),
    })
}
