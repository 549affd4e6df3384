//! A world put down on a shelf and taken up again, so that a start reads its segments instead of
//! building them.
//!
//! The journal stays the truth: what stands on the shelf counts only where its seal is the journal's
//! own, and what was appended after it is applied on top. Whatever does not fit is left alone.

#[cfg(test)]
pub(super) mod kit;
#[cfg(test)]
mod tests;

use std::panic::resume_unwind;
use std::thread;

use protocol::ids::PeerId;
use serde::{Deserialize, Serialize};

use super::compaction;
use crate::catalog::OwnerTotals;
use crate::catalog::stored::{LAYOUT, Part, Token};
use crate::journal::{Journal, JournalError, Position, Seal, Sizes, Visit};
use crate::record::Record;
use crate::shelf::{PartName, Shelf, ShelfError};
use crate::world::World;
use crate::world::snapshot::Still;

/// The segments that are on the shelf.
pub(super) type Known = Vec<(Token, PartName)>;

/// What a list says.
#[derive(Debug, Serialize, Deserialize)]
struct List {
    layout: u32,
    at: Place,
    slots: Vec<Option<PeerId>>,
    totals: Vec<Totals>,
    parts: Vec<ListedPart>,
    /// Records that lead to everything but the files.
    records: Vec<Vec<u8>>,
}

/// A place in a journal.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Place {
    /// Where.
    pub(super) position: Position,
    /// Of that position.
    pub(super) seal: Seal,
    /// What the journal held then.
    pub(super) sizes: Sizes,
    /// How many facts that told.
    pub(super) fact_count: u64,
}

/// [`OwnerTotals`] as stored.
#[derive(Debug, Serialize, Deserialize)]
struct Totals(u64, u64, String);

#[derive(Debug, Serialize, Deserialize)]
struct ListedPart {
    name: PartName,
    dead: Vec<u8>,
}

/// A world from the shelf.
pub(super) struct TakenUp {
    pub(super) world: World,
    /// Where the journal stands.
    pub(super) position: Position,
    pub(super) known: Known,
    /// What the journal held when it was put down.
    pub(super) sizes: Sizes,
    /// How many facts the journal tells.
    pub(super) fact_count: u64,
}

/// Why the shelf is of no use for a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("it is not there")]
    Missing,
    #[error("its list is damaged")]
    List,
    #[error("another version of the index wrote it")]
    Layout,
    /// With where it was put down.
    #[error("it does not go with this journal, which was put in short or put back since")]
    Foreign(Position),
    #[error("a part of it is damaged or gone")]
    Part,
}

/// Puts a world down, of which `known` segments are on the shelf already; yields those that now are.
///
/// # Errors
/// [`ShelfError`] when it is not on the disk; what was there before still counts.
pub(super) fn put_down(
    shelf: &Shelf,
    known: &Known,
    at: Place,
    still: &Still,
) -> Result<Known, ShelfError> {
    let mut now_known = Known::new();
    let mut parts = Vec::new();
    for part in still.files().parts() {
        let earlier = known.iter().find(|(token, _)| token.is_of(&part));
        let name = match earlier {
            Some((_, name)) => name.clone(),
            None => shelf.put_part(|out| part.write(out))?,
        };
        parts.push(ListedPart {
            name: name.clone(),
            dead: part.dead_bytes(),
        });
        now_known.push((part.token(), name));
    }
    let totals = still.totals().iter();
    let totals = totals.map(|sums| Totals(sums.files, sums.bytes, sums.digest.to_hex()));
    let list = List {
        layout: LAYOUT,
        at,
        slots: still.files().owner_slots(),
        totals: totals.collect(),
        parts,
        // No record of ours cannot be written.
        records: (still.records_beside_files())
            .filter_map(|record| record.encode().ok())
            .collect(),
    };
    let kept: Vec<PartName> = now_known.iter().map(|(_, name)| name.clone()).collect();
    let bytes = postcard::to_stdvec(&list).unwrap_or_default();
    shelf.put_list(&bytes, &kept)?;
    Ok(now_known)
}

