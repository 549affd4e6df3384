//! Remembered or not, an answer is the same; what was asked lately is not searched for again.

use std::cell::Cell;

use proptest::prelude::*;
use protocol::query::Query;
use protocol::search::{SearchParams, Sort};

use super::*;
use crate::catalog::CatalogView;
use crate::catalog::tests::{LENA, entry, filled};

fn asked(q: &str, limit: usize) -> SearchParams {
    SearchParams {
        q: q.to_owned(),
        limit,
        sort: Sort::Filename,
        ..SearchParams::default()
    }
}

/// Whether `remembered` searches for `asked`.
fn is_found_anew(view: &CatalogView, remembered: &Remembered, asked: &SearchParams) -> bool {
    let is_found = Cell::new(false);
    let query = Query::parse(&asked.q).expect("a query of the test");
    let find = || {
        is_found.set(true);
        view.find_corrected_usually(&query, asked)
    };
    remembered.or_find(asked, find).expect("no cursor");
    is_found.get()
}

fn held_bytes(remembered: &Remembered) -> (usize, usize) {
    remembered.with(|all| {
        let weigh = |found: &HashMap<SearchParams, Arc<Finding>>| {
            found.iter().map(|(asked, found)| found.bytes(asked)).sum()
        };
        (weigh(&all.young), weigh(&all.old))
    })
}

proptest! {
    #[test]
    fn all_pages_are_those_of_a_search_anew(asks in proptest::collection::vec((0..12_usize, 1..4_usize), 1..60)) {
        let words = ["", "d", "de", "deb", "debian", "debain", "linux", "a.b", "halo", "ext:iso", "zzzzzz", "e"];
        let view = filled().view();
        for (word, limit) in asks {
            let mut params = asked(words[word], limit);
            loop {
                let query = Query::parse(&params.q).expect("a query of the test");
                let anew = view.search_corrected(&query, &params).expect("a cursor of this search");
                let told = view.search_remembered(&query, &params).expect("a cursor of this search");
                prop_assert_eq!(format!("{told:?}"), format!("{anew:?}"));
                let Some(next) = told.next_cursor else { break };
                params.cursor = Some(next);
            }
            let (young, old) = held_bytes(&view.remembered);
            prop_assert!(young <= GENERATION_MAX_BYTES && old <= GENERATION_MAX_BYTES);
        }
    }
}

#[test]
fn what_is_asked_often_outlives_what_was_asked_once() {
    let view = filled().view();
    let remembered = Remembered::default();
    let often = asked("debian", 5);
    assert!(is_found_anew(&view, &remembered, &often));
    for number in 0..200 {
        assert!(is_found_anew(
            &view,
            &remembered,
            &asked("linux", 1 + number)
        ));
        assert!(!is_found_anew(&view, &remembered, &often), "{number}");
    }
    let first = asked("linux", 1);
    assert!(is_found_anew(&view, &remembered, &first), "long ago");
}

#[test]
fn a_change_is_seen_at_once_and_a_wrong_cursor_refused_always() {
    let mut catalog = filled();
    let query = Query::parse("debian").expect("a query of the test");
    let params = asked("debian", 50);
    let count = |view: &CatalogView| {
        let page = view.search_remembered(&query, &params).expect("no cursor");
        page.hits.len()
    };
    let before = catalog.view();
    let known = count(&before);
    catalog.put(entry(LENA, "linux/debian-14.iso"));
    assert_eq!(count(&catalog.view()), known + 1);
    assert_eq!(count(&before), known);
    let wrong = SearchParams {
        cursor: Some("AAAA".to_owned()),
        ..params.clone()
    };
    for _ in 0..2 {
        assert!(before.search_remembered(&query, &wrong).is_err());
    }
}
