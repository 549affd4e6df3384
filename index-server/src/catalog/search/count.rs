//! Looks at all that may meet the question, up to the number that totals are exact for.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::kinds::Kind;
use super::{Found, Search};
use crate::catalog::docs::DocSet;
use crate::catalog::layer::{Layer, Spot};
use crate::catalog::matcher::Scratch;
use crate::catalog::plan::{Asker, Plan};
use crate::catalog::rank::Match;
use crate::catalog::segment::Doc;

/// The quick look gives up after so many candidates for each row that it wants.
const LOOKS_PER_ROW: u64 = 4;

/// So few documents are looked at, rather than told apart by postings; tests tell nearly all apart.
const LOOKED_AT_MAX_COUNT: u64 = if cfg!(test) { 2 } else { 512 };

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
    /// Counts rows, one a kind, among `plans` (one a layer).
    pub fn count(&self, plans: &[Plan<'_>]) -> Counted {
        let mut scratch = Scratch::new();
        if self.is_surely_more(plans, &mut scratch) {
            return Counted {
                rows: Vec::new(),
                total: self.exact_max_count + 1,
                is_exact: false,
            };
        }
        let mut rows = Rows::default();
        let mut is_exact = true;
        for (number, (plan, asker)) in plans.iter().zip(&self.askers).enumerate() {
            let classes = (asker.question.is_classed
                && plan.is_certain
                && !plan.set.is_at_most(LOOKED_AT_MAX_COUNT))
            .then(|| asker.classes(plan));
            let mut look = |doc: Doc| {
                let class = if plan.is_certain && !asker.question.is_classed {
                    asker.is_met_by_columns(doc).then_some(Match::Whole)
                } else if let Some(classes) = &classes {
                    let is_met = asker.is_met_by_columns(doc);
                    is_met
                        .then(|| classes.class_of(asker, doc, &mut scratch))
                        .flatten()
                } else {
                    asker.meet(doc, &mut scratch)
                };
                if let Some(class) = class {
                    let spot = Spot { layer: number, doc };
                    self.add(&mut rows, Found { spot, class });
                }
                rows.found.len() as u64 <= self.exact_max_count
            };
            is_exact = all(asker.layer, &plan.set, &mut look);
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

    /// Whether there are certainly more rows than a total is exact for: candidates that are alone
    /// of their content are each a row.
    fn is_surely_more(&self, plans: &[Plan<'_>], scratch: &mut Scratch) -> bool {
        let mut found_count = 0;
        let mut left = LOOKS_PER_ROW * self.exact_max_count;
        // What is told by postings alone first: it costs nothing.
        let is_told = |(plan, asker): &(&Plan<'_>, &Asker<'_>)| {
            plan.is_certain && !asker.question.asks_columns()
        };
        let pairs = || plans.iter().zip(&self.askers);
        for (plan, asker) in pairs().filter(is_told) {
            found_count += plan.set.count_within(asker.layer.segment.alone());
        }
        if found_count > self.exact_max_count {
            return true;
        }
        let others = || pairs().filter(|pair| !is_told(pair));
        let candidate_count: u64 = others().map(|(plan, _)| plan.set.len()).sum();
        if found_count + candidate_count <= self.exact_max_count {
            return false;
        }
        for (plan, asker) in others() {
            let alone = asker.layer.segment.alone();
            let mut look = |doc: Doc| {
                left = left.saturating_sub(1);
                let is_met = alone.contains(doc)
                    && if plan.is_certain {
                        asker.is_met_by_columns(doc)
                    } else {
                        asker.meet(doc, scratch).is_some()
                    };
                found_count += u64::from(is_met);
                left > 0 && found_count <= self.exact_max_count
            };
            all(asker.layer, &plan.set, &mut look);
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

/// Hands the documents of `set` to `look` until it wants no more; yields whether it wanted all.
fn all(layer: &Layer, set: &DocSet<'_>, mut look: impl FnMut(Doc) -> bool) -> bool {
    let mut buffer = [0; BLOCK_COUNT];
    let mut docs = set.iter_from(0);
    loop {
        let block = docs.next_block(&mut buffer);
        if block.is_empty() {
            return true;
        }
        layer.segment.warm(block);
        if !block.iter().all(|&doc| look(doc)) {
            return false;
        }
    }
}

#[derive(Debug, Default)]
struct Rows {
    found: Vec<Found>,
    by_kind: HashMap<Kind, usize>,
}
