//! Finds a page by walking every layer in the wanted order: for matches so common that the page is
//! full after few steps.

use std::cell::OnceCell;
use std::collections::HashMap;

use protocol::search::Sort;

use super::kinds::Kind;
use super::{Found, Search};
use crate::catalog::docs::DocSet;
use crate::catalog::layer::Spot;
use crate::catalog::matcher::Scratch;
use crate::catalog::plan::{Asker, Classes, Plan};
use crate::catalog::rank::{Match, Ranking, RowKey};
use crate::catalog::segment::{Doc, Segment};

impl Search<'_> {
    /// The first `wanted_count` rows behind the cursor, in order, among `plans` (one a layer).
    pub fn walk(&self, plans: &[Plan<'_>], wanted_count: usize) -> Vec<Found> {
        let after = self.after.as_ref().map(super::Position::key);
        let mut streams: Vec<Stream<'_>> = self
            .askers
            .iter()
            .zip(plans)
            .map(|(asker, plan)| Stream::new(asker, plan, self.ranking, after))
            .collect();
        let mut best: HashMap<Kind, Spot> = HashMap::new();
        let mut scratch = Scratch::new();
        let mut rows = Vec::with_capacity(wanted_count);
        while rows.len() < wanted_count {
            let heads = streams.iter().enumerate();
            let heads = heads.filter_map(|(number, stream)| Some((number, stream.head?)));
            let first =
                heads.min_by(|(_, left), (_, right)| self.ranking.compare(&left.0, &right.0));
            let Some((number, (key, doc))) = first else {
                break;
            };
            streams[number].advance();
            let spot = Spot { layer: number, doc };
            let is_shown = self.kind(spot).is_none_or(|kind| {
                let best = best.entry(kind);
                *best.or_insert_with(|| self.best(spot, &mut scratch)) == spot
            });
            if is_shown {
                rows.push(Found {
                    spot,
                    class: key.class,
                });
            }
        }
        rows
    }
}

/// The documents of one layer that meet the question, in order.
struct Stream<'s> {
    asker: &'s Asker<'s>,
    plan: &'s Plan<'s>,
    /// Its documents by class, once asked for.
    sets: OnceCell<Classes<'s>>,
    ranking: Ranking,
    after: Option<RowKey<'s>>,
    /// Still to walk, the next one last.
    classes: Vec<Match>,
    class: Match,
    docs: Box<dyn Iterator<Item = Doc> + 's>,
    scratch: Scratch,
    head: Option<(RowKey<'s>, Doc)>,
}

impl<'s> Stream<'s> {
    fn new(
        asker: &'s Asker<'s>,
        plan: &'s Plan<'s>,
        ranking: Ranking,
        after: Option<RowKey<'s>>,
    ) -> Self {
        let mut classes = vec![Match::Whole];
        if asker.question.is_classed {
            classes.extend([Match::Start, Match::WordStart, Match::Inside, Match::Folder]);
        }
        if !ranking.is_reversed {
            classes.reverse();
        }
        if let Some(after) = &after {
            let passed = if ranking.is_reversed {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Less
            };
            classes.retain(|class| class.cmp(&after.class) != passed);
        }
        let mut stream = Self {
            asker,
            plan,
            sets: OnceCell::new(),
            ranking,
            after,
            classes,
            class: Match::Whole,
            docs: Box::new(std::iter::empty()),
            scratch: Scratch::new(),
            head: None,
        };
        stream.advance();
        stream
    }

    /// Finds the next document.
    fn advance(&mut self) {
        let segment = &self.asker.layer.segment;
        loop {
            for doc in &mut self.docs {
                if self.asker.meet(doc, &mut self.scratch) == Some(self.class) {
                    let key = RowKey {
                        class: self.class,
                        ..segment.key(doc, self.ranking.sort)
                    };
                    self.head = Some((key, doc));
                    return;
                }
            }
            let Some(class) = self.classes.pop() else {
                self.head = None;
                return;
            };
            self.class = class;
            let after = self.after.filter(|after| after.class == class);
            // The keys of a segment know no class.
            let after = after.map(|after| RowKey {
                class: Match::Whole,
                ..after
            });
            let set = self.of_class(class);
            self.docs = self.in_order(set, after);
        }
    }

    fn of_class(&self, class: Match) -> DocSet<'s> {
        if class == Match::Folder || !self.asker.question.is_classed {
            return self.plan.set.clone();
        }
        let sets = self.sets.get_or_init(|| self.asker.classes(self.plan));
        sets.of(class).unwrap_or(&self.plan.set).clone()
    }

    /// The documents of `set` behind `after`, in order.
    fn in_order(
        &self,
        set: DocSet<'s>,
        after: Option<RowKey<'s>>,
    ) -> Box<dyn Iterator<Item = Doc> + 's> {
        let segment = &*self.asker.layer.segment;
        let order = Permuted {
            segment,
            sort: self.ranking.sort,
        };
        if self.ranking.is_reversed {
            let backward = Backward::new(order, after);
            return Box::new(backward.filter(move |doc| set.contains(*doc)));
        }
        let start = after.map_or(0, |after| {
            order.partition_point(|key| self.ranking.compare(key, &after).is_le())
        });
        let positions = start..segment.complete_count();
        if segment.order(self.ranking.sort).is_none() {
            // Documents are numbered in this order.
            return Box::new(set.into_docs_from(start));
        }
        Box::new(
            positions
                .map(move |position| order.doc(position))
                .filter(move |doc| set.contains(*doc)),
        )
    }
}

/// The complete documents of a segment in the own direction of a sort.
#[derive(Clone, Copy)]
struct Permuted<'s> {
    segment: &'s Segment,
    sort: Sort,
}

impl<'s> Permuted<'s> {
    fn doc(self, position: u32) -> Doc {
        let order = self.segment.order(self.sort);
        order.map_or(position, |order| order[position as usize])
    }

    fn key(self, position: u32) -> RowKey<'s> {
        self.segment.key(self.doc(position), self.sort)
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
        let ranking = Ranking::own(order.sort);
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
        let ranking = Ranking::own(self.order.sort);
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
