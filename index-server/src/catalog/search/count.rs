//! Looks at all that may meet the question, up to the number that totals are exact for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use roaring::RoaringBitmap;

use super::kinds::Kind;
use super::{Found, Search};
use crate::catalog::layer::Spot;
use crate::catalog::matcher::Scratch;
use crate::catalog::segment::Doc;

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
        let mut rows = Rows::default();
        let mut scratch = Scratch::new();
        let mut is_exact = true;
        for (number, set) in sets.iter().enumerate() {
            let complete = 0..self.view.layers[number].segment.complete_count();
            let mut look = |doc: Doc| {
                if let Some(class) = self.askers[number].meet(doc, &mut scratch) {
                    let spot = Spot { layer: number, doc };
                    self.add(&mut rows, Found { spot, class });
                }
                rows.found.len() as u64 <= self.exact_max_count
            };
            let layer = &self.view.layers[number];
            is_exact = match set {
                Some(set) => set.iter().all(&mut look),
                None if layer.dead.is_empty() => complete.into_iter().all(&mut look),
                None => (complete.into_iter())
                    .filter(|&doc| layer.is_live(doc))
                    .all(&mut look),
            };
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

#[derive(Debug, Default)]
struct Rows {
    found: Vec<Found>,
    by_kind: HashMap<Kind, usize>,
}
