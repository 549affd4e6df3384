//! The documents of one segment in a wanted order, forwards or backwards, from a place on.

use crate::catalog::docs::DocSet;
use crate::catalog::rank::{Ranking, RowKey};
use crate::catalog::segment::{Doc, Segment};

/// So many positions are passed at most before whoever walks is asked whether to go on.
const PASSED_MAX_COUNT: u32 = if cfg!(test) { 2 } else { 1_024 };

/// A step along an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// A document of the set, or the last one of those that were passed.
    pub doc: Doc,
    /// Positions that were passed, that of the document among them.
    pub passed_count: u32,
}

/// The complete documents of a segment in the own direction of a sort.
#[derive(Clone, Copy)]
pub struct Permuted<'s> {
    segment: &'s Segment,
    ranking: Ranking,
}

impl<'s> Permuted<'s> {
    /// Of `segment`, by the sort of `ranking`.
    pub const fn new(segment: &'s Segment, ranking: Ranking) -> Self {
        Self { segment, ranking }
    }

    /// All documents of `set` behind `after` in the order of the ranking, and some others.
    pub fn behind(
        self,
        set: &'s DocSet<'_>,
        after: Option<RowKey<'s>>,
    ) -> Box<dyn Iterator<Item = Step> + 's> {
        if self.ranking.is_reversed {
            return Box::new(Backward::new(self, set, after));
        }
        let start = after.map_or(0, |after| {
            self.partition_point(|key| self.ranking.compare(key, &after).is_le())
        });
        match self.segment.order(self.ranking.sort) {
            // Documents are numbered in this order.
            None => Box::new(set.iter_from(start).map(|doc| Step {
                doc,
                passed_count: 1,
            })),
            Some(order) => Box::new(Forward {
                rest: &order[start as usize..],
                set,
            }),
        }
    }

    fn doc(self, position: u32) -> Doc {
        let order = self.segment.order(self.ranking.sort);
        order.map_or(position, |order| order[position as usize])
    }

    fn key(self, position: u32) -> RowKey<'s> {
        self.segment.key(self.doc(position), self.ranking.sort)
    }

    /// How many positions at the start fulfil `is_before`.
    fn partition_point(self, is_before: impl Fn(&RowKey<'s>) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.segment.complete_count());
        while low < high {
            let middle = low.midpoint(high);
            if is_before(&self.key(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// A sort in its own direction.
struct Forward<'s> {
    rest: &'s [Doc],
    set: &'s DocSet<'s>,
}

impl Iterator for Forward<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let near = &self.rest[..self.rest.len().min(PASSED_MAX_COUNT as usize)];
        let found = near.iter().position(|doc| self.set.contains(*doc));
        let index = found.unwrap_or(near.len().checked_sub(1)?);
        self.rest = &self.rest[index + 1..];
        Some(Step {
            doc: near[index],
            passed_count: u32::try_from(index + 1).unwrap_or(PASSED_MAX_COUNT),
        })
    }
}

/// A sort against its own direction: runs of rows of one value from the last to the first, each run
/// in its own direction, since name and id always break ties in one direction.
struct Backward<'s> {
    order: Permuted<'s>,
    set: &'s DocSet<'s>,
    run: std::ops::Range<u32>,
    /// Positions behind the run that hold nothing of the set, not told yet.
    skipped_count: u32,
    /// Positions before this one are still to come, behind the run.
    end: u32,
}

impl<'s> Backward<'s> {
    fn new(order: Permuted<'s>, set: &'s DocSet<'_>, after: Option<RowKey<'s>>) -> Self {
        let Some(after) = after else {
            let end = order.segment.complete_count();
            return Self {
                order,
                set,
                run: end..end,
                skipped_count: 0,
                end,
            };
        };
        let ranking = order.ranking.forwards();
        let by_value = |key: &RowKey<'_>| ranking.compare_values(key, &after);
        let end = order.partition_point(|key| by_value(key).is_lt());
        let run_end = order.partition_point(|key| by_value(key).is_le());
        let start = order.partition_point(|key| {
            let order = by_value(key).then_with(|| ranking.compare_ties(key, &after));
            order.is_le()
        });
        Self {
            order,
            set,
            run: start.clamp(end, run_end)..run_end,
            skipped_count: 0,
            end,
        }
    }

    /// Where the run that ends at `end` starts.
    fn start_of_run(&self, end: u32) -> u32 {
        let ranking = self.order.ranking.forwards();
        let last = self.order.key(end - 1);
        let is_before = |position: u32| {
            ranking
                .compare_values(&self.order.key(position), &last)
                .is_lt()
        };
        let (mut high, mut step) = (end - 1, 1);
        // Steps that double, then halves: most runs are short.
        let mut low = loop {
            let probe = high.saturating_sub(step);
            if probe == high || is_before(probe) {
                break probe;
            }
            (high, step) = (probe, step * 2);
        };
        while low < high {
            let middle = low.midpoint(high);
            if is_before(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

impl Backward<'_> {
    fn is_wanted(&self, position: u32) -> bool {
        self.set.contains(self.order.doc(position))
    }

    /// Goes on to the run of the last position before `end` that is wanted, or of one at which to
    /// ask whether to go on; keys are read of no other.
    fn start_run(&mut self) {
        let low = self.end.saturating_sub(PASSED_MAX_COUNT);
        let wanted = (low..self.end).rev().find(|at| self.is_wanted(*at));
        let run_end = wanted.unwrap_or(low) + 1;
        let start = self.start_of_run(run_end);
        self.skipped_count = self.end - run_end;
        self.run = start..run_end;
        self.end = start;
    }
}

impl Iterator for Backward<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.run.is_empty() {
            if self.end == 0 {
                return None;
            }
            self.start_run();
        }
        let start = self.run.start;
        let end = self.run.end.min(start + PASSED_MAX_COUNT);
        let wanted = (start..end).find(|at| self.is_wanted(*at));
        let position = wanted.unwrap_or(end - 1);
        self.run.start = position + 1;
        Some(Step {
            doc: self.order.doc(position),
            passed_count: position + 1 - start + std::mem::take(&mut self.skipped_count),
        })
    }
}
