//! What a start goes on from: the shelf where that is of use, otherwise all of the journal.

use super::compaction;
use super::shelved::{self, Known, TakenUp, Unfit};
use crate::journal::{Journal, JournalError, Position, Sizes};
use crate::shelf::Shelf;
use crate::world::PlainFiles;

/// The world that the journal leads to.
///
/// # Errors
/// [`JournalError`] when the journal cannot be read.
pub(super) fn take_up_or_build(
    journal: &dyn Journal,
    shelf: Option<&Shelf>,
) -> Result<TakenUp, JournalError> {
    let mut unfit = None;
    if let Some(shelf) = shelf {
        shelf.remove_unfinished();
        match shelved::take_up(shelf, journal)? {
            Ok(taken_up) => return Ok(taken_up),
            Err(found) => unfit = Some(found),
        }
    }
    let (world, position, fact_count) = compaction::load::<PlainFiles>(journal)?;
    if let Some(found) = unfit {
        tell(found, position);
    }
    Ok(TakenUp {
        world: world.into_searchable(),
        position,
        known: Known::new(),
        sizes: Sizes::default(),
        fact_count,
    })
}

/// Says what was read in place of the shelf; nothing where there was nothing to read.
fn tell(found: Unfit, position: Position) {
    match found {
        Unfit::Missing if position == Position::default() => {}
        Unfit::Foreign(at) if at > position => tracing::warn!(
            "the shelf goes further than the journal (to record {at}, not to {position}): the \
             journal lost its end or was put back from a copy; everything was read from the journal, \
             and the shelf is written anew; peers that register again send what they share"
        ),
        // An update does that, and compacting.
        Unfit::Layout | Unfit::Foreign(_) => tracing::info!(
            "the shelf is of no use ({found}): everything was read from the journal, and the shelf \
             is written anew"
        ),
        Unfit::Missing => tracing::info!(
            "there is no shelf: everything was read from the journal, and the shelf is written anew; \
             it was removed, or the index ended before it had one"
        ),
        Unfit::List | Unfit::Part => tracing::warn!(
            "the shelf is of no use ({found}): everything was read from the journal, and the shelf is \
             written anew; look at the disk, unless somebody changed the files"
        ),
    }
}
