//! Contents that lag behind, after a start from what was put down meanwhile.

use super::*;
use crate::catalog::stored::Part;
use crate::catalog::tests::entry;

/// A catalog like this one as a start makes it from what this one puts down.
fn restored(catalog: &mut Catalog, model: &Model) -> Catalog {
    let view = catalog.view();
    let parts = (view.parts().into_iter())
        .map(|part| Part::from_bytes(&part.bytes(), &part.dead_bytes()).expect("its own bytes"));
    let (slots, totals) = (view.owner_slots(), catalog.all_totals().to_vec());
    let (mut restored, _) = Catalog::restore(slots.clone(), totals, parts.collect());
    // Of records in a world every owner is known.
    let nobody = OwnerFacts {
        name: "".into(),
        is_online: false,
        reputation: 0,
    };
    for id in slots.into_iter().flatten() {
        restored.put_owner(id, nobody.clone());
    }
    for (id, facts) in &model.owners {
        restored.put_owner(*id, facts.clone());
    }
    restored
}

/// What is put down now answers like this one, is as exact once it has come to rest, and goes on
/// like it.
pub(super) fn check_restored(catalog: &mut Catalog, model: &Model, steps: &[Step], contents: u16) {
    let mut again = restored(catalog, model);
    check_lookups(&again.view(), model, contents);
    check_searches(&Seen::of(&mut again), model, steps);
    let mut rested = restored(catalog, model);
    rested.settle();
    check_searches(&Seen::up_to_date(&mut rested), model, steps);
    check_all(&mut again, &mut model.clone(), steps, contents);
    again.settle();
    Seen::up_to_date(&mut again);
}

fn put(catalog: &mut Catalog, model: &mut Model, by: u8, of: u16) {
    let path = format!("{of}/{by}.txt");
    let entry = FileEntry {
        id: FileId::of(&owner(by), &content(of)),
        hash: content(of),
        size_bytes: u64::from(of),
        category: Category::of_name(&path),
        ..entry(owner(by), &path)
    };
    take(catalog, model, &Step::Put(Box::new(entry)));
}

/// Contents 0 to 9 with two holders each; then a third for some of them, all at once.
fn grown(many_count: usize, third: impl Iterator<Item = u16>) -> (Catalog, Model) {
    let (mut catalog, mut model) = (Catalog::with_shape(SMALL, many_count), Model::default());
    let facts = OwnerFacts {
        name: "Léna".into(),
        is_online: true,
        reputation: 0,
    };
    for number in 0..OWNER_COUNT {
        let step = Step::Owner(owner(number), facts.clone());
        take(&mut catalog, &mut model, &step);
    }
    for of in 0..10 {
        put(&mut catalog, &mut model, 0, of);
        put(&mut catalog, &mut model, 1, of);
    }
    catalog.view();
    for of in third {
        put(&mut catalog, &mut model, 2, of);
    }
    catalog.view();
    (catalog, model)
}

#[test]
fn few_changes_count_at_once_and_many_at_rest() {
    let (query, params) = (Query::default(), SearchParams::default());
    let (mut catalog, model) = grown(4, 3..7);
    check_search(&Seen::up_to_date(&mut catalog), &model, &query, &params);
    let (mut catalog, model) = grown(4, 3..8);
    assert!(catalog.is_lagging());
    check_search(&Seen::of(&mut catalog), &model, &query, &params);
    catalog.catch_up();
    check_search(&Seen::up_to_date(&mut catalog), &model, &query, &params);
}

#[test]
fn what_lags_is_caught_up_with_beside_the_next_few_changes() {
    let (mut catalog, mut model) = grown(4, 0..9);
    put(&mut catalog, &mut model, 3, 9);
    catalog.view();
    let (query, params) = (Query::default(), SearchParams::default());
    check_search(&Seen::up_to_date(&mut catalog), &model, &query, &params);
}

#[test]
fn a_second_holder_is_told_of_at_once_however_much_comes() {
    let (mut catalog, mut model) = grown(0, 0..0);
    for of in 10..20 {
        put(&mut catalog, &mut model, 0, of);
    }
    catalog.view();
    for of in 10..20 {
        put(&mut catalog, &mut model, 1, of);
    }
    let (query, params) = (Query::default(), SearchParams::default());
    check_search(&Seen::up_to_date(&mut catalog), &model, &query, &params);
}
