//! Typing errors: what a search that found nothing is corrected to.

use protocol::query::Query;
use protocol::search::SearchParams;

use super::{LENA, catalog, entry, filled};
use crate::catalog::{CatalogView, CursorError, Hit};

/// What a query is corrected to, and the paths then found.
fn corrected(view: &CatalogView, q: &str) -> (Option<String>, Vec<String>) {
    let params = SearchParams {
        q: q.to_owned(),
        ..SearchParams::default()
    };
    let query = Query::parse(q).expect("a query of the test");
    let page = view.search_corrected(&query, &params).expect("no cursor");
    let path = |hit: &Hit| hit.entry.names[0].path.to_string();
    (page.corrected, page.hits.iter().map(path).collect())
}

#[test]
fn one_typing_error_still_finds_something_and_is_said() {
    let view = filled().view();
    for (typed, meant) in [
        ("ubunto", "ubuntu"),
        ("ubntu", "ubuntu"),
        ("uubuntu", "ubuntu"),
        ("ubutnu", "ubuntu"),
        ("handbok", "handbook"),
        ("Lectrues week", "lectures week"),
        ("linux ubunto", "linux ubuntu"),
        ("beyonse", "beyonce"),
    ] {
        let (told, found) = corrected(&view, typed);
        assert_eq!(told.as_deref(), Some(meant), "{typed}: {found:?}");
        assert!(!found.is_empty(), "{typed}");
    }
    for q in [
        "ubuntu",
        "debian",
        "zzzzzz",
        "\"ubunto\"",
        "pfd",
        "ext:izo ubunto",
        "ubonto",
    ] {
        let (told, _) = corrected(&view, q);
        assert_eq!(told, None, "{q}");
    }
}

#[test]
fn a_corrected_search_goes_on_with_its_cursor() {
    let mut catalog = catalog();
    for number in 0..5 {
        catalog.put(entry(LENA, &format!("holiday {number}.jpg")));
    }
    let view = catalog.view();
    let query = Query::parse("holidya").expect("a query of the test");
    let mut params = SearchParams {
        q: "holidya".to_owned(),
        limit: 2,
        ..SearchParams::default()
    };
    let mut paths = Vec::new();
    loop {
        let page = view
            .search_corrected(&query, &params)
            .expect("its own cursor");
        assert_eq!(page.corrected.as_deref(), Some("holiday"));
        paths.extend(page.hits.iter().map(|hit| hit.entry.names[0].path.clone()));
        params.cursor = page.next_cursor;
        if params.cursor.is_none() {
            break;
        }
    }
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), 5);
    params.cursor = Some("bogus".to_owned());
    assert!(matches!(
        view.search_corrected(&query, &params),
        Err(CursorError)
    ));
}
