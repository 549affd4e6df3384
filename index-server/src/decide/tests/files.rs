//! The rules of files by tables.

use protocol::category::Category;
use protocol::limits::NAMES_PER_RECORD_MAX_COUNT;
use protocol::registration::CheckedFile;
use protocol::tags::derive_tags;

use super::*;

#[test]
fn one_record_a_content_and_all_its_names() {
    let mut table = Table::with(&[1, 2]);
    let changed = table.changed(
        1,
        vec![add("a", "x"), add("b", "x"), add("a", "x"), add("c", "y")],
    );
    assert_eq!(changed, ["added", "updated", "updated", "added"]);
    assert_eq!(table.names(1, "x"), ["b", "a"], "the last one registered");
    assert_eq!(table.changed(2, vec![add("a", "x")]), ["added"]);
    // Other bytes at the same path are a record of their own, unfinished or not.
    assert_eq!(table.changed(1, vec![add("a", "z")]), ["added"]);
    assert_eq!(table.changed(1, vec![add_partial("b", "w")]), ["added"]);
    assert_eq!(table.names(1, "x"), ["b", "a"]);
    assert_eq!(table.changed(1, vec![add("b", "z")]), ["updated"]);
    assert_eq!(table.names(1, "z"), ["a", "b"]);
    assert_eq!(table.world.name_count(&peer(1)), 6);
    let withdrawn = vec![remove(1, "w", None), remove(1, "x", None)];
    assert_eq!(table.changed(1, withdrawn), ["removed", "removed"]);
    assert_eq!(table.names(1, "x"), [""; 0]);
    assert_eq!(table.names(2, "x"), ["a"], "another's is untouched");
    // A rename is a remove and an add, in either order.
    let renamed = vec![remove(1, "z", Some("a")), add("n", "z")];
    assert_eq!(table.changed(1, renamed), ["removed", "updated"]);
    assert_eq!(table.names(1, "z"), ["b", "n"]);
    assert_eq!(
        table.changed(
            1,
            vec![
                remove(2, "x", None),
                remove(1, "z", Some("nowhere")),
                remove(1, "w", None),
                remove(1, "z", None),
                remove(1, "z", None),
            ]
        ),
        [
            "unknown-file",
            "unknown-file",
            "unknown-file",
            "removed",
            "unknown-file"
        ]
    );
    assert_eq!(table.world.name_count(&peer(1)), 1);
}

#[test]
fn kind_and_tags_that_follow_from_a_name_go_with_it() {
    let mut table = Table::with(&[1]);
    let derived = |path: &str| match add(path, "x") {
        FileChange::Add(file) => FileChange::Add(CheckedFile {
            category: Category::of_name(path),
            tags: derive_tags(path).into_iter().map(Into::into).collect(),
            ..file
        }),
        other @ FileChange::Remove { .. } => other,
    };
    let told = |table: &Table| {
        let entry = table.world.files().get(&file(1, "x"));
        let entry = entry.expect("the record");
        (entry.category, entry.tags.join(" "))
    };
    table.changed(1, vec![derived("luna.mp3"), derived("cosmos.iso")]);
    assert_eq!(told(&table), (Category::Archive, "cosmos".to_owned()));
    let removed = table.changed(1, vec![remove(1, "x", Some("cosmos.iso"))]);
    assert_eq!(removed, ["removed"]);
    assert_eq!(told(&table), (Category::Audio, "luna".to_owned()));
    // What was given stays.
    table.changed(
        1,
        vec![add("given.iso", "x"), remove(1, "x", Some("given.iso"))],
    );
    assert_eq!(told(&table), (Category::Other, String::new()));
}

#[test]
fn a_digest_tells_whether_all_is_known() {
    let mut table = Table::with(&[1]);
    table.changed(
        1,
        vec![
            add("a", "x"),
            add("b", "x"),
            add("c", "y"),
            add_partial("p", "p"),
        ],
    );
    let mut digest = protocol::file::CatalogDigest::default();
    for (path, name) in [("b", "x"), ("c", "y"), ("a", "x")] {
        digest.toggle(path, &content(name));
    }
    let told = |digest: String| Register {
        catalog_digest: Some(digest),
        ..keyed(1)
    };
    let mut check = |digest: String, expected| {
        assert_eq!(table.registered(told(digest)).2, Some(expected));
    };
    check(digest.to_hex(), CatalogState::InSync);
    check(digest.to_hex().to_uppercase(), CatalogState::InSync);
    check("0".repeat(32), CatalogState::SendAll);
    check("nonsense".into(), CatalogState::SendAll);
}

#[test]
fn a_digest_counts_what_the_same_batch_changed() {
    let mut table = Table::with(&[1, 2]);
    table.changed(1, vec![add("a", "x"), add("b", "y"), add("c", "z")]);
    let mut draft = Draft::on(&table.world);
    let changes = vec![
        remove(1, "x", None),
        add("b2", "y"),
        add("c", "w"),
        add_partial("p", "p"),
    ];
    let mut ask = |command: Command| {
        decide(
            command,
            &mut draft,
            at(0),
            &Rules::default(),
            Overdue::default,
        )
        .expect("carried out")
        .answer
    };
    ask(change(1, changes));
    let mut digest = protocol::file::CatalogDigest::default();
    for (path, name) in [("b", "y"), ("b2", "y"), ("c", "z"), ("c", "w")] {
        digest.toggle(path, &content(name));
    }
    for (number, expected) in [(1, CatalogState::InSync), (2, CatalogState::SendAll)] {
        let answer = ask(Command::Register(Register {
            catalog_digest: Some(digest.to_hex()),
            ..keyed(number)
        }));
        let Answer::Registered(told) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(told.catalog, Some(expected));
    }
}

