//! Finds a page by walking every layer in the wanted order: for matches so common that the page is
//! full after few steps.

mod ahead;
mod order;

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use super::kinds::Kind;
use super::{Found, Position, Search};
use crate::catalog::docs::DocSet;
use crate::catalog::layer::Spot;
use crate::catalog::matcher::Scratch;
use crate::catalog::plan::{Classes, Plan};
use crate::catalog::rank::{Match, Ranking, RowKey};
use crate::catalog::segment::Doc;
use ahead::Ahead;
use order::{Permuted, Step};

/// Steps to go to the next document of an order, and to one of the order backwards.
const FORWARD_STEPS: u64 = 1;
const BACKWARD_STEPS: u64 = 20;
/// So many positions that hold nothing of the set are passed in one step.
const PASSED_SHARE: u64 = 8;
/// So many documents of a layer are a step of making the sets of a class.
const SET_SHARE: u64 = 300;
/// Steps more to look at a document in another order than that of the numbers.
const SCATTERED_STEPS: u64 = 15;

impl Search<'_> {
    /// The first `wanted_count` rows behind the cursor, in order, among `plans` (one a layer);
    /// fewer, and the position up to which there are no others, where the budget ends before.
    pub fn walk(&self, plans: &[Plan<'_>], wanted_count: usize) -> (Vec<Found>, Option<Position>) {
        let after = self.after.as_ref().map(Position::key);
        let pairs = self.askers.iter().zip(plans);
        let classes: Vec<_> = pairs
            .map(|(asker, plan)| Classes::new(asker, plan))
            .collect();
        let mut page = Page::default();
        for class in self.classes(after.as_ref()) {
            let sets: Vec<_> = classes.iter().map(|all| self.set(all, class)).collect();
            let is_alone = sets.len() == 1;
            let mut streams: Vec<Stream<'_, '_, '_>> = (sets.iter().zip(&classes).enumerate())
                .map(|(layer, (set, classes))| Stream {
                    is_alone,
                    ..Stream::new(layer, set, classes, class, self.ranking, after)
                })
                .collect();
            for stream in &mut streams {
                self.advance(stream, &page);
            }
            let reached = self.walk_class(&mut streams, &classes, wanted_count, &mut page);
            if reached.is_some() || page.rows.len() >= wanted_count {
                return (page.rows, reached);
            }
        }
        (page.rows, None)
    }

    /// The documents of a layer that may be of `class`, in a form that is quick to ask.
    fn set<'c>(&self, classes: &'c Classes<'_, '_>, class: Match) -> DocSet<'c> {
        let asker = classes.asker();
        let set = if asker.question.is_classed {
            classes.only(class)
        } else {
            classes.plan().set.borrowed()
        };
        let segment = &asker.layer.segment;
        self.budget
            .spend(u64::from(segment.complete_count()) / SET_SHARE);
        if self.ranking.is_reversed || segment.order(self.ranking.sort).is_some() {
            DocSet::Bits(set.into_bits(segment.complete_count()))
        } else {
            set
        }
    }

    /// Finds the next document of a stream that may be a row.
    fn advance(&self, stream: &mut Stream<'_, '_, '_>, page: &Page) {
        let layer = stream.layer;
        // Of those alike that are not shown, the key is not worth reading.
        let is_passed = |doc: Doc| {
            let spot = Spot { layer, doc };
            let best = self.kind(spot).and_then(|kind| page.best.get(&kind));
            best.is_some_and(|(best, _)| *best != spot)
        };
        stream.advance(is_passed);
    }

    /// The classes that rows behind the cursor may have, in order.
    fn classes(&self, after: Option<&RowKey<'_>>) -> Vec<Match> {
        let is_classed = (self.askers.first()).is_some_and(|asker| asker.question.is_classed);
        let mut classes = if is_classed {
            Match::ALL.to_vec()
        } else {
            vec![Match::Whole]
        };
        if self.ranking.is_reversed {
            classes.reverse();
        }
        let start = after.and_then(|after| classes.iter().position(|own| *own == after.class));
        classes.split_off(start.unwrap_or_default())
    }

    /// Goes on until the page is full or no stream has more of its class. Where the budget ends
    /// before: the position up to which all is on the page.
    fn walk_class(
        &self,
        streams: &mut [Stream<'_, '_, '_>],
        classes: &[Classes<'_, '_>],
        wanted_count: usize,
        page: &mut Page,
    ) -> Option<Position> {
        while page.rows.len() < wanted_count {
            let (number, head) = self.first_head(streams)?;
            let stream = &streams[number];
            if !head.is_met {
                return Some(Position::of(&stream.key(head.doc)));
            }
            let spot = Spot {
                layer: number,
                doc: head.doc,
            };
            let mut row = Found::new(spot, stream.class);
            let is_shown = match self.kind(spot) {
                None => true,
                Some(kind) => {
                    let best = self.best_of(kind, classes, row, page);
                    row.sources = best.map(|(_, sources)| sources);
                    best.is_some_and(|(best, _)| best == spot)
                }
            };
            if is_shown {
                page.rows.push(row);
            }
            self.advance(&mut streams[number], page);
        }
        None
    }

    /// Which document of a kind is shown, found out once; `row` is one of the kind.
    fn best_of(
        &self,
        kind: Kind,
        classes: &[Classes<'_, '_>],
        row: Found,
        page: &mut Page,
    ) -> Option<(Spot, u64)> {
        if let Some(best) = page.best.get(&kind) {
            return Some(*best);
        }
        let best = self.best(classes, row.spot, row.class, &mut page.scratch)?;
        page.best.insert(kind, best);
        Some(best)
    }

    /// The first head of all, and of which stream it is.
    fn first_head<'s>(&self, streams: &[Stream<'s, '_, '_>]) -> Option<(usize, Head<'s>)> {
        let heads = streams.iter().enumerate();
        let heads = heads.filter_map(|(number, stream)| Some((number, stream.head?)));
        // The end of one stream may be a dead document of a record that lives on in another, in
        // the same place: that row comes before the end.
        heads.min_by(|(_, left), (_, right)| {
            let keys = left.key.as_ref().zip(right.key.as_ref());
            let by_key = keys.map(|(left, right)| self.ranking.compare(left, right));
            by_key
                .unwrap_or(Ordering::Equal)
                .then_with(|| right.is_met.cmp(&left.is_met))
        })
    }
}

