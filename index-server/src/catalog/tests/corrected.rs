//! Typing errors: what a search that found nothing is corrected to.

use protocol::query::Query;
use protocol::search::SearchParams;

use super::{LENA, catalog, entry, filled};
use crate::catalog::{Catalog, CatalogView, CursorError, Hit};

/// What a query is corrected to, and the paths then found.
fn corrected(view: &CatalogView, q: &str) -> (Option<String>, Vec<String>) {
    let params = SearchParams {
        q: q.to_owned(),
        ..SearchParams::default()
    };
    let query = Query::parse(q).expect("a query of the test");
    let page = view.search_corrected(&query, &params).expect("no cursor");
    let path = |hit: &Hit<'_>| hit.path().to_text().to_string();
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
        ("Beyoncè hallo", "Beyoncè halo"),
        ("ubunto dekstop -q", "ubuntu desktop -q"),
        ("\"debian handbook\" linxu", "\"debian handbook\" linux"),
        ("linxu owner:\"lena's b\"", "linux owner:\"lena's b\""),
        ("debian-13.1.0-adm64", "debian-13.1.0-amd64"),
        ("deb1an handb0ok", "debian handbook"),
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
        "handbook ubuntu",
        "debian14",
        "debia4",
        "ubunto zzzzzz",
        "ubunto pfd",
    ] {
        let (told, _) = corrected(&view, q);
        assert_eq!(told, None, "{q}");
    }
}

#[test]
fn words_that_match_alone_stay_as_they_are() {
    let mut catalog = filled();
    catalog.put(entry(LENA, "budget 2024.ods"));
    catalog.put(entry(LENA, "budge debian.txt"));
    let (told, found) = corrected(&catalog.view(), "budget debian");
    assert_eq!((told, found.len()), (None, 0));
}

#[test]
fn a_whole_word_is_meant_rather_than_a_start_and_a_long_start_rather_than_a_short_one() {
    let mut catalog = catalog();
    catalog.put(entry(LENA, "holidays 1.jpg"));
    catalog.put(entry(LENA, "holidays 2.jpg"));
    catalog.put(entry(LENA, "holidome.jpg"));
    let told = |catalog: &mut Catalog| corrected(&catalog.view(), "holidy").0;
    assert_eq!(told(&mut catalog).as_deref(), Some("holiday"));
    catalog.put(entry(LENA, "holdiy.jpg"));
    assert_eq!(told(&mut catalog).as_deref(), Some("holdiy"));
}

#[test]
fn what_is_gone_is_not_what_was_meant() {
    let mut catalog = catalog();
    let gone = entry(LENA, "lecture 1.mkv");
    catalog.put(gone.clone());
    catalog.put(entry(LENA, "lectern.mkv"));
    catalog.view();
    catalog.remove(&gone.id);
    let (told, _) = corrected(&catalog.view(), "lectuee");
    assert_eq!(told, None);
}

#[test]
fn a_corrected_search_goes_on_with_its_cursor() {
    let mut catalog = catalog();
    for number in 0..5 {
        catalog.put(entry(LENA, &format!("holiday {number}.jpg")));
    }
    let query = Query::parse("holidya").expect("a query of the test");
    let mut params = SearchParams {
        q: "holidya".to_owned(),
        limit: 2,
        ..SearchParams::default()
    };
    let mut paths = Vec::new();
    loop {
        let view = catalog.view();
        let page = view.search_corrected(&query, &params);
        let page = page.expect("its own cursor");
        // From now on the word is known; what is left are pages of the correction all the same.
        catalog.put(entry(LENA, "holidya"));
        assert_eq!(page.corrected.as_deref(), Some("holiday"));
        paths.extend(page.hits.iter().map(|hit| hit.path().to_text()));
        params.cursor = page.next_cursor;
        if params.cursor.is_none() {
            break;
        }
    }
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), 5);
    params.cursor = Some("bogus".to_owned());
    let view = catalog.view();
    let page = view.search_corrected(&query, &params);
    assert!(matches!(page, Err(CursorError)));
}
