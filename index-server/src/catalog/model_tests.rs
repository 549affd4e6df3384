//! The catalog against the model: whatever happens to records and owners, all that is asked gets
//! the model's answer, page by page.

mod corrected;
mod lagging;
mod pages;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use protocol::category::Category;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::query::Query;
use protocol::search::{Order, SearchParams, Sort};

use super::compact::Shape;
use super::model::Model;
use super::{Catalog, CatalogView, FileEntry, OwnerFacts, RecordName};
use pages::{Seen, check_search};

const OWNER_COUNT: u8 = 4;
const FEW_CONTENTS: u16 = 12;
const MANY_CONTENTS: u16 = 1_000;
/// So small that all kinds of merges happen.
const SMALL: Shape = Shape {
    smallest: 2,
    inline_max: 6,
    large_min: 12,
};

fn owner(number: u8) -> PeerId {
    PeerId::from_bytes([number.wrapping_mul(67); 32])
}

fn content(number: u16) -> ContentHash {
    ContentHash::of(&number.to_be_bytes())
}

#[derive(Debug, Clone)]
enum Step {
    Owner(PeerId, OwnerFacts),
    Drop(PeerId),
    Put(Box<FileEntry>),
    /// By the first of its names.
    Name(Box<FileEntry>),
    /// The name with this number, counted round.
    Unname(FileId, usize),
    Remove(FileId),
    Downloads(FileId, u64),
    Rating(FileId, u64, u64),
    Check(Box<(Query, SearchParams)>),
}

fn any_name() -> impl Strategy<Value = RecordName> {
    let part = "[aAbBéß012 \t._-]{1,5}";
    let folders = prop::collection::vec(part, 0..3);
    (folders, part, prop::option::weighted(0.1, part)).prop_map(|(folders, last, filename)| {
        let parts: Vec<String> = folders.into_iter().chain([last]).collect();
        RecordName {
            path: parts.join("/").into(),
            filename: filename.map(Into::into),
        }
    })
}

fn any_entry(contents: u16) -> impl Strategy<Value = FileEntry> {
    let names = prop_oneof![
        6 => prop::collection::vec(any_name(), 1),
        1 => prop::collection::vec(any_name(), 2..5),
    ];
    let tags = prop::collection::vec(select(vec!["linux", "éa", "b"]), 0..3);
    let id = (0..OWNER_COUNT, 0..contents);
    let figures = (0..6_u64, 0..4_u64, 0..3_u64, 0..6_i64);
    let kind = (select(Category::ALL.to_vec()), prop::bool::weighted(0.15));
    (id, names, tags, figures, kind).prop_map(
        |((by, of), mut names, tags, (size, downloads, votes, at), (category, is_partial))| {
            let mut seen = std::collections::HashSet::new();
            names.retain(|name| seen.insert(name.path.clone()));
            FileEntry {
                id: FileId::of(&owner(by), &content(of)),
                owner: owner(by),
                hash: content(of),
                pieces_root: None,
                size_bytes: size,
                category,
                tags: tags.into_iter().map(Into::into).collect(),
                names,
                uploaded_at: Timestamp::constant(at * 1_000, 7_000_000),
                is_partial,
                downloads,
                rating_sum: 3 * votes,
                rating_votes: votes,
            }
        },
    )
}

fn any_query(contents: u16) -> impl Strategy<Value = Query> {
    let term = prop_oneof![
        4 => "[aAbBé012]{1,3}",
        1 => "[ab012._/-]{1,4}",
        1 => "\"[ab01 ._-]{1,4}\"",
        // Words side by side, of which many names hold both.
        1 => "[aAb][ ._-][ab]",
        1 => "\"[aAb][ ._-][ab]\"",
        1 => "-[ab12]{1,2}",
        1 => "-\"[ab] [ab]\"",
        1 => "ext:[ab1]",
        1 => "size:[<>]?[0-5]",
        1 => select(vec!["tag:linux", "tag:ea", "category:video,audio", "owner:Lé", "owner:aaaaaaa"])
            .prop_map(str::to_owned),
        1 => (0..contents).prop_map(|of| format!("hash:{}", content(of))),
    ];
    let text = prop::collection::vec(term, 0..3).prop_map(|terms| terms.join(" "));
    text.prop_filter_map("does not parse", |text| Query::parse(&text).ok())
}

