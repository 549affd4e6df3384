//! What the grammar means over real-looking names, and pages while records come and go.

mod corrected;
mod rows;
mod steps;

use jiff::Timestamp;
use protocol::category::Category;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::query::Query;
use protocol::search::{SearchParams, Sort};

use super::budget::{Budget, SEARCH_MAX_STEPS};
use super::search::Effort;
use super::{Catalog, CatalogView, CursorError, FileEntry, OwnerFacts, RecordName};

pub(super) const LENA: PeerId = PeerId::from_bytes([1; 32]);
const BOB: PeerId = PeerId::from_bytes([2; 32]);

pub(super) fn entry(owner: PeerId, path: &str) -> FileEntry {
    let hash = ContentHash::of(path.as_bytes());
    FileEntry {
        id: FileId::of(&owner, &hash),
        owner,
        hash,
        pieces_root: None,
        size_bytes: 1_000,
        category: Category::Other,
        tags: Vec::new(),
        names: vec![RecordName {
            path: path.into(),
            filename: None,
        }],
        uploaded_at: Timestamp::UNIX_EPOCH,
        is_partial: false,
        downloads: 0,
        rating_sum: 0,
        rating_votes: 0,
    }
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    for (id, name) in [(LENA, "Lena's Box"), (BOB, "Bob")] {
        catalog.put_owner(
            id,
            OwnerFacts {
                name: name.into(),
                is_online: true,
                reputation: 50,
            },
        );
    }
    catalog
}

pub(super) fn filled() -> Catalog {
    let mut catalog = catalog();
    for path in [
        "linux/Debian-13.1.0-amd64.iso",
        "linux/debian_handbook.pdf",
        "linux/ubuntu 24.04 desktop.iso",
        "music/Beyoncé/Halo.flac",
        "music/Großes Orchester/Finale (live).mp3",
        "Debian",
        "backup/old debian.tar.gz",
        "a.b-c_d e.txt",
        "東京/写真.jpg",
    ] {
        catalog.put(entry(LENA, path));
    }
    let mut tagged = entry(BOB, "lectures/week 2.mkv");
    tagged.tags = vec!["physics".into(), "lecture".into()];
    tagged.category = Category::Video;
    tagged.size_bytes = 5_000;
    catalog.put(tagged);
    catalog
}

fn paths(view: &CatalogView, params: &SearchParams) -> Vec<String> {
    let query = Query::parse(&params.q).expect("a query of the test");
    let page = view.search(&query, params).expect("no foreign cursor");
    page.hits
        .iter()
        .map(|hit| hit.path().to_text().to_string())
        .collect()
}

fn check(q: &str, expected: &[&str]) {
    let params = SearchParams {
        q: q.to_owned(),
        ..SearchParams::default()
    };
    assert_eq!(paths(&filled().view(), &params), expected, "{q:?}");
}

#[test]
fn each_form_of_the_grammar_finds_what_it_says() {
    check("DEBIAN ISO", &["linux/Debian-13.1.0-amd64.iso"]);
    check("beyonce", &["music/Beyoncé/Halo.flac"]);
    check(
        "grosses live",
        &["music/Großes Orchester/Finale (live).mp3"],
    );
    check("\"b c.d\"", &["a.b-c_d e.txt"]);
    check("\"debian handbook\"", &["linux/debian_handbook.pdf"]);
    check(
        "debian -handbook -old ext:iso",
        &["linux/Debian-13.1.0-amd64.iso"],
    );
    check("ext:tar.gz", &["backup/old debian.tar.gz"]);
    check("ext:gz", &["backup/old debian.tar.gz"]);
    check("ext:debian", &[]);
    check("京", &["東京/写真.jpg"]);
    check("tag:physics tag:lecture", &["lectures/week 2.mkv"]);
    check("tag:physics tag:absent", &[]);
    check("category:video", &["lectures/week 2.mkv"]);
    check("size:>=2000", &["lectures/week 2.mkv"]);
    check("owner:bob", &["lectures/week 2.mkv"]);
    check("owner:aibaeaq", &["lectures/week 2.mkv"]);
    check("owner:aiba", &[]);
    check(
        "x/Debian",
        &["linux/Debian-13.1.0-amd64.iso", "linux/debian_handbook.pdf"],
    );
    check("zz", &[]);
    check(&ContentHash::of(b"Debian").to_string(), &["Debian"]);
}