/// Takes the world up that was put down last, with what was appended since; or says why not.
///
/// # Errors
/// [`JournalError`] when the journal cannot be read.
pub(super) fn take_up(
    shelf: &Shelf,
    journal: &dyn Journal,
) -> Result<Result<TakenUp, Unfit>, JournalError> {
    let list = match list_of(shelf) {
        Ok(list) => list,
        Err(unfit) => return Ok(Err(unfit)),
    };
    let at = list.at;
    if journal.seal(at.position)? != Some(at.seal) {
        return Ok(Err(Unfit::Foreign(at.position)));
    }
    let Some((mut world, known)) = world_of(shelf, list) else {
        return Ok(Err(Unfit::Part));
    };
    let after = compaction::replay(&mut world, |visit| {
        journal.load_after(at.position, at.seal, at.sizes, visit)
    })?;
    let (after, fact_count) = after;
    let taken_up = after.map(|position| TakenUp {
        world,
        position,
        known,
        sizes: at.sizes,
        fact_count: at.fact_count + fact_count,
    });
    Ok(taken_up.ok_or(Unfit::Foreign(at.position)))
}

fn list_of(shelf: &Shelf) -> Result<List, Unfit> {
    let Some(bytes) = shelf.list() else {
        let is_there = shelf.put_down_at().is_some();
        return Err(if is_there {
            Unfit::List
        } else {
            Unfit::Missing
        });
    };
    // What another version wrote may have another form.
    let list: List = postcard::from_bytes(&bytes).map_err(|_| Unfit::Layout)?;
    (list.layout == LAYOUT).then_some(list).ok_or(Unfit::Layout)
}

/// The same for a journal that is damaged: with what was appended after it up to the damage.
pub(super) fn take_up_before_damage(shelf: &Shelf, journal: &dyn Journal) -> Option<TakenUp> {
    let list = list_of(shelf).ok()?;
    let at = list.at;
    if journal.seal(at.position).ok()? != Some(at.seal) {
        return None;
    }
    let (mut world, known) = world_of(shelf, list)?;
    let read = |visit: &mut Visit<'_>| {
        let (mut count, mut is_taken) = (0, true);
        let loaded = journal.load_after(at.position, at.seal, at.sizes, &mut |record| {
            visit(record).inspect_err(|_| is_taken = false)?;
            count += 1;
            Ok(())
        });
        match loaded {
            Err(error) if error.is_damage() && is_taken => Ok(Some(at.position.after(count))),
            loaded => loaded,
        }
    };
    let (position, fact_count) = compaction::replay(&mut world, read).ok()?;
    Some(TakenUp {
        world,
        position: position?,
        known,
        sizes: at.sizes,
        fact_count: at.fact_count + fact_count,
    })
}

/// The world that was put down last, whatever the journal says; with the seal of its place.
pub(super) fn take_up_alone(shelf: &Shelf) -> Option<(TakenUp, Seal)> {
    let list = list_of(shelf).ok()?;
    let at = list.at;
    let (world, known) = world_of(shelf, list)?;
    let taken_up = TakenUp {
        world,
        position: at.position,
        known,
        sizes: at.sizes,
        fact_count: at.fact_count,
    };
    Some((taken_up, at.seal))
}

fn world_of(shelf: &Shelf, list: List) -> Option<(World, Known)> {
    let totals: Option<Vec<OwnerTotals>> = list.totals.into_iter().map(Totals::read).collect();
    let parts = read_parts(shelf, &list.parts)?;
    let names = list.parts.into_iter().map(|part| part.name);
    let (mut world, tokens) = World::restore(list.slots, totals?, parts);
    let known = tokens.into_iter().zip(names).collect();
    for record in &list.records {
        world.apply(Record::decode(record).ok()?);
    }
    Some((world, known))
}

/// All parts, every other one on a thread of its own.
fn read_parts(shelf: &Shelf, listed: &[ListedPart]) -> Option<Vec<Part>> {
    let read = |first: usize| -> Option<Vec<Part>> {
        let some = listed.iter().skip(first).step_by(2);
        some.map(|part| Part::from_bytes(&shelf.part(&part.name)?, &part.dead))
            .collect()
    };
    let (even, odd) = thread::scope(|threads| {
        let aside = threads.spawn(|| read(1));
        let even = read(0);
        let odd = aside.join().unwrap_or_else(|panic| resume_unwind(panic));
        (even, odd)
    });
    let (even, mut odd) = (even?, odd?.into_iter());
    let mut parts = Vec::with_capacity(listed.len());
    for part in even {
        parts.push(part);
        parts.extend(odd.next());
    }
    Some(parts)
}

impl Totals {
    fn read(self) -> Option<OwnerTotals> {
        Some(OwnerTotals {
            files: self.0,
            bytes: self.1,
            digest: self.2.parse().ok()?,
        })
    }
}