#[test]
fn an_unfinished_download_is_completed_and_never_undone() {
    let mut table = Table::with(&[1]);
    let is_partial = |table: &Table| {
        let entry = table.world.files().get(&file(1, "x"));
        entry.map(|entry| entry.is_partial)
    };
    let decision = table.ok(&change(1, vec![add_partial("x", "x")]));
    assert_eq!(decision.news, [], "not a file to browse yet");
    assert_eq!(is_partial(&table), Some(true));
    assert_eq!(table.world.files().totals(&peer(1)).files, 0);
    assert_eq!(table.changed(1, vec![add("x", "x")]), ["updated"]);
    assert_eq!(is_partial(&table), Some(false));
    assert_eq!(table.changed(1, vec![add_partial("x", "x")]), ["updated"]);
    assert_eq!(is_partial(&table), Some(false));
}

#[test]
fn names_are_bounded_a_record_and_a_peer() {
    let mut table = Table::with(&[1]);
    let names = (0..NAMES_PER_RECORD_MAX_COUNT).map(|number| add(&format!("n{number}"), "x"));
    table.changed(1, names.collect());
    assert_eq!(
        table.changed(1, vec![add("one more", "x")]),
        ["too-many-files"]
    );
    assert_eq!(table.changed(1, vec![add("n7", "x")]), ["updated"]);
    table.rules.names_per_peer_max_count = NAMES_PER_RECORD_MAX_COUNT + 1;
    assert_eq!(
        table.changed(
            1,
            vec![
                add("a", "a"),
                add("b", "b"),
                remove(1, "a", None),
                add("a", "c")
            ]
        ),
        ["added", "too-many-files", "removed", "added"],
        "a changed file needs no more room"
    );
}

#[test]
fn many_changes_are_told_as_one() {
    let mut table = Table::with(&[1]);
    let some = |count: usize| {
        let change = |number: usize| add(&format!("f{number}"), &format!("f{number}"));
        (0..count).map(change).collect::<Vec<_>>()
    };
    let single = table.ok(&change(1, some(20))).news;
    assert_eq!(single.len(), 20);
    assert!(matches!(single[0], News::FileRegistered(_)));
    let mut many = some(30);
    many.push(remove(1, "f0", None));
    many.push(remove(1, "f29", None));
    let [
        News::FilesChanged {
            owner,
            added,
            updated,
            removed,
            sample,
        },
    ] = &table.ok(&change(1, many)).news[..]
    else {
        panic!("not one summary");
    };
    assert_eq!(*owner, peer(1));
    // f29 came and went unheard.
    assert_eq!((*added, *updated, *removed), (9, 19, 1));
    assert_eq!(sample.len(), 20);
}

#[test]
fn downloads_are_counted_and_survive_a_change_of_the_record() {
    let mut table = Table::with(&[1]);
    assert_eq!(table.refused(&download(1, "x")), Slug::UnknownFile);
    table.changed(1, vec![add("x", "x")]);
    for expected in 1..=3 {
        let decision = table.ok(&download(1, "x"));
        let told = Answer::Counted {
            downloads: expected,
        };
        assert_eq!(decision.answer, told);
    }
    table.changed(1, vec![add("renamed", "x"), remove(1, "x", Some("x"))]);
    let entry = table.world.files().get(&file(1, "x")).expect("there");
    assert_eq!(entry.downloads, 3);
    table.changed(1, vec![remove(1, "x", None)]);
    assert_eq!(table.world.download_count(), 3, "the sum stays");
}

#[test]
fn a_rename_keeps_what_was_counted() {
    let mut table = Table::with(&[1, 2]);
    table.changed(1, vec![add("a", "x")]);
    table.ok(&download(1, "x"));
    table.ok(&rate(2, 1, "x", 4));
    let counted = |table: &Table| {
        let entry = table.world.files().get(&file(1, "x")).expect("there");
        (entry.downloads, entry.rating_sum, entry.rating_votes)
    };
    let gone = |path| remove(1, "x", Some(path));
    let renames: [(Vec<FileChange>, &[&str]); 5] = [
        (vec![gone("a"), add("b", "x")], &["b"]),
        (vec![gone("b"), add("b", "x")], &["b"]),
        (vec![remove(1, "x", None), add("a", "x")], &["a"]),
        (vec![gone("a"), add("a", "y"), add("b", "x")], &["b"]),
        (
            vec![
                gone("b"),
                add("b", "y"),
                add("c", "x"),
                gone("c"),
                add("a", "x"),
            ],
            &["a"],
        ),
    ];
    for (changes, names) in renames {
        let told = table.ok(&change(1, changes.clone()));
        assert_eq!(table.names(1, "x"), names, "{changes:?}");
        assert_eq!(counted(&table), (1, 4, 1), "{changes:?}");
        let entry = table.world.files().get(&file(1, "x")).expect("there");
        assert!(
            told.news.contains(&News::FileRegistered(entry)),
            "watchers hear what stays: {changes:?}"
        );
    }
    table.ok(&rate(2, 1, "x", 5));
    assert_eq!(counted(&table), (1, 5, 1), "the vote is still that peer's");
    table.changed(1, vec![gone("a")]);
    table.changed(1, vec![add("a", "x")]);
    assert_eq!(counted(&table), (0, 0, 0), "another request begins anew");
}

#[test]
fn file_names_that_are_not_the_end_of_the_path_are_kept() {
    let mut table = Table::with(&[1]);
    let mut odd = checked("folder/file", "x");
    odd.filename = Some("shown.iso".into());
    table.changed(1, vec![FileChange::Add(odd)]);
    let entry = table.world.files().get(&file(1, "x")).expect("there");
    assert_eq!(entry.names[0].filename.as_deref(), Some("shown.iso"));
}
