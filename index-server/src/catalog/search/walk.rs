//! Finds a page by walking every layer in the wanted order: for matches so common that the page is
//! full after few steps.

use protocol::search::Sort;
use rustc_hash::FxHashMap;

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
        let mut streams: Vec<Stream<'_, '_>> = self
            .askers
            .iter()
            .zip(plans)
            .enumerate()
            .map(|(layer, (asker, plan))| Stream::new(layer, asker, plan, self.ranking, after))
            .collect();
        let mut page = Page::default();
        for class in self.classes(after.as_ref()) {
            for stream in &mut streams {
                stream.enter(class);
                self.advance(stream, &page);
            }
            self.walk_class(&mut streams, plans, wanted_count, &mut page);
            if page.rows.len() >= wanted_count {
                break;
            }
        }
        page.rows
    }

    /// The classes that rows behind the cursor may have, in order.
    fn classes(&self, after: Option<&RowKey<'_>>) -> Vec<Match> {
        let mut classes = vec![Match::Whole];
        let is_classed = (self.askers.first()).is_some_and(|asker| asker.question.is_classed);
        if is_classed {
            classes.extend([Match::Start, Match::WordStart, Match::Inside, Match::Folder]);
        }
        if self.ranking.is_reversed {
            classes.reverse();
        }
        let start = after.and_then(|after| classes.iter().position(|own| *own == after.class));
        classes.split_off(start.unwrap_or_default())
    }

    /// Goes on until the page is full or no stream has more of its class.
    fn walk_class(
        &self,
        streams: &mut [Stream<'_, '_>],
        plans: &[Plan<'_>],
        wanted_count: usize,
        page: &mut Page,
    ) {
        while page.rows.len() < wanted_count {
            let heads = streams.iter().enumerate();
            let heads = heads.filter_map(|(number, stream)| Some((number, stream.head?)));
            let first =
                heads.min_by(|(_, left), (_, right)| self.ranking.compare(&left.0, &right.0));
            let Some((number, (key, doc))) = first else {
                return;
            };
            let spot = Spot { layer: number, doc };
            let mut row = Found::new(spot, key.class);
            let kind = self.kind(spot);
            let best = kind.map(|kind| {
                let best = page.best.entry(kind);
                let scratch = &mut page.scratch;
                *best.or_insert_with(|| self.best(plans, spot, scratch))
            });
            row.sources = best.map(|(_, sources)| sources);
            if best.is_none_or(|(best, _)| best == spot) {
                page.rows.push(row);
            }
            self.advance(&mut streams[number], page);
        }
    }

    /// Finds the next document of a stream that may be a row.
    fn advance(&self, stream: &mut Stream<'_, '_>, page: &Page) {
        let layer = stream.layer;
        // Of those alike that are not shown, the key is not worth reading.
        let is_passed = |doc: Doc| {
            let spot = Spot { layer, doc };
            let best = self.kind(spot).and_then(|kind| page.best.get(&kind));
            best.is_some_and(|(best, _)| *best != spot)
        };
        stream.advance(is_passed);
    }
}

/// Rows found so far, and the documents that stand for their kinds.
#[derive(Default)]
struct Page {
    rows: Vec<Found>,
    best: FxHashMap<Kind, (Spot, u64)>,
    scratch: Scratch,
}

/// The documents of one layer that meet the question in one class, in order.
struct Stream<'s, 'v> {
    layer: usize,
    asker: &'s Asker<'v>,
    plan: &'s Plan<'v>,
    classes: Classes<'s, 'v>,
    ranking: Ranking,
    after: Option<RowKey<'s>>,
    class: Match,
    docs: Box<dyn Iterator<Item = Doc> + 's>,
    scratch: Scratch,
    head: Option<(RowKey<'s>, Doc)>,
}

impl<'s, 'v: 's> Stream<'s, 'v> {
    fn new(
        layer: usize,
        asker: &'s Asker<'v>,
        plan: &'s Plan<'v>,
        ranking: Ranking,
        after: Option<RowKey<'s>>,
    ) -> Self {
        Self {
            layer,
            asker,
            plan,
            classes: Classes::new(asker, plan),
            ranking,
            after,
            class: Match::Whole,
            docs: Box::new(std::iter::empty()),
            scratch: Scratch::new(),
            head: None,
        }
    }

    /// Starts with the documents of `class`.
    fn enter(&mut self, class: Match) {
        self.class = class;
        let after = self.after.filter(|after| after.class == class);
        // The keys of a segment know no class.
        let after = after.map(|after| RowKey {
            class: Match::Whole,
            ..after
        });
        let set = if self.asker.question.is_classed {
            self.classes.only(class)
        } else {
            self.plan.set.clone()
        };
        self.docs = self.in_order(set, after);
        self.head = None;
    }

    /// Finds the next document but those that are passed over.
    fn advance(&mut self, is_passed: impl Fn(Doc) -> bool) {
        let segment = &self.asker.layer.segment;
        self.head = None;
        while let Some(doc) = self.docs.next() {
            if !is_passed(doc) && self.is_of_class(doc) {
                let key = RowKey {
                    class: self.class,
                    ..segment.key(doc, self.ranking.sort)
                };
                self.head = Some((key, doc));
                return;
            }
        }
    }

    fn is_of_class(&mut self, doc: Doc) -> bool {
        let is_told = if self.asker.question.is_classed {
            self.classes.is_told(self.class, doc)
        } else {
            self.plan.is_certain
        };
        if is_told {
            self.asker.is_met_by_columns(doc)
        } else {
            self.asker.meet(doc, &mut self.scratch) == Some(self.class)
        }
    }

    /// The documents of `set` behind `after`, in order.
    fn in_order(
        &self,
        set: DocSet<'v>,
        after: Option<RowKey<'s>>,
    ) -> Box<dyn Iterator<Item = Doc> + 's> {
        let segment = &*self.asker.layer.segment;
        let order = Permuted {
            segment,
            sort: self.ranking.sort,
        };
        if self.ranking.is_reversed {
            let backward = Backward::new(order, after);
            let set = set.into_bits(segment.complete_count());
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
        let set = set.into_bits(segment.complete_count());
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