/// Rows found so far, and the documents that stand for their kinds.
#[derive(Default)]
struct Page {
    rows: Vec<Found>,
    best: FxHashMap<Kind, (Spot, u64)>,
    scratch: Scratch,
}

/// Where a stream is.
#[derive(Clone, Copy)]
struct Head<'s> {
    doc: Doc,
    /// Whether it meets the question; otherwise the budget ended there.
    is_met: bool,
    /// Its place, where there are other streams to compare it with.
    key: Option<RowKey<'s>>,
}

/// The documents of one layer that meet the question in one class, in order.
struct Stream<'s, 'c, 'v> {
    layer: usize,
    set: &'s DocSet<'s>,
    classes: &'s Classes<'c, 'v>,
    class: Match,
    ranking: Ranking,
    /// Whether there is no other.
    is_alone: bool,
    /// All of the set, and others.
    docs: Ahead<'s>,
    /// Steps to pass one document, and to look at one.
    steps: (u64, u64),
    scratch: Scratch,
    /// None where there are no more documents.
    head: Option<Head<'s>>,
    /// The document that was looked at last.
    last: Option<Doc>,
}

impl<'s, 'c: 's, 'v: 'c> Stream<'s, 'c, 'v> {
    /// Before the first of those of `class`, which all are in `set`, behind `after`.
    fn new(
        layer: usize,
        set: &'s DocSet<'s>,
        classes: &'s Classes<'c, 'v>,
        class: Match,
        ranking: Ranking,
        after: Option<RowKey<'s>>,
    ) -> Self {
        let after = after.filter(|after| after.class == class);
        // The keys of a segment know no class.
        let after = after.map(|after| RowKey {
            class: Match::Whole,
            ..after
        });
        let segment = &classes.asker().layer.segment;
        let on = if ranking.is_reversed {
            BACKWARD_STEPS
        } else {
            FORWARD_STEPS
        };
        let look = if segment.order(ranking.sort).is_some() {
            SCATTERED_STEPS
        } else {
            0
        };
        Self {
            layer,
            set,
            classes,
            class,
            ranking,
            is_alone: false,
            docs: Ahead::new(
                segment,
                Permuted::new(segment, ranking).behind(set, after),
                !classes.plan().is_certain,
            ),
            steps: (on, look),
            scratch: Scratch::new(),
            head: None,
            last: None,
        }
    }

    /// Finds the next document but those that are passed over. Goes on by one at least, and past
    /// documents that have the same place (names of one record), although the budget is at its end.
    fn advance(&mut self, is_passed: impl Fn(Doc) -> bool) {
        let budget = self.classes.asker().budget;
        self.head = None;
        while let Some(Step { doc, passed_count }) = self.docs.peek(&is_passed) {
            if let Some(last) = self.last.filter(|_| budget.is_spent())
                && self
                    .ranking
                    .compare(&self.key(last), &self.key(doc))
                    .is_ne()
            {
                self.head = Some(self.head_at(last, false));
                return;
            }
            self.docs.pass();
            self.last = Some(doc);
            budget.spend(self.steps.0 + u64::from(passed_count - 1) / PASSED_SHARE);
            if !self.set.contains(doc) {
                continue;
            }
            budget.spend(self.steps.1);
            if !is_passed(doc) && self.is_of_class(doc) {
                self.head = Some(self.head_at(doc, true));
                return;
            }
        }
    }

    fn head_at(&self, doc: Doc, is_met: bool) -> Head<'s> {
        Head {
            doc,
            is_met,
            key: (!self.is_alone).then(|| self.key(doc)),
        }
    }

    fn is_of_class(&mut self, doc: Doc) -> bool {
        let asker = self.classes.asker();
        let is_told = if asker.question.is_classed {
            self.classes.is_told(self.class, doc)
        } else {
            self.classes.plan().is_certain
        };
        if is_told {
            self.classes.plan().is_met_by_columns(asker, doc)
        } else {
            let class = if asker.question.is_classed {
                self.classes.look(doc, &mut self.scratch)
            } else {
                asker.meet(doc, &mut self.scratch)
            };
            class == Some(self.class)
        }
    }

    fn key(&self, doc: Doc) -> RowKey<'s> {
        let segment = &self.classes.asker().layer.segment;
        RowKey {
            class: self.class,
            ..segment.key(doc, self.ranking.sort)
        }
    }
}
