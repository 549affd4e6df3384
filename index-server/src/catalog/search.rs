//! Search: a question over a view gives a page.
//!
//! First all that may meet the question are counted, until they are more than a total is exact for
//! ([`count`]). Where they are few, the page is picked from them; otherwise it is found by walking
//! the wanted order ([`walk`]).

mod count;
mod kinds;
mod walk;

use std::collections::BTreeMap;

use protocol::limits::SEARCH_EXACT_TOTAL_MAX_COUNT;
use protocol::query::Query;
use protocol::search::{SearchParams, Sort};

use super::cursor::{self, Position};
use super::layer::Spot;
use super::matcher::Question;
use super::plan::Asker;
use super::rank::{Match, Ranking, RowKey};
use super::view::CatalogView;
use super::{CursorError, Hit, RecordName, SearchPage};

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

/// A search under way.
#[derive(Debug)]
pub struct Search<'v> {
    view: &'v CatalogView,
    /// With more rows than this the total is a lower bound.
    exact_max_count: u64,
    params: &'v SearchParams,
    ranking: Ranking,
    after: Option<Position>,
    /// One for each layer of the view.
    askers: Vec<Asker<'v>>,
}

/// The page that `params` asks for.
///
/// # Errors
/// [`CursorError`] for a cursor of another search.
pub fn page(
    view: &CatalogView,
    query: &Query,
    params: &SearchParams,
) -> Result<SearchPage, CursorError> {
    page_counting(view, query, params, SEARCH_EXACT_TOTAL_MAX_COUNT)
}

/// [`page`] whose total is exact up to `exact_max_count`.
///
/// # Errors
/// [`CursorError`] for a cursor of another search.
pub fn page_counting(
    view: &CatalogView,
    query: &Query,
    params: &SearchParams,
    exact_max_count: u64,
) -> Result<SearchPage, CursorError> {
    let asked = cursor::of_search(params);
    let cursor = params.cursor.as_deref();
    let after: Option<Position> = cursor.map(|text| cursor::open(asked, text)).transpose()?;
    let question = Question::new(query, params, &view.owners);
    let layers = view.layers.iter();
    let search = Search {
        view,
        exact_max_count,
        params,
        ranking: Ranking::of(params),
        after,
        askers: layers
            .map(|layer| Asker::new(&question, layer, &view.owners))
            .collect(),
    };
    let plans: Vec<_> = search.askers.iter().map(Asker::plan).collect();
    let counted = search.count(&plans);
    // One more than the page tells whether there is a next one.
    let wanted_count = params.limit + 1;
    let mut rows = match counted.rows {
        Some(rows) => search.pick(rows, wanted_count),
        None => search.walk(&plans, wanted_count),
    };
    let has_more = rows.len() > params.limit;
    rows.truncate(params.limit);
    let last = rows.last().filter(|_| has_more);
    Ok(SearchPage {
        hits: rows.iter().filter_map(|row| search.hit(row)).collect(),
        total: counted.total.min(exact_max_count.saturating_add(1)),
        total_is_exact: counted.is_exact,
        corrected: None,
        next_cursor: last.map(|last| cursor::seal(asked, &Position::of(&search.key(last)))),
    })
}

impl<'v> Search<'v> {
    /// The first `wanted_count` of `rows` behind the cursor, in order.
    fn pick(&self, rows: Vec<Found>, wanted_count: usize) -> Vec<Found> {
        let rows = if self.ranking == Ranking::own(Sort::Relevance) {
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

    fn hit(&self, found: &Found) -> Option<Hit> {
        let view = self.view;
        let layer = &view.layers[found.spot.layer];
        let scan = layer.segment.scan(found.spot.doc);
        let entry = layer.entry(found.spot.doc, &view.owners)?;
        let path = layer.segment.path(found.spot.doc);
        let name = (!scan.place.is_last()).then(|| {
            let name = entry.names.iter().find(|name| name.path == path);
            name.cloned().unwrap_or_else(|| RecordName {
                path: path.into(),
                filename: None,
            })
        });
        Some(Hit {
            entry,
            name,
            sources: found.sources.unwrap_or_else(|| self.sources(found.spot)),
        })
    }
}
