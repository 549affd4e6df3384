//! Search: a question over a view gives a page.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use protocol::hash::ContentHash;
use protocol::ids::FileId;
use protocol::query::Query;
use protocol::search::SearchParams;

use super::cursor::{self, Position};
use super::layer::{Layer, Spot};
use super::matcher::{Question, Scratch};
use super::rank::{Match, Ranking, RowKey};
use super::view::CatalogView;
use super::{CursorError, Hit, RecordName, SearchPage};

/// A document that meets the question.
#[derive(Debug, Clone, Copy)]
struct Found {
    spot: Spot,
    class: Match,
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
    let asked = cursor::of_search(params);
    let cursor = params.cursor.as_deref();
    let after: Option<Position> = cursor.map(|text| cursor::open(asked, text)).transpose()?;
    let question = Question::new(query, params, &view.owners);
    let ranking = Ranking::of(params);
    let mut rows = one_each(view, params, all(view, &question));
    let total = rows.len() as u64;
    let key = |found: &Found| key(&view.layers, found, ranking);
    if let Some(after) = &after {
        rows.retain(|found| ranking.compare(&key(found), &after.key()).is_gt());
    }
    rows.sort_unstable_by(|left, right| ranking.compare(&key(left), &key(right)));
    let has_more = rows.len() > params.limit;
    rows.truncate(params.limit);
    let next_cursor = rows
        .last()
        .filter(|_| has_more)
        .map(|last| cursor::seal(asked, &Position::of(&key(last))));
    Ok(SearchPage {
        hits: rows.iter().filter_map(|found| hit(view, found)).collect(),
        total,
        total_is_exact: true,
        next_cursor,
    })
}

/// All documents that meet the question.
fn all(view: &CatalogView, question: &Question) -> Vec<Found> {
    let mut scratch = Scratch::new();
    let mut found = Vec::new();
    for (number, layer) in view.layers.iter().enumerate() {
        for doc in (0..layer.segment.complete_count()).filter(|&doc| layer.is_live(doc)) {
            if let Some(class) = question.meet(layer, doc, &view.owners, &mut scratch) {
                let spot = Spot { layer: number, doc };
                found.push(Found { spot, class });
            }
        }
    }
    found
}

/// What rows are one of a kind by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Content(ContentHash),
    Record(FileId),
}

/// The best document of each content, or of each record.
fn one_each(view: &CatalogView, params: &SearchParams, found: Vec<Found>) -> Vec<Found> {
    let mut best: HashMap<Kind, Found> = HashMap::new();
    let mut rows = Vec::new();
    for candidate in found {
        let segment = &view.layers[candidate.spot.layer].segment;
        if segment.scan(candidate.spot.doc).is_alone() {
            rows.push(candidate);
            continue;
        }
        let detail = segment.detail(candidate.spot.doc);
        let kind = if params.collapse {
            Kind::Content(detail.hash)
        } else {
            Kind::Record(detail.id)
        };
        match best.entry(kind) {
            Entry::Vacant(free) => {
                free.insert(candidate);
            }
            Entry::Occupied(mut taken) => {
                if goodness(view, candidate.spot) > goodness(view, taken.get().spot) {
                    taken.insert(candidate);
                }
            }
        }
    }
    rows.extend(best.into_values());
    rows
}

/// Which of several documents of one content is shown: larger is better.
fn goodness(view: &CatalogView, spot: Spot) -> impl Ord {
    let segment = &view.layers[spot.layer].segment;
    let (scan, detail) = (segment.scan(spot.doc), segment.detail(spot.doc));
    let standing = view.owners.standing(scan.owner);
    (
        standing.is_online,
        standing.reputation,
        detail.downloads,
        std::cmp::Reverse(detail.id),
        scan.place.recency(),
    )
}

fn key<'a>(layers: &'a [Layer], found: &Found, ranking: Ranking) -> RowKey<'a> {
    let segment = &layers[found.spot.layer].segment;
    RowKey {
        class: found.class,
        ..segment.key(found.spot.doc, ranking.sort)
    }
}

fn hit(view: &CatalogView, found: &Found) -> Option<Hit> {
    let layer = &view.layers[found.spot.layer];
    let segment = &layer.segment;
    let scan = segment.scan(found.spot.doc);
    let entry = layer.entry(found.spot.doc, &view.owners)?;
    let path = segment.path(found.spot.doc);
    let name = (!scan.place.is_last()).then(|| {
        let name = entry.names.iter().find(|name| name.path == path);
        name.cloned().unwrap_or_else(|| RecordName {
            path: path.into(),
            filename: None,
        })
    });
    let sources = if scan.is_alone() {
        u64::from(view.owners.is_online(scan.owner))
    } else {
        view.sources(&entry.hash)
    };
    Some(Hit {
        entry,
        name,
        sources,
    })
}
