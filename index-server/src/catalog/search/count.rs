//! Counts the rows that meet the question, up to the number that totals are exact for; where they
//! are few, keeps them to pick the page from.

use hashbrown::hash_map::Entry;
use rustc_hash::FxBuildHasher;

use super::kinds::{Kind, Seen};
use super::{Found, Search};
use crate::catalog::layer::Spot;
use crate::catalog::plan::Plan;
use crate::catalog::rank::Match;
use crate::catalog::segment::Doc;
use protocol::search::Sort;

/// Of so many documents each is looked at rather than the page be found by walking the order of
/// relevance; tests walk nearly always.
const LOOKED_AT_MAX_COUNT: u64 = if cfg!(test) { 2 } else { 512 };

/// The same for other orders, in which few documents lie far apart, and the rows that are kept to
/// pick from: beyond, their keys cost more to read than the walk.
const PICKED_MAX_COUNT: usize = if cfg!(test) { 4 } else { 2_000 };

/// Steps to find out whether a row is of a kind that was met already.
const KIND_STEPS: u64 = 10;

/// What a count found.
#[derive(Debug)]
pub struct Counted {
    /// All rows; none where there are too many to pick from.
    pub rows: Option<Vec<Found>>,
    /// So many rows at least.
    pub total: u64,
    /// Whether these are all.
    pub is_exact: bool,
    /// Whether the budget ended before they were more than totals are exact for.
    pub is_cut: bool,
    /// By layer: the documents that meet the question, where all of its plan were looked at.
    pub met: Vec<Option<Vec<Doc>>>,
}

impl Search<'_> {
    /// Counts rows, one a kind, among `plans` (one a layer).
    pub fn count(&self, plans: &[Plan<'_>]) -> Counted {
        let sure_count = self.sure_count(plans);
        if sure_count > self.exact_max_count {
            return Counted::without_rows(sure_count, false, false);
        }
        let few_count = match self.params.sort {
            Sort::Relevance => LOOKED_AT_MAX_COUNT,
            _ => PICKED_MAX_COUNT as u64,
        };
        let told = plans.iter().filter(|plan| plan.is_certain);
        let told_count: u64 = told.map(|plan| plan.set.len()).sum();
        if told_count > few_count {
            self.tally(plans)
        } else {
            self.collect(plans)
        }
    }

    /// So many rows at least, told by postings alone: documents that are alone of their content are
    /// each a row, and so is one of each other content of a segment (of one segment, since others
    /// may hold the same contents).
    fn sure_count(&self, plans: &[Plan<'_>]) -> u64 {
        let max = self.exact_max_count;
        let pairs = plans.iter().zip(&self.askers);
        let told = pairs.filter(|(plan, _)| plan.is_certain && !plan.asks_columns);
        let mut alone_count = 0;
        for (plan, asker) in told.clone() {
            alone_count += plan.set.count_within(asker.layer.segment.alone(), max);
            if alone_count > max {
                return alone_count;
            }
        }
        let firsts = told.map(|(plan, asker)| {
            let firsts = asker.layer.segment.firsts();
            plan.set.count_within(firsts, max)
        });
        alone_count + firsts.max().unwrap_or_default()
    }

    /// Counts rows and keeps none; reads no text of documents that meet the question, the columns
    /// aside.
    fn tally(&self, plans: &[Plan<'_>]) -> Counted {
        let across = self.across(plans);
        let mut seen = Seen::none(self);
        let (mut total, mut met) = (0, Vec::new());
        let mut is_exact = true;
        for (layer, (plan, asker)) in plans.iter().zip(&self.askers).enumerate() {
            let segment = &asker.layer.segment;
            if plan.is_certain && !plan.asks_columns {
                total += plan.set.count_within(segment.alone(), self.exact_max_count);
            }
            let mut count = |doc: Doc| {
                let kind = self.kind(Spot { layer, doc });
                total += u64::from(kind.is_none_or(|kind| seen.insert(kind)));
                total <= self.exact_max_count
            };
            is_exact = if plan.is_certain {
                met.push(None);
                let rest = plan.set.borrowed();
                let rest = if plan.asks_columns {
                    rest
                } else {
                    rest.without_bits(segment.alone())
                };
                self.each_told(asker, plan, &rest, count)
            } else {
                let mut docs = Vec::new();
                let is_whole = self.each_met(asker, plan, across.as_ref(), |doc, _| {
                    docs.push(doc);
                    count(doc)
                });
                met.push(is_whole.then_some(docs));
                is_whole
            };
            is_exact &= total <= self.exact_max_count;
            if !is_exact {
                break;
            }
        }
        let is_cut = !is_exact && total <= self.exact_max_count;
        Counted {
            met,
            ..Counted::without_rows(total, is_exact, is_cut)
        }
    }

    /// Looks at each document and keeps the rows, until they are too many.
    fn collect(&self, plans: &[Plan<'_>]) -> Counted {
        let across = self.across(plans);
        let mut rows = Rows::default();
        let mut met = Vec::new();
        let mut is_exact = true;
        for (layer, (plan, asker)) in plans.iter().zip(&self.askers).enumerate() {
            let mut docs = Vec::new();
            let mut add = |doc: Doc, class: Match| {
                docs.push(doc);
                self.add(&mut rows, Found::new(Spot { layer, doc }, class));
                rows.count <= self.exact_max_count
            };
            is_exact = if plan.is_certain && !asker.question.is_classed {
                self.each_told(asker, plan, &plan.set, |doc| add(doc, Match::Whole))
            } else {
                self.each_met(asker, plan, across.as_ref(), add)
            };
            met.push(is_exact.then_some(docs));
            if !is_exact {
                break;
            }
        }
        let is_kept = is_exact && rows.found.len() as u64 == rows.count;
        Counted {
            total: rows.count,
            rows: is_kept.then_some(rows.found),
            met,
            is_exact,
            is_cut: !is_exact && rows.count <= self.exact_max_count,
        }
    }

    fn add(&self, rows: &mut Rows, found: Found) {
        let is_kept = rows.found.len() < PICKED_MAX_COUNT;
        let kind = self.kind(found.spot);
        self.budget.spend(KIND_STEPS);
        let index = rows.found.len();
        match kind.map(|kind| rows.by_kind.entry(kind)) {
            Some(Entry::Occupied(taken)) => {
                if let Some(best) = rows.found.get_mut(*taken.get())
                    && self.is_better(best, &found)
                {
                    *best = found;
                }
                return;
            }
            Some(Entry::Vacant(free)) => {
                free.insert(if is_kept { index } else { usize::MAX });
            }
            None => {}
        }
        rows.count += 1;
        if is_kept {
            rows.found.push(found);
        }
    }
}

impl Counted {
    fn without_rows(total: u64, is_exact: bool, is_cut: bool) -> Self {
        Self {
            rows: None,
            met: Vec::new(),
            total,
            is_exact,
            is_cut,
        }
    }
}

#[derive(Debug, Default)]
struct Rows {
    /// The first of them.
    found: Vec<Found>,
    /// Where in `found` each kind stands.
    by_kind: hashbrown::HashMap<Kind, usize, FxBuildHasher>,
    count: u64,
}
