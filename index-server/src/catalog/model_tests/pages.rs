//! All pages of a search against the model's rows.

use std::sync::Arc;

use super::*;
use crate::catalog::SearchPage;
use crate::catalog::budget::{Budget, SEARCH_MAX_STEPS};
use crate::catalog::model::Shown;
use crate::catalog::search::Effort;

/// A view, and whether of some contents it says how widely they were held before.
pub(super) struct Seen {
    pub(super) view: Arc<CatalogView>,
    is_lagging: bool,
}

impl Seen {
    pub(super) fn of(catalog: &mut Catalog) -> Self {
        Self {
            view: catalog.view(),
            is_lagging: catalog.is_lagging(),
        }
    }

    /// Of a catalog that has come to rest.
    pub(super) fn up_to_date(catalog: &mut Catalog) -> Self {
        let seen = Self::of(catalog);
        assert!(!seen.is_lagging);
        seen
    }
}

/// What tells a row from others.
fn row(shown: &Shown) -> (FileId, String) {
    (shown.entry.id, shown.path.clone())
}

/// Walks all pages and compares them with the model's rows: with all rows counted, as usual, with
/// so few that most pages are found by walking, and with so few steps that most pages are cut. While
/// some contents lag behind, the order of relevance may be another one, and nothing else.
pub(super) fn check_search(seen: &Seen, model: &Model, query: &Query, params: &SearchParams) {
    let mut expected = model.search(query, params);
    let may_differ = seen.is_lagging && params.sort == Sort::Relevance;
    if may_differ {
        expected.sort_by_key(row);
    }
    let few_steps = 40_000 / (1 + model.entries.len() as u64);
    for (exact_max_count, steps) in [
        (10_000, SEARCH_MAX_STEPS),
        (2, SEARCH_MAX_STEPS),
        (10_000, few_steps),
    ] {
        let mut params = params.clone();
        let mut hits: Vec<Shown> = Vec::new();
        let asked = format!("{query:?} {params:?}, exact to {exact_max_count} in {steps} steps");
        loop {
            let effort = Effort {
                exact_max_count,
                budget: &Budget::new(steps),
            };
            let page = seen.view.search_corrected_within(query, &params, effort);
            let page = page.expect("a cursor of this search");
            check_figures(&page, params.limit, expected.len() as u64, exact_max_count);
            hits.extend(page.hits.iter().map(Shown::from));
            assert!(hits.len() <= expected.len(), "endless pages of {asked}");
            if page.next_cursor.is_none() {
                break;
            }
            assert_ne!(page.next_cursor, params.cursor, "no step on in {asked}");
            params.cursor = page.next_cursor;
        }
        if may_differ {
            hits.sort_by_key(row);
        }
        assert_eq!(hits, expected, "rows of {asked}");
    }
}

/// What a page says of itself, where there are `total` rows.
fn check_figures(page: &SearchPage<'_>, limit: usize, total: u64, exact_max_count: u64) {
    assert!(page.hits.len() <= limit);
    assert!(page.total <= total && page.corrected.is_none());
    if page.total_is_exact {
        assert_eq!(page.total, total);
    }
    if page.is_cut {
        assert!(!page.total_is_exact || page.next_cursor.is_some());
    } else {
        assert_eq!(page.total_is_exact, total <= exact_max_count);
        assert_eq!(page.total, total.min(exact_max_count + 1));
        assert!(page.hits.len() == limit || page.next_cursor.is_none());
    }
}
