//! Search: a question over a view gives a page.
//!
//! First all that may meet the question are counted, until they are more than a total is exact for
//! ([`count`]). Where they are few, the page is picked from them; otherwise it is found by walking
//! the wanted order ([`walk`]).
//!
//! All of it takes from one [`Budget`]. Where that ends, the page ends: what stands on it is right
//! and complete up to there, and its position is where a next page goes on, so that all pages
//! together hold every row however small the budget is.

mod count;
mod kinds;
mod meet;
mod walk;

use std::collections::BTreeMap;

use protocol::limits::SEARCH_EXACT_TOTAL_MAX_COUNT;
use protocol::query::Query;
use protocol::search::{SearchParams, Sort};

use super::budget::Budget;
use super::cursor::{Position, SearchCursor};
use super::layer::Spot;
use super::matcher::Question;
use super::plan::{Asker, Plan};
use super::rank::{Match, Ranking, RowKey};
use super::segment::Doc;
use super::view::CatalogView;
use super::{CursorError, SearchPage, cursor};

/// A document that meets the question.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Where it is.
    pub spot: Spot,
    /// How it meets it.
    pub class: Match,
    /// Online holders of its content, where they were counted.
    pub sources: Option<u64>,
}

impl Found {
    fn new(spot: Spot, class: Match) -> Self {
        Self {
            spot,
            class,
            sources: None,
        }
    }
}

/// How thorough a search is.
#[derive(Debug, Clone, Copy)]
pub struct Effort<'b> {
    /// With more rows than this the total is a lower bound.
    pub exact_max_count: u64,
    /// What it may take.
    pub budget: &'b Budget,
}

impl<'b> Effort<'b> {
    /// As whoever asks may expect it.
    pub const fn usual(budget: &'b Budget) -> Self {
        Self {
            exact_max_count: SEARCH_EXACT_TOTAL_MAX_COUNT,
            budget,
        }
    }
}

/// A row that was found, in few bytes: pages of them are remembered.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    doc: Doc,
    layer: u32,
    sources: u32,
}

impl Shown {
    fn new(spot: Spot, sources: u64) -> Self {
        Self {
            doc: spot.doc,
            // There are some dozen layers, and fewer peers than this counts.
            layer: u32::try_from(spot.layer).unwrap_or(u32::MAX),
            sources: u32::try_from(sources).unwrap_or(u32::MAX),
        }
    }

    /// Where it is.
    pub const fn spot(self) -> Spot {
        Spot {
            layer: self.layer as usize,
            doc: self.doc,
        }
    }

    /// Online holders of its content.
    pub fn sources(self) -> u64 {
        self.sources.into()
    }
}

/// What a search found.
#[derive(Debug)]
pub struct Outcome {
    /// In order.
    rows: Box<[Shown]>,
    /// At least so many rows in all.
    pub total: u64,
    total_is_exact: bool,
    is_cut: bool,
    next: Option<Position>,
}

impl Outcome {
    /// Whether there is nothing to be found, and that is certain.
    pub const fn is_surely_empty(&self) -> bool {
        self.total == 0 && self.total_is_exact
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        let next = self.next.as_ref().map_or(0, Position::bytes);
        size_of_val(&*self.rows) + next
    }

    /// As the page of `view` that `params` ask for, whose query was `corrected` or was not, found in
    /// `steps`.
    pub fn page<'v>(
        &self,
        view: &'v CatalogView,
        params: &SearchParams,
        corrected: Option<&str>,
        steps: u64,
    ) -> SearchPage<'v> {
        let asked = cursor::of_search(params);
        let seal = |position: &Position| {
            let cursor = SearchCursor {
                position: position.clone(),
                corrected: corrected.map(str::to_owned),
            };
            cursor::seal(asked, &cursor)
        };
        SearchPage {
            hits: view.hits(&self.rows),
            total: self.total,
            total_is_exact: self.total_is_exact,
            is_cut: self.is_cut,
            steps,
            next_cursor: self.next.as_ref().map(seal),
            corrected: corrected.map(str::to_owned),
        }
    }
}

/// The cursor in `params`.
///
/// # Errors
/// [`CursorError`] for one of another search.
pub fn cursor(params: &SearchParams) -> Result<Option<SearchCursor>, CursorError> {
    let text = params.cursor.as_deref();
    let open = |text| cursor::open(cursor::of_search(params), text);
    text.map(open).transpose()
}

/// A search under way.
#[derive(Debug)]
pub struct Search<'v> {
    view: &'v CatalogView,
    exact_max_count: u64,
    budget: &'v Budget,
    params: &'v SearchParams,
    ranking: Ranking,
    after: Option<Position>,
    /// One for each layer of the view.
    askers: Vec<Asker<'v>>,
}