fn any_params(contents: u16) -> impl Strategy<Value = SearchParams> {
    let sorts = vec![
        Sort::Relevance,
        Sort::Filename,
        Sort::Size,
        Sort::Downloads,
        Sort::Rating,
        Sort::UploadTime,
    ];
    let order = (
        select(sorts),
        prop::option::of(select(vec![Order::Asc, Order::Desc])),
        1..5_usize,
    );
    let filters = (
        prop::option::weighted(0.1, select(Category::ALL.to_vec())),
        prop::option::weighted(0.1, 0..4_u64),
        prop::option::weighted(0.1, 2..6_u64),
        prop::option::weighted(0.1, 0..contents),
        prop::option::weighted(0.1, 0..OWNER_COUNT + 1),
        prop::option::weighted(0.1, Just("linux".to_owned())),
    );
    let flags = (prop::bool::weighted(0.7), prop::bool::weighted(0.7));
    (order, filters, flags).prop_map(
        |((sort, order, limit), (category, min_size, max_size, hash, by, tag), flags)| {
            SearchParams {
                category,
                tags: tag.into_iter().collect(),
                sort,
                order,
                limit,
                min_size,
                max_size,
                hash: hash.map(content),
                owner: by.map(owner),
                online: flags.0,
                collapse: flags.1,
                ..SearchParams::default()
            }
        },
    )
}

fn any_step(contents: u16) -> impl Strategy<Value = Step> {
    let any_id = move || {
        (0..OWNER_COUNT, 0..contents).prop_map(|(by, of)| FileId::of(&owner(by), &content(of)))
    };
    let any_owner = || (0..OWNER_COUNT).prop_map(owner);
    let facts = (select(vec!["Léna", "Bob", ""]), any::<bool>(), 0..3_u8).prop_map(
        |(name, is_online, reputation)| OwnerFacts {
            name: name.into(),
            is_online,
            reputation,
        },
    );
    prop_oneof![
        3 => (any_owner(), facts).prop_map(|(id, facts)| Step::Owner(id, facts)),
        1 => any_owner().prop_map(Step::Drop),
        20 => any_entry(contents).prop_map(|entry| Step::Put(Box::new(entry))),
        10 => any_entry(contents).prop_map(|mut entry| {
            entry.names.truncate(1);
            Step::Name(Box::new(entry))
        }),
        4 => (any_id(), 0..5_usize).prop_map(|(id, name)| Step::Unname(id, name)),
        4 => any_id().prop_map(Step::Remove),
        3 => (any_id(), 0..6_u64).prop_map(|(id, count)| Step::Downloads(id, count)),
        3 => (any_id(), 0..9_u64, 0..3_u64).prop_map(|(id, sum, votes)| Step::Rating(id, sum, votes)),
        10 => (any_query(contents), any_params(contents)).prop_map(|both| Step::Check(Box::new(both))),
    ]
}

fn take(catalog: &mut Catalog, model: &mut Model, step: &Step) {
    match step {
        Step::Owner(id, facts) => {
            catalog.put_owner(*id, facts.clone());
            model.owners.insert(*id, facts.clone());
        }
        Step::Drop(id) => {
            let mut gone = Vec::new();
            catalog.drop_owner(id, &mut |entry| gone.push(entry.id));
            gone.sort();
            let entries = model.entries.values().filter(|entry| entry.owner == *id);
            let expected: Vec<FileId> = entries.map(|entry| entry.id).collect();
            assert_eq!(gone, expected);
            model.entries.retain(|_, entry| entry.owner != *id);
            model.owners.remove(id);
        }
        Step::Put(entry) => {
            catalog.put((**entry).clone());
            model.entries.insert(entry.id, (**entry).clone());
        }
        Step::Name(entry) => {
            let is_new = model.name(entry);
            assert_eq!(catalog.name((**entry).clone()), is_new);
        }
        Step::Unname(id, number) => {
            let names = model.entries.get(id).map(|entry| entry.names.clone());
            let names = names.unwrap_or_default();
            let name = names.get(number % names.len().max(1));
            let path = name.map_or("nowhere", |name| &name.path);
            let by = (0..OWNER_COUNT).map(owner);
            for by in by {
                let left = model.unname(&by, id, path);
                assert_eq!(catalog.unname(&by, id, path), left);
            }
        }
        Step::Remove(id) => assert_eq!(catalog.remove(id), model.entries.remove(id)),
        Step::Downloads(id, count) => {
            catalog.set_downloads(id, *count);
            if let Some(entry) = model.entries.get_mut(id) {
                entry.downloads = *count;
            }
        }
        Step::Rating(id, sum, votes) => {
            catalog.set_rating(id, *sum, *votes);
            if let Some(entry) = model.entries.get_mut(id) {
                (entry.rating_sum, entry.rating_votes) = (*sum, *votes);
            }
        }
        Step::Check(asked) => {
            let seen = Seen::of(catalog);
            check_writer(catalog, model);
            check_search(&seen, model, &asked.0, &asked.1);
        }
    }
}

fn check_writer(catalog: &Catalog, model: &Model) {
    let mut entries: Vec<FileEntry> = catalog.entries().collect();
    entries.sort_by_key(|entry| entry.id);
    let expected: Vec<FileEntry> = model.entries.values().cloned().collect();
    assert_eq!(entries, expected);
    for number in 0..=OWNER_COUNT {
        let id = owner(number);
        assert_eq!(catalog.totals(&id), model.totals(&id));
    }
}

