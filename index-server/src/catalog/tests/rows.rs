//! Which record stands for a content, and where its row comes.

use jiff::Timestamp;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::query::Query;
use protocol::search::{Order, SearchParams, Sort};

use super::{BOB, LENA, catalog, entry, paths};
use crate::catalog::{Catalog, FileEntry, OwnerFacts, RecordName};

#[test]
fn among_equal_matches_the_widely_held_come_first_then_the_often_fetched() {
    let mut catalog = catalog();
    let put = |catalog: &mut Catalog, path: &str, owners: &[PeerId], downloads| {
        for owner in owners {
            let hash = ContentHash::of(path.as_bytes());
            catalog.put(FileEntry {
                id: FileId::of(owner, &hash),
                downloads,
                ..entry(*owner, path)
            });
        }
    };
    put(&mut catalog, "report fetched.txt", &[LENA], 1_000);
    put(&mut catalog, "report held.txt", &[LENA, BOB], 2);
    put(
        &mut catalog,
        "report held and less fetched.txt",
        &[LENA, BOB],
        1,
    );
    put(&mut catalog, "report both.txt", &[LENA, BOB], 3);
    put(&mut catalog, "report neither.txt", &[BOB], 0);
    put(&mut catalog, "a report.txt", &[LENA, BOB], 9_000);
    let params = SearchParams {
        q: "report".to_owned(),
        ..SearchParams::default()
    };
    let expected = [
        "report both.txt",
        "report held.txt",
        "report held and less fetched.txt",
        "report fetched.txt",
        "report neither.txt",
        "a report.txt",
    ];
    assert_eq!(paths(&catalog.view(), &params), expected);
}

#[test]
fn a_content_is_one_row_of_its_best_holder() {
    let mut catalog = catalog();
    let mut mine = entry(LENA, "same");
    mine.names[0].path = "mine.iso".into();
    let mut other = FileEntry {
        id: FileId::of(&BOB, &mine.hash),
        owner: BOB,
        downloads: 3,
        ..mine.clone()
    };
    other.names[0].path = "other.iso".into();
    catalog.put(mine);
    catalog.put(other);
    let everything = SearchParams::default();
    let view = catalog.view();
    let page = view.search(&Query::default(), &everything);
    let page = page.expect("no cursor");
    assert_eq!((page.total, page.hits[0].sources), (1, 2));
    assert_eq!(page.hits[0].owner, BOB);
    // Shown through the holder whose name matches.
    let named = SearchParams {
        q: "mine".to_owned(),
        ..SearchParams::default()
    };
    assert_eq!(paths(&catalog.view(), &named), ["mine.iso"]);
    let apart = SearchParams {
        collapse: false,
        ..SearchParams::default()
    };
    assert_eq!(paths(&catalog.view(), &apart), ["other.iso", "mine.iso"]);
    catalog.put_owner(
        BOB,
        OwnerFacts {
            name: "Bob".into(),
            is_online: false,
            reputation: 99,
        },
    );
    let view = catalog.view();
    let page = view.search(&Query::default(), &everything);
    let page = page.expect("no cursor");
    assert_eq!((page.total, page.hits[0].sources), (1, 1));
    assert_eq!(page.hits[0].owner, LENA);
}

#[test]
fn a_content_is_shown_by_the_name_that_meets_the_words_best() {
    // Lots, which are drawn among equals, fall otherwise for each content.
    for lot in 0..12 {
        let hash = ContentHash::of(&[lot]);
        let of = |owner: PeerId, path: &str| FileEntry {
            id: FileId::of(&owner, &hash),
            hash,
            ..entry(owner, path)
        };
        let mut catalog = catalog();
        catalog.put(of(LENA, "x/otter.iso"));
        catalog.put(of(BOB, "otter/zzz.iso"));
        catalog.put(entry(BOB, "x/otter guide.pdf"));
        let otter = SearchParams {
            q: "otter".to_owned(),
            ..SearchParams::default()
        };
        let expected = ["x/otter.iso", "x/otter guide.pdf"];
        assert_eq!(paths(&catalog.view(), &otter), expected);
        let mut twice = of(LENA, "x/otter.iso");
        twice.names.push(RecordName {
            path: "x/my otter.iso".into(),
            filename: None,
        });
        catalog.put(twice);
        assert_eq!(paths(&catalog.view(), &otter), expected);

        let mut fetched = of(LENA, "x/otter.iso");
        fetched.downloads = 9;
        catalog.put(fetched);
        let mut seldom = entry(BOB, "x/otter guide.pdf");
        seldom.downloads = 1;
        catalog.put(seldom);
        let by_downloads = SearchParams {
            sort: Sort::Downloads,
            ..otter
        };
        assert_eq!(paths(&catalog.view(), &by_downloads), expected);
    }
}

#[test]
fn who_comes_and_goes_moves_no_row_to_another_page() {
    let sorts = [Sort::Relevance, Sort::Filename, Sort::Size];
    let orders = [None, Some(Order::Asc), Some(Order::Desc)];
    for (sort, order) in sorts
        .into_iter()
        .flat_map(|sort| orders.map(|order| (sort, order)))
    {
        let mut catalog = catalog();
        for number in 0..9 {
            let mine = entry(LENA, &format!("seal {number}.txt"));
            let later = Timestamp::from_second(number).expect("a time");
            catalog.put(FileEntry {
                id: FileId::of(&BOB, &mine.hash),
                owner: BOB,
                uploaded_at: later,
                ..mine.clone()
            });
            catalog.put(mine);
        }
        let mut params = SearchParams {
            q: "seal".to_owned(),
            sort,
            order,
            limit: 2,
            ..SearchParams::default()
        };
        let query = Query::parse(&params.q).expect("a query");
        let mut found = Vec::new();
        for round in 0.. {
            let facts = OwnerFacts {
                name: "bob".into(),
                is_online: round % 2 == 0,
                reputation: 90,
            };
            catalog.put_owner(BOB, facts);
            let view = catalog.view();
            let page = view.search(&query, &params).expect("a page");
            found.extend(page.hits.iter().map(|hit| hit.filename().to_owned()));
            params.cursor = page.next_cursor.clone();
            if params.cursor.is_none() {
                break;
            }
        }
        let all = (0..9).map(|number| format!("seal {number}.txt"));
        let mut all: Vec<String> = all.collect();
        if (sort, order) == (Sort::Filename, Some(Order::Desc)) {
            all.reverse();
        }
        assert_eq!(found, all, "{sort:?} {order:?}");
    }
}

#[test]
fn a_separator_is_itself_in_a_word_and_any_in_a_phrase() {
    let mut catalog = catalog();
    for path in [
        "zz1.2/zz1-2 notes.txt",
        "my zz1.2.txt",
        "azz1.2.txt",
        "zz1.2 first.txt",
        "plain",
    ] {
        catalog.put(entry(LENA, path));
    }
    let mut found = |q: &str| {
        let params = SearchParams {
            q: q.to_owned(),
            ..SearchParams::default()
        };
        paths(&catalog.view(), &params)
    };
    let by_class = [
        "zz1.2 first.txt",
        "my zz1.2.txt",
        "azz1.2.txt",
        "zz1.2/zz1-2 notes.txt",
    ];
    assert_eq!(found("zz1.2"), by_class);
    assert_eq!(found("zz1_2"), [""; 0]);
    assert_eq!(found("\"zz1_2\" notes"), ["zz1.2/zz1-2 notes.txt"]);
    assert_eq!(found("plain -\".\""), ["plain"]);
    assert_eq!(found("\"-\"").len(), 4);
    assert_eq!(found("plain \"_\""), [""; 0]);
}
