//! The documents of one segment in a wanted order, forwards or backwards, from a place on.

use crate::catalog::docs::DocSet;
use crate::catalog::rank::{Ranking, RowKey};
use crate::catalog::segment::{Doc, Segment};

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

    /// Documents behind `after` in the order of the ranking, all of `set` among them.
    pub fn behind(
        self,
        set: &'s DocSet<'_>,
        after: Option<RowKey<'s>>,
    ) -> Box<dyn Iterator<Item = Doc> + 's> {
        if self.ranking.is_reversed {
            return Box::new(Backward::new(self, after));
        }
        let start = after.map_or(0, |after| {
            self.partition_point(|key| self.ranking.compare(key, &after).is_le())
        });
        if self.segment.order(self.ranking.sort).is_none() {
            // Documents are numbered in this order.
            return Box::new(set.iter_from(start));
        }
        let positions = start..self.segment.complete_count();
        Box::new(positions.map(move |position| self.doc(position)))
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

/// A sort against its own direction: runs of rows of one value from the last to the first, each run
/// in its own direction, since name and id always break ties in one direction.
struct Backward<'s> {
    order: Permuted<'s>,
    run: std::ops::Range<u32>,
    /// Positions before this one are still to come, behind the run.
    end: u32,
}

impl<'s> Backward<'s> {
    fn new(order: Permuted<'s>, after: Option<RowKey<'s>>) -> Self {
        let Some(after) = after else {
            let end = order.segment.complete_count();
            return Self {
                order,
                run: end..end,
                end,
            };
        };
        let ranking = Ranking::own(order.ranking.sort);
        let by_value = |key: &RowKey<'_>| ranking.compare_values(key, &after);
        let end = order.partition_point(|key| by_value(key).is_lt());
        let run_end = order.partition_point(|key| by_value(key).is_le());
        let start = order.partition_point(|key| {
            let order = by_value(key).then_with(|| ranking.compare_ties(key, &after));
            order.is_le()
        });
        Self {
            order,
            run: start.clamp(end, run_end)..run_end,
            end,
        }
    }

    /// Where the run that ends at `end` starts.
    fn start_of_run(&self, end: u32) -> u32 {
        let ranking = Ranking::own(self.order.ranking.sort);
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

impl Iterator for Backward<'_> {
    type Item = Doc;

    fn next(&mut self) -> Option<Doc> {
        if self.run.is_empty() {
            if self.end == 0 {
                return None;
            }
            let start = self.start_of_run(self.end);
            self.run = start..self.end;
            self.end = start;
        }
        self.run.next().map(|position| self.order.doc(position))
    }
}
