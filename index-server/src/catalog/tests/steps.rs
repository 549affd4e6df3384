//! What a search of few steps still says exactly, over thousands of names.

use std::sync::Arc;

use protocol::query::Query;
use protocol::search::SearchParams;

use super::{LENA, catalog, entry};
use crate::catalog::CatalogView;
use crate::catalog::budget::Budget;
use crate::catalog::search::Effort;

/// A third of what it would take to look at 3,000 names one by one.
const FEW_STEPS: u64 = 20_000;

/// Rows on the page, and the total with whether it is exact; nothing where the search was cut.
fn found(view: &CatalogView, q: &str, exact_max_count: u64) -> Option<(usize, u64, bool)> {
    let query = Query::parse(q).expect("a query of the test");
    let effort = Effort {
        exact_max_count,
        budget: &Budget::new(FEW_STEPS),
    };
    let params = SearchParams {
        q: q.to_owned(),
        limit: 5,
        ..SearchParams::default()
    };
    let page = view.search_corrected_within(&query, &params, effort);
    let page = page.expect("no cursor");
    (!page.is_cut).then_some((page.hits.len(), page.total, page.total_is_exact))
}

/// 3,000 names with both words apart, and every `step`th with them side by side.
fn names_with_both(step: u32) -> Arc<CatalogView> {
    let mut catalog = catalog();
    for number in 0..3_000 {
        let between = if number % step == 0 { "-" } else { " x " };
        catalog.put(entry(LENA, &format!("red{between}blue {number}.txt")));
        if number % 500 == 0 {
            let path = format!("red{between}blue/{number}.txt");
            catalog.put(entry(LENA, &path));
        }
    }
    catalog.settle();
    catalog.view()
}

#[test]
fn words_that_are_never_side_by_side_are_surely_not_found() {
    let view = names_with_both(u32::MAX);
    for q in ["\"red blue\"", "red-blue", "red_blue", "\"red blue 7\""] {
        // The first one of all is a multiple of every number.
        let count = match q {
            "\"red blue\"" | "red-blue" => 2,
            _ => 0,
        };
        assert_eq!(
            found(&view, q, 10_000),
            Some((count, count as u64, true)),
            "{q:?}"
        );
    }
}

#[test]
fn words_side_by_side_in_some_of_many_names_are_counted() {
    let view = names_with_both(50);
    for q in ["\"red blue\"", "red-blue"] {
        // All six folders are of those too.
        assert_eq!(found(&view, q, 10_000), Some((5, 66, true)), "{q:?}");
        assert_eq!(found(&view, q, 40), Some((5, 41, false)), "{q:?}");
    }
    assert_eq!(found(&view, "\"red blue 1\"", 10_000), Some((5, 22, true)));
}

#[test]
fn a_small_segment_makes_no_large_one_be_looked_at() {
    let mut catalog = catalog();
    for number in 0..3_000 {
        catalog.put(entry(LENA, &format!("red blue {number}.txt")));
    }
    catalog.settle();
    catalog.view();
    catalog.put(entry(LENA, "red blue.txt"));
    let view = catalog.view();
    assert_eq!(view.segment_count(), 2);
    assert_eq!(found(&view, "red blue", 10_000), Some((5, 3_001, true)));
}

/// Photographs: thousands of names start with the words, and none is the words.
#[test]
fn of_many_names_with_one_start_the_page_is_full_however_few_steps_there_are() {
    let mut catalog = catalog();
    for number in 0..3_000_u32 {
        catalog.put(entry(
            LENA,
            &format!("trip/IMG_2023{number:04} {}.jpg", number % 7),
        ));
    }
    let view = catalog.view();
    for q in [
        "img 2023",
        "img 20230000",
        "img 20231",
        "img jpg",
        "img 20230",
        "2023 jpg",
        "trip img",
        "jpg 3",
        "\"img 2023\"",
    ] {
        let query = Query::parse(q).expect("a query of the test");
        let params = SearchParams {
            q: q.to_owned(),
            ..SearchParams::default()
        };
        let effort = Effort {
            exact_max_count: 100,
            budget: &Budget::new(30_000),
        };
        let page = view.search_corrected_within(&query, &params, effort);
        let page = page.expect("no cursor");
        let count = params.limit.min(usize::try_from(page.total).expect("few"));
        assert_eq!(page.hits.len(), count, "{q:?}");
    }
}
