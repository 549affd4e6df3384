//! Corrections against the model: which words are changed, to what, and all rows then found.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::catalog::budget::{Budget, SEARCH_MAX_STEPS};
use crate::catalog::model::Shown;
use crate::catalog::search::Effort;

/// Words of few letters, so that many are one error away from others.
fn any_word() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[ab]{5,6}",
        2 => "[ab]{2,4}",
        1 => "[abß]{3,5}[12]",
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    let more = prop::collection::vec((select(vec![".", "-", " ", "/"]), any_word()), 0..3);
    (any_word(), more).prop_map(|(first, more)| {
        let more = more
            .into_iter()
            .map(|(between, word)| between.to_owned() + &word);
        first + &more.collect::<String>()
    })
}

fn any_record() -> impl Strategy<Value = FileEntry> {
    (any_entry(FEW_CONTENTS), any_text()).prop_map(|(entry, path)| FileEntry {
        names: vec![RecordName {
            path: path.into(),
            filename: None,
        }],
        ..entry
    })
}

fn any_typed() -> impl Strategy<Value = String> {
    let term = prop_oneof![
        10 => any_word(),
        2 => (any_word(), any_word()).prop_map(|(left, right)| format!("{left}-{right}")),
        1 => "\"[ab] [ab]\"",
        1 => "-[ab]{4}",
        1 => Just("size:>1".to_owned()),
    ];
    prop::collection::vec(term, 1..4).prop_map(|terms| terms.join(" "))
}

/// All pages of a search, and what it was corrected to.
fn answer(
    view: &CatalogView,
    query: &Query,
    params: &SearchParams,
    steps: u64,
) -> (Option<String>, Vec<Shown>) {
    let mut params = params.clone();
    let mut corrected = None;
    let mut hits = Vec::new();
    loop {
        let effort = Effort {
            exact_max_count: 10_000,
            budget: &Budget::new(steps),
        };
        let page = view.search_corrected_within(query, &params, effort);
        let page = page.expect("a cursor of this search");
        if params.cursor.is_some() {
            assert_eq!(page.corrected, corrected, "pages of one search");
        }
        corrected = page.corrected;
        hits.extend(page.hits.iter().map(Shown::from));
        params.cursor = page.next_cursor;
        if params.cursor.is_none() {
            return (corrected, hits);
        }
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn every_correction_is_the_models(
        records in prop::collection::vec(any_record(), 1..12),
        dead in prop::collection::vec(any_record(), 0..4),
        typed in prop::collection::vec(any_typed(), 4),
        few_steps in 0..3_000_u64,
        limit in 1..4_usize,
        online: bool,
    ) {
        let mut catalog = Catalog::with_shape(SMALL, usize::MAX);
        let mut model = Model::default();
        for number in 0..OWNER_COUNT {
            let facts = OwnerFacts {
                name: "Léna".into(),
                is_online: number > 0,
                reputation: number,
            };
            take(&mut catalog, &mut model, &Step::Owner(owner(number), facts));
        }
        for entry in dead.iter().chain(&records) {
            take(&mut catalog, &mut model, &Step::Put(Box::new(entry.clone())));
        }
        for entry in &dead {
            if model.entries.contains_key(&entry.id) {
                take(&mut catalog, &mut model, &Step::Remove(entry.id));
            }
        }
        let view = catalog.view();
        for q in typed {
            let query = Query::parse(&q).expect("a query of the test");
            let params = SearchParams { q: q.clone(), limit, online, ..SearchParams::default() };
            let plain = model.search(&query, &params);
            let expected = match model.corrected(&params).filter(|_| plain.is_empty()) {
                Some((text, hits)) => (Some(text), hits),
                None => (None, plain.clone()),
            };
            prop_assert_eq!(&answer(&view, &query, &params, SEARCH_MAX_STEPS), &expected, "{}", q);
            // With few steps it may be left uncorrected; what is found is right in any case.
            let (corrected, hits) = answer(&view, &query, &params, few_steps);
            match corrected {
                None => prop_assert_eq!(hits, plain, "{}", q),
                Some(text) => {
                    let query = Query::parse(&text).expect("what it was corrected to");
                    prop_assert!(plain.is_empty());
                    prop_assert_eq!(hits, model.search(&query, &params), "{}: {}", q, text);
                }
            }
        }
    }
}
