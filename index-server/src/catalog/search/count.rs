//! Looks at all that may meet the question, up to the number that totals are exact for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use roaring::RoaringBitmap;

use super::kinds::Kind;
use super::{Found, Search};
use crate::catalog::layer::{Layer, Spot};
use crate::catalog::matcher::Scratch;
use crate::catalog::plan::{Asker, SMALL_COUNT};
use crate::catalog::segment::Doc;

/// The quick look gives up after so many candidates for each row that it wants.
const LOOKS_PER_ROW: u64 = 4;

/// Documents that are read from memory at a time.
const BLOCK_COUNT: usize = 64;

/// What a count found.
#[derive(Debug)]
pub struct Counted {
    /// All rows where `is_exact`, otherwise some.
    pub rows: Vec<Found>,
    /// So many rows at least.
    pub total: u64,
    /// Whether these are all.
    pub is_exact: bool,
}

impl Search<'_> {
    /// Counts rows, one a kind, among `sets` (one a layer; none means all documents).
    pub fn count(&self, sets: &[Option<RoaringBitmap>]) -> Counted {
        let mut scratch = Scratch::new();
        if self.is_surely_more(sets, &mut scratch) {
            return Counted {
                rows: Vec::new(),
                total: self.exact_max_count + 1,
                is_exact: false,
            };
        }
        let mut rows = Rows::default();
        let mut is_exact = true;
        for (number, set) in sets.iter().enumerate() {
            let mut look = |doc: Doc| {
                if let Some(class) = self.askers[number].meet(doc, &mut scratch) {
                    let spot = Spot { layer: number, doc };
                    self.add(&mut rows, Found { spot, class });
                }
                rows.found.len() as u64 <= self.exact_max_count
            };
            is_exact = all(self.askers[number].layer, set.as_ref(), &mut look);
            if !is_exact {
                break;
            }
        }
        Counted {
            total: rows.found.len() as u64,
            rows: rows.found,
            is_exact,
        }
    }

    /// Whether there are certainly more rows than a total is exact for: a quick look at candidates
    /// that are alone of their content, so that each is a row.
    fn is_surely_more(&self, sets: &[Option<RoaringBitmap>], scratch: &mut Scratch) -> bool {
        let size = |(set, asker): (&Option<RoaringBitmap>, &Asker<'_>)| match set {
            Some(set) => set.len(),
            None => u64::from(asker.layer.segment.complete_count()),
        };
        let candidate_count: u64 = sets.iter().zip(&self.askers).map(size).sum();
        if candidate_count <= self.exact_max_count || !self.askers.iter().all(is_plain) {
            return false;
        }
        let mut left = LOOKS_PER_ROW * self.exact_max_count;
        let mut found_count = 0;
        for (asker, set) in self.askers.iter().zip(sets) {
            let mut look = |doc: Doc| {
                left = left.saturating_sub(1);
                found_count += u64::from(asker.is_met_alone(doc, scratch));
                left > 0 && found_count <= self.exact_max_count
            };
            // A small set may have been left wider than grams could have made it.
            if set.as_ref().is_none_or(|set| set.len() > SMALL_COUNT) {
                all(asker.layer, set.as_ref(), &mut look);
            }
        }
        found_count > self.exact_max_count
    }

    fn add(&self, rows: &mut Rows, found: Found) {
        let Some(kind) = self.kind(found.spot) else {
            rows.found.push(found);
            return;
        };
        match rows.by_kind.entry(kind) {
            Entry::Vacant(free) => {
                free.insert(rows.found.len());
                rows.found.push(found);
            }
            Entry::Occupied(taken) => {
                let best = &mut rows.found[*taken.get()];
                if self.goodness(found.spot) > self.goodness(best.spot) {
                    *best = found;
                }
            }
        }
    }
}

/// Hands the documents of `set` (all live and complete ones where there is none) to `look` until it
/// wants no more; yields whether it wanted all.
fn all(layer: &Layer, set: Option<&RoaringBitmap>, mut look: impl FnMut(Doc) -> bool) -> bool {
    let segment = &layer.segment;
    let Some(set) = set else {
        let mut complete = 0..segment.complete_count();
        return if layer.dead.is_empty() {
            complete.all(look)
        } else {
            complete.filter(|&doc| layer.is_live(doc)).all(look)
        };
    };
    let mut buffer = [0; BLOCK_COUNT];
    let mut docs = set.iter();
    loop {
        let block = docs.next_many(&mut buffer);
        if block.is_empty() {
            return true;
        }
        segment.warm(block);
        if !block.iter().all(|&doc| look(doc)) {
            return false;
        }
    }
}

/// Whether [`Asker::is_met_alone`] asks all that there is to ask.
fn is_plain(asker: &Asker<'_>) -> bool {
    asker.question.hashes.is_empty()
}

#[derive(Debug, Default)]
struct Rows {
    found: Vec<Found>,
    by_kind: HashMap<Kind, usize>,
}