#[test]
fn better_matches_come_first() {
    check(
        "debian",
        &[
            "Debian",
            "linux/Debian-13.1.0-amd64.iso",
            "linux/debian_handbook.pdf",
            "backup/old debian.tar.gz",
        ],
    );
    let mut catalog = catalog();
    for path in [
        "top/x",
        "a/stop.txt",
        "a/top.txt",
        "a/the top.txt",
        "a/topic.txt",
    ] {
        catalog.put(entry(LENA, path));
    }
    let params = SearchParams {
        q: "top".to_owned(),
        ..SearchParams::default()
    };
    let expected = [
        "a/top.txt",
        "a/topic.txt",
        "a/the top.txt",
        "a/stop.txt",
        "top/x",
    ];
    assert_eq!(paths(&catalog.view(), &params), expected);
}

#[test]
fn a_further_name_is_found_and_said() {
    let mut catalog = catalog();
    let mut renamed = entry(LENA, "first name.txt");
    renamed.names.push(RecordName {
        path: "second name.txt".into(),
        filename: None,
    });
    catalog.put(renamed);
    let view = catalog.view();
    let name_of = |q: &str| {
        let query = Query::parse(q).expect("a query of the test");
        let params = SearchParams {
            q: q.to_owned(),
            ..SearchParams::default()
        };
        let page = view.search(&query, &params).expect("no cursor");
        assert_eq!(page.total, 1, "{q:?}");
        page.hits[0].path().to_text().to_string()
    };
    assert_eq!(name_of("first"), "first name.txt");
    assert_eq!(name_of("second"), "second name.txt");
    assert_eq!(name_of("name"), "second name.txt");
}

#[test]
fn a_page_starts_behind_the_last_row_although_that_row_is_gone() {
    let mut catalog = catalog();
    let path = |number: u32| format!("file {number}");
    (0..100).for_each(|number| catalog.put(entry(LENA, &path(number * 2))));
    let mut params = SearchParams {
        sort: Sort::Filename,
        limit: 10,
        ..SearchParams::default()
    };
    let view = catalog.view();
    let first = view.search(&Query::default(), &params);
    let first = first.expect("no cursor");
    catalog.remove(&first.hits[9].id());
    catalog.put(entry(LENA, "file 5"));
    catalog.put(entry(LENA, "file 19"));
    params.cursor = first.next_cursor;
    let second = paths(&catalog.view(), &params);
    assert_eq!(second[..3], ["file 19", "file 20", "file 22"]);
}

#[test]
fn a_removed_record_is_not_found_by_walking_either() {
    let mut catalog = catalog();
    let paths = ["here -_x", "gone -_x"];
    for path in paths {
        catalog.put(entry(LENA, path));
    }
    catalog.view();
    catalog.remove(&entry(LENA, paths[1]).id);
    let view = catalog.view();
    for q in ["_", "x", "_x", "h", "here", ""] {
        let query = Query::parse(q).expect("a query of the test");
        let effort = Effort {
            exact_max_count: 0,
            budget: &Budget::new(SEARCH_MAX_STEPS),
        };
        let page = view.search_corrected_within(&query, &SearchParams::default(), effort);
        let page = page.expect("no cursor");
        assert_eq!(page.hits.len(), 1, "{q:?}");
        assert_eq!(page.hits[0].path().to_text(), paths[0], "{q:?}");
    }
}

#[test]
fn a_foreign_cursor_is_refused() {
    let mut catalog = filled();
    let view = catalog.view();
    let mut params = SearchParams {
        limit: 2,
        ..SearchParams::default()
    };
    let page = view.search(&Query::default(), &params).expect("no cursor");
    params.cursor = page.next_cursor.clone();
    params.limit = 3;
    assert!(view.search(&Query::default(), &params).is_ok());
    params.sort = Sort::Size;
    let other = view.search(&Query::default(), &params);
    assert!(matches!(other, Err(CursorError)));
    params.cursor = Some("no cursor".to_owned());
    let other = view.search(&Query::default(), &params);
    assert!(matches!(other, Err(CursorError)));
    let listing = view.files_of(&LENA, "", page.next_cursor.as_deref(), 3);
    assert_eq!(listing, Err(CursorError));
}