/// What `query` finds behind `after`; the texts and the cursor in `params` are not looked at.
pub fn find(
    view: &CatalogView,
    query: &Query,
    params: &SearchParams,
    after: Option<Position>,
    effort: Effort<'_>,
) -> Outcome {
    let Effort {
        exact_max_count,
        budget,
    } = effort;
    let question = Question::new(query, params, &view.owners);
    let layers = view.layers.iter();
    let search = Search {
        view,
        exact_max_count,
        budget,
        params,
        ranking: Ranking::of(params),
        after,
        askers: layers
            .map(|layer| Asker::new(&question, layer, &view.owners, budget))
            .collect(),
    };
    search.outcome()
}

impl<'v> Search<'v> {
    fn outcome(&self) -> Outcome {
        let steps = self.budget.left();
        self.budget.keep(steps / 10 * 7);
        let mut plans: Vec<_> = self.askers.iter().map(Asker::plan).collect();
        self.budget.keep(steps / 10 * 4);
        let counted = self.count(&plans);
        self.budget.keep(0);
        for (plan, met) in plans.iter_mut().zip(counted.met) {
            if let Some(met) = met {
                *plan = Plan::of_met(met);
            }
        }
        // One more than the page tells whether there is a next one.
        let wanted_count = self.params.limit + 1;
        let (mut rows, reached) = match counted.rows {
            Some(rows) => (self.pick(rows, wanted_count), None),
            None => self.walk(&plans, wanted_count),
        };
        let has_more = rows.len() > self.params.limit;
        // What the count did not get to the end of, the walk may have.
        let are_all = self.after.is_none() && !has_more && reached.is_none();
        let is_counted_short = counted.is_cut && !are_all;
        let total = if counted.is_cut {
            counted.total.max(rows.len() as u64)
        } else {
            (counted.total).min(self.exact_max_count.saturating_add(1))
        };
        rows.truncate(self.params.limit);
        let last = rows.last().filter(|_| has_more);
        self.warm(&rows);
        Outcome {
            rows: rows.iter().map(|row| self.counted(row)).collect(),
            total,
            total_is_exact: counted.is_exact || counted.is_cut && are_all,
            is_cut: is_counted_short || !has_more && reached.is_some(),
            next: last.map(|last| Position::of(&self.key(last))).or(reached),
        }
    }

    /// The first `wanted_count` of `rows` behind the cursor, in order.
    fn pick(&self, rows: Vec<Found>, wanted_count: usize) -> Vec<Found> {
        let rows = if self.ranking.is_own(Sort::Relevance) {
            self.first_of_each_layer(rows, wanted_count)
        } else {
            rows
        };
        let mut keyed: Vec<(RowKey<'_>, Found)> =
            rows.into_iter().map(|row| (self.key(&row), row)).collect();
        if let Some(after) = &self.after {
            keyed.retain(|(key, _)| self.ranking.compare(key, &after.key()).is_gt());
        }
        let order = |left: &(RowKey<'_>, Found), right: &(RowKey<'_>, Found)| {
            self.ranking.compare(&left.0, &right.0)
        };
        if keyed.len() > wanted_count {
            keyed.select_nth_unstable_by(wanted_count, order);
            keyed.truncate(wanted_count);
        }
        keyed.sort_unstable_by(order);
        keyed.into_iter().map(|(_, row)| row).collect()
    }

    /// Leaves out rows that cannot be among the first `wanted_count` behind the cursor: documents
    /// are numbered by relevance, so within a layer and class no key needs to be looked at.
    fn first_of_each_layer(&self, rows: Vec<Found>, wanted_count: usize) -> Vec<Found> {
        let mut groups: BTreeMap<(usize, Match), Vec<Found>> = BTreeMap::new();
        for row in rows {
            groups
                .entry((row.spot.layer, row.class))
                .or_default()
                .push(row);
        }
        let mut firsts = Vec::new();
        for mut alike in groups.into_values() {
            if let Some(after) = &self.after {
                let is_passed =
                    |row: &Found| self.ranking.compare(&self.key(row), &after.key()).is_le();
                alike.sort_unstable_by_key(|row| row.spot.doc);
                alike.drain(..alike.partition_point(is_passed));
                alike.truncate(wanted_count);
            } else if alike.len() > wanted_count {
                alike.select_nth_unstable_by_key(wanted_count, |row| row.spot.doc);
                alike.truncate(wanted_count);
            }
            firsts.append(&mut alike);
        }
        firsts
    }

    fn key(&self, found: &Found) -> RowKey<'v> {
        let segment = &self.view.layers[found.spot.layer].segment;
        RowKey {
            class: found.class,
            ..segment.key(found.spot.doc, self.ranking.sort)
        }
    }

    /// Reads ahead what tells how many hold the content of rows, where it was not read yet.
    fn warm(&self, rows: &[Found]) {
        for (number, layer) in self.view.layers.iter().enumerate() {
            let rows = rows.iter().filter(|row| row.sources.is_none());
            let here = rows.filter(|row| row.spot.layer == number);
            let docs: Vec<_> = here.map(|row| row.spot.doc).collect();
            layer.segment.warm_keys(&docs);
        }
    }

    fn counted(&self, found: &Found) -> Shown {
        let sources = found.sources.unwrap_or_else(|| self.sources(found.spot));
        Shown::new(found.spot, sources)
    }
}
