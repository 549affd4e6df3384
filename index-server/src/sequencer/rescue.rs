//! How an index goes on whose journal is damaged: from what of the journal can still be read, and
//! from the shelf; without a shelf, from what stands before the damage. The damaged file is kept, and
//! what is lost is said.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::after_loss::ends_of_sessions;
use super::compaction;
use super::shelved::{self, TakenUp};
use crate::journal::{Damaged, EmbeddedJournal, Journal, JournalError, Position, Seal};
use crate::shelf::Shelf;
use crate::world::{Files, PlainFiles, World};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescued {
    /// Under which the damaged file is kept.
    pub aside: PathBuf,
    /// What the index goes on from.
    pub from: Source,
    /// Up to where.
    pub position: Position,
    /// Records that were acknowledged and are lost; none where nobody knows how many.
    pub missing: Option<u64>,
}

impl Rescued {
    /// Whether nothing speaks for that something is lost.
    pub fn is_all(&self) -> bool {
        match self.from {
            Source::Journal => self.missing.unwrap_or_default() == 0,
            Source::Shelf | Source::BeforeDamage => self.missing == Some(0),
            Source::PartOfSnapshot => false,
        }
    }
}

/// What an index can go on from whose journal is damaged, the best one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Everything that the journal held could be read.
    Journal,
    /// The shelf, and what could be read after it.
    Shelf,
    /// The journal up to the damage.
    BeforeDamage,
    /// The same, and the damage is in the snapshot: what holds it does not tell.
    PartOfSnapshot,
}

impl Source {
    fn in_words(self) -> &'static str {
        match self {
            Self::Journal => "the commit before the last one",
            Self::Shelf => "its shelf and what could be read after it",
            Self::BeforeDamage => "what stands in the journal before the damage",
            Self::PartOfSnapshot => "the part of its snapshot that stands before the damage",
        }
    }
}

/// A world to go on from.
struct Left {
    world: LeftWorld,
    position: Position,
    seal: Option<Seal>,
    from: Source,
}

enum LeftWorld {
    Searchable(Box<World>),
    Plain(Box<World<PlainFiles>>),
}

/// Writes the damaged journal in `folder` anew from all that is left, so that it can be opened. `found`
/// is what the index stumbled over.
///
/// # Errors
/// `found` when nothing is left to go on from; otherwise what kept it from being written.
pub fn rescue(folder: &Path, found: JournalError, now: Timestamp) -> Result<Rescued, JournalError> {
    let damaged = Damaged::hold(folder)?;
    let shelf = Shelf::in_folder(folder);
    let Some(mut left) = best(&damaged, &shelf) else {
        return Err(found);
    };
    let mut rescued = Rescued {
        aside: PathBuf::new(),
        from: left.from,
        position: left.position,
        missing: damaged
            .missing_after(left.position)
            .filter(|_| left.from != Source::PartOfSnapshot),
    };
    if !rescued.is_all() {
        left.world.end_sessions(now);
    }
    rescued.aside = match &left.world {
        LeftWorld::Searchable(world) => put(damaged, &**world, &left),
        LeftWorld::Plain(world) => put(damaged, &**world, &left),
    }?;
    tell(&rescued, &found, &shelf);
    Ok(rescued)
}

fn best(damaged: &Damaged, shelf: &Shelf) -> Option<Left> {
    let remains = damaged.remains();
    let mut empty = None;
    for left in remains.iter().filter_map(|state| whole(state, shelf)) {
        if left.position > Position::default() {
            return Some(left);
        }
        empty.get_or_insert(left);
    }
    let after_shelf = remains.iter().filter_map(|state| {
        let taken_up = shelved::take_up_before_damage(shelf, state)?;
        let seal = seal_of(state, taken_up.position);
        Some(Left::taken_up(taken_up, seal, Source::Shelf))
    });
    if let Some(left) = after_shelf.max_by_key(|left| left.position) {
        return Some(left);
    }
    let alone = shelved::take_up_alone(shelf);
    let alone = alone.map(|(taken_up, seal)| Left::taken_up(taken_up, Some(seal), Source::Shelf));
    let before = remains.iter().filter_map(before_damage).chain(alone);
    let furthest = before.max_by_key(|left| (left.from != Source::PartOfSnapshot, left.position));
    // A commit before the first record says nothing where there were records.
    let empty = empty.filter(|left| damaged.missing_after(left.position).unwrap_or_default() == 0);
    furthest.or(empty)
}

