//! How an index goes on whose journal is damaged: from what of the journal can still be read, and
//! from the shelf. The damaged file is kept, and what is lost is said.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::compaction;
use super::shelved;
use crate::journal::{Damaged, EmbeddedJournal, Journal, JournalError, Position, Seal};
use crate::shelf::Shelf;
use crate::world::{Files, PlainFiles, World};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescued {
    /// Under which the damaged file is kept.
    pub aside: PathBuf,
    /// Whether everything that the journal held could be read.
    pub is_whole: bool,
    /// Up to where.
    pub position: Position,
}

/// Writes the damaged journal in `folder` anew from all that is left, so that it can be opened. `found`
/// is what the index stumbled over.
///
/// # Errors
/// `found` when too little is left to go on from; otherwise what kept it from being written.
pub fn rescue(folder: &Path, found: JournalError) -> Result<Rescued, JournalError> {
    let damaged = Damaged::hold(folder)?;
    let shelf = Shelf::in_folder(folder);
    let remains = damaged.remains();
    for state in &remains {
        if let Ok(Ok(taken_up)) = shelved::take_up(&shelf, state) {
            let (world, at) = (taken_up.world, taken_up.position);
            return put(
                damaged,
                &world,
                at,
                seal_of(state, at),
                true,
                &found,
                &shelf,
            );
        }
        if let Ok((world, at, _)) = compaction::load::<PlainFiles>(state) {
            return put(
                damaged,
                &world,
                at,
                seal_of(state, at),
                true,
                &found,
                &shelf,
            );
        }
    }
    let partly = remains.iter().filter_map(|state| {
        let taken_up = shelved::take_up_before_damage(&shelf, state)?;
        let seal = seal_of(state, taken_up.position);
        Some((taken_up, seal))
    });
    let furthest = partly.max_by_key(|(taken_up, _)| taken_up.position);
    let alone = || shelved::take_up_alone(&shelf).map(|(taken_up, seal)| (taken_up, Some(seal)));
    let Some((taken_up, seal)) = furthest.or_else(alone) else {
        return Err(found);
    };
    let at = taken_up.position;
    put(damaged, &taken_up.world, at, seal, false, &found, &shelf)
}

fn seal_of(state: &EmbeddedJournal, at: Position) -> Option<Seal> {
    state.seal(at).ok().flatten()
}

fn put<F: Files>(
    damaged: Damaged,
    world: &World<F>,
    position: Position,
    seal: Option<Seal>,
    is_whole: bool,
    found: &JournalError,
    shelf: &Shelf,
) -> Result<Rescued, JournalError> {
    let missing = damaged.missing_after(position);
    let mut records = world.snapshot().map(|record| compaction::encode(&record));
    let aside = damaged.replace(position, seal, &mut records)?;
    let (found, kept_as) = (found.fault(), aside.display().to_string());
    let shelf_of = shelf.put_down_at().map(shown);
    match (is_whole, missing) {
        (true, None | Some(0)) => tracing::warn!(
            found,
            kept_as,
            "the journal was damaged; every record in it could still be read and it was written \
             anew: nothing is lost; the damaged file is kept"
        ),
        (false, Some(0)) => tracing::warn!(
            found,
            kept_as,
            goes_on_from = %position,
            shelf_of,
            "the journal was damaged; the index goes on from its shelf and what could be read after \
             it, which is all that is known to have been acknowledged; the damaged file is kept"
        ),
        (_, missing) => tracing::error!(
            found,
            kept_as,
            goes_on_from = %position,
            shelf_of,
            missing_records = missing,
            "the journal was damaged: the index goes on from its shelf and what could be read after \
             it, and WHAT WAS ACKNOWLEDGED AFTER THAT IS LOST; peers that register again send what \
             they share; put the journal back from a copy to have more; the damaged file is kept"
        ),
    }
    Ok(Rescued {
        aside,
        is_whole,
        position,
    })
}

fn shown(time: std::time::SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| "an unknown time".to_owned(), |at| at.to_string())
}
