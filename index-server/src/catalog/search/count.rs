//! Looks at all that may meet the question, up to the number that totals are exact for.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::kinds::Kind;
use super::{Found, Search};
use crate::catalog::docs::DocSet;
use crate::catalog::layer::Spot;
use crate::catalog::matcher::Scratch;
use crate::catalog::plan::{Classes, Plan};
use crate::catalog::rank::Match;
use crate::catalog::segment::Doc;

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
        if self.is_surely_more(plans) {
            return Counted {
                rows: Vec::new(),
                total: self.exact_max_count + 1,
                is_exact: false,
            };
        }
        let mut scratch = Scratch::new();
        let mut rows = Rows::default();
        let mut is_exact = true;
        for (number, (plan, asker)) in plans.iter().zip(&self.askers).enumerate() {
            let is_classed = asker.question.is_classed;
            let is_told = plan.is_certain && !plan.set.is_at_most(LOOKED_AT_MAX_COUNT);
            let classes = (is_told && is_classed).then(|| Classes::new(asker, plan));
            let asks_columns = asker.question.asks_columns();
            let mut look = |doc: Doc| {
                let class = if !is_told {
                    asker.meet(doc, &mut scratch)
                } else if asks_columns && !asker.is_met_by_columns(doc) {
                    None
                } else if let Some(classes) = &classes {
                    classes.class_of(doc, &mut scratch)
                } else {
                    Some(Match::Whole)
                };
                if let Some(class) = class {
                    let spot = Spot { layer: number, doc };
                    self.add(&mut rows, Found::new(spot, class));
                }
                rows.found.len() as u64 <= self.exact_max_count
            };
            let segment = &asker.layer.segment;
            let warm = |docs: &[Doc]| {
                if is_told {
                    segment.warm_contents(docs);
                } else {
                    segment.warm(docs);
                }
            };
            is_exact = all(&plan.set, warm, &mut look);
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

    /// Whether postings alone tell that there are more rows than a total is exact for: documents
    /// that are alone of their content are each a row, and so is one of each other content of a
    /// segment (of one segment, since others may hold the same contents).
    fn is_surely_more(&self, plans: &[Plan<'_>]) -> bool {
        let (mut alone_count, mut most_firsts) = (0, 0);
        for (plan, asker) in plans.iter().zip(&self.askers) {
            if plan.is_certain && !asker.question.asks_columns() {
                let segment = &asker.layer.segment;
                alone_count += plan.set.count_within(segment.alone());
                most_firsts = most_firsts.max(plan.set.count_within(segment.firsts()));
            }
        }
        alone_count + most_firsts > self.exact_max_count
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
fn all(set: &DocSet<'_>, warm: impl Fn(&[Doc]), mut look: impl FnMut(Doc) -> bool) -> bool {
    let mut buffer = [0; BLOCK_COUNT];
    let mut docs = set.iter_from(0);
    loop {
        let block = docs.next_block(&mut buffer);
        if block.is_empty() {
            return true;
        }
        warm(block);
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