/// Everything that a view answers without a search.
fn check_lookups(view: &CatalogView, model: &Model, contents: u16) {
    let complete = model.entries.values().filter(|entry| !entry.is_partial);
    assert_eq!(view.file_count(), complete.clone().count() as u64);
    assert_eq!(
        view.byte_count(),
        complete.map(|entry| entry.size_bytes).sum::<u64>()
    );
    for of in 0..contents {
        let hash = content(of);
        let mut holders = view.holders(&hash);
        holders.sort_by_key(|entry| entry.id);
        let expected: Vec<FileEntry> = model.holders(&hash).into_iter().cloned().collect();
        assert_eq!(holders, expected);
        assert_eq!(view.sources(&hash), model.sources(&hash));
        for by in 0..OWNER_COUNT {
            let id = FileId::of(&owner(by), &hash);
            assert_eq!(view.file(&id).as_ref(), model.entries.get(&id));
        }
    }
    for by in 0..=OWNER_COUNT {
        for prefix in ["", "a", "a/", "é"] {
            let mut rows = Vec::new();
            let mut cursor = None;
            loop {
                let page = view
                    .files_of(&owner(by), prefix, cursor.as_deref(), 2)
                    .expect("a cursor of this listing");
                for (name, entry) in page.rows {
                    let known = &model.entries[&entry.id];
                    assert_eq!(entry.names, std::slice::from_ref(&name));
                    assert!(known.names.iter().any(|known| is_shown_as(known, &name)));
                    assert_eq!((entry.tags, entry.hash), (known.tags.clone(), known.hash));
                    rows.push((name.path.to_string(), entry.id));
                }
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(rows, model.listing(&owner(by), prefix));
        }
    }
}

/// A name that is the last part of its path need not be told.
fn is_shown_as(known: &RecordName, name: &RecordName) -> bool {
    let last = known.path.rsplit('/').next();
    let apart = known
        .filename
        .as_deref()
        .filter(|given| Some(*given) != last);
    known.path == name.path && apart == name.filename.as_deref()
}

fn run(steps: &[Step], contents: u16, (shape, many_count): (Shape, usize)) {
    let mut catalog = Catalog::with_shape(shape, many_count);
    let mut model = Model::default();
    let mut old: Option<(Seen, Model)> = None;
    for (index, step) in steps.iter().enumerate() {
        take(&mut catalog, &mut model, step);
        if index == steps.len() / 2 {
            old = Some((Seen::of(&mut catalog), model.clone()));
        }
    }
    check_lookups(&catalog.view(), &model, contents);
    lagging::check_restored(&mut catalog, &model, steps, contents);
    catalog.settle();
    check_lookups(&catalog.view(), &model, contents);
    check_searches(&Seen::up_to_date(&mut catalog), &model, steps);
    let (owners, entries) = (model.owners.clone(), model.entries.clone());
    let mut loaded = Catalog::of(owners.into_iter(), entries.into_values());
    check_all(&mut loaded, &mut model.clone(), steps, contents);
    // A view stays as it was, whatever happened since.
    if let Some((seen, model)) = old {
        check_lookups(&seen.view, &model, contents);
        check_searches(&seen, &model, steps);
    }
}

/// Every search among the steps.
fn check_searches(seen: &Seen, model: &Model, steps: &[Step]) {
    for step in steps {
        if let Step::Check(asked) = step {
            check_search(seen, model, &asked.0, &asked.1);
        }
    }
}

/// What was loaded at once answers like what grew, and goes on like it.
fn check_all(loaded: &mut Catalog, model: &mut Model, steps: &[Step], contents: u16) {
    check_lookups(&loaded.view(), model, contents);
    for step in steps {
        take(loaded, model, step);
    }
    check_lookups(&loaded.view(), model, contents);
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn every_answer_is_the_models(
        steps in prop::collection::vec(any_step(FEW_CONTENTS), 1..120),
        many_count in select(vec![0, 2, usize::MAX]),
    ) {
        run(&steps, FEW_CONTENTS, (SMALL, many_count));
    }
}

proptest! {
    #![proptest_config(config(2))]

    #[test]
    fn every_answer_over_many_records_is_the_models(
        entries in prop::collection::vec(any_entry(MANY_CONTENTS), 1_500),
        steps in prop::collection::vec(any_step(MANY_CONTENTS), 60),
    ) {
        let puts = entries.into_iter().map(|entry| Step::Put(Box::new(entry)));
        let owners = (0..OWNER_COUNT).map(|number| {
            Step::Owner(owner(number), OwnerFacts {
                name: "Léna".into(),
                is_online: number > 0,
                reputation: number,
            })
        });
        let steps: Vec<Step> = owners.chain(puts).chain(steps).collect();
        run(&steps, MANY_CONTENTS, (Shape::default(), 16));
    }
}