/// Everything that a state of the journal holds.
fn whole(state: &EmbeddedJournal, shelf: &Shelf) -> Option<Left> {
    if let Ok(Ok(taken_up)) = shelved::take_up(shelf, state) {
        let seal = seal_of(state, taken_up.position);
        return Some(Left::taken_up(taken_up, seal, Source::Journal));
    }
    let (world, position, _) = compaction::load::<PlainFiles>(state).ok()?;
    Some(Left {
        world: LeftWorld::Plain(Box::new(world)),
        position,
        seal: seal_of(state, position),
        from: Source::Journal,
    })
}

/// What stands in a state of the journal before the damage.
fn before_damage(state: &EmbeddedJournal) -> Option<Left> {
    let mut world = World::default();
    let read = compaction::replay(&mut world, |visit| state.load_before_damage(visit));
    let (reached, _) = read.ok()?;
    let (from, seal) = if reached.is_snapshot_whole {
        (Source::BeforeDamage, seal_of(state, reached.position))
    } else {
        (Source::PartOfSnapshot, None)
    };
    Some(Left {
        world: LeftWorld::Plain(Box::new(world)),
        position: reached.position,
        seal,
        from,
    })
}

impl LeftWorld {
    fn end_sessions(&mut self, now: Timestamp) {
        fn end<F: Files>(world: &mut World<F>, now: Timestamp) {
            for record in ends_of_sessions(world, now) {
                world.apply(record);
            }
        }
        match self {
            Self::Searchable(world) => end(world, now),
            Self::Plain(world) => end(world, now),
        }
    }
}

impl Left {
    fn taken_up(taken_up: TakenUp, seal: Option<Seal>, from: Source) -> Self {
        Self {
            world: LeftWorld::Searchable(Box::new(taken_up.world)),
            position: taken_up.position,
            seal,
            from,
        }
    }
}

fn seal_of(state: &EmbeddedJournal, at: Position) -> Option<Seal> {
    state.seal(at).ok().flatten()
}

fn put<F: Files>(damaged: Damaged, world: &World<F>, left: &Left) -> Result<PathBuf, JournalError> {
    let mut records = world.snapshot().map(|record| compaction::encode(&record));
    damaged.replace(left.position, left.seal, &mut records)
}

fn tell(rescued: &Rescued, found: &JournalError, shelf: &Shelf) {
    let (found, kept_as) = (found.fault(), rescued.aside.display().to_string());
    let (position, from) = (rescued.position, rescued.from.in_words());
    let shelf_of = (rescued.from == Source::Shelf).then(|| shelf.put_down_at().map(shown));
    let shelf_of = shelf_of.flatten();
    match rescued.from {
        Source::Journal if rescued.is_all() => tracing::warn!(
            found,
            kept_as,
            "the journal was damaged; every record in it could still be read and it was written \
             anew: nothing is lost; the damaged file is kept"
        ),
        _ if rescued.is_all() => tracing::warn!(
            found,
            kept_as,
            goes_on_from = %position,
            shelf_of,
            "the journal was damaged; the index goes on from {from}, which is all that is known to \
             have been acknowledged; the damaged file is kept"
        ),
        _ => tracing::error!(
            found,
            kept_as,
            goes_on_from = %position,
            shelf_of,
            missing_records = rescued.missing,
            "the journal was damaged: the index goes on from {from}, and WHAT WAS ACKNOWLEDGED \
             AFTER THAT IS LOST; peers register again and send what they share by themselves, but \
             downloads and ratings counted since do not come back; put the journal back from a copy \
             to have more; the damaged file is kept"
        ),
    }
}

fn shown(time: std::time::SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| "an unknown time".to_owned(), |at| at.to_string())
}
