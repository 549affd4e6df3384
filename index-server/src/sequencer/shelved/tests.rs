//! From a shelf and a journal comes the world that the journal alone leads to, or nothing.

use std::fs;
use std::path::Path;

use super::kit::House;
use super::*;
use crate::decide::kit::{add, change, file};
use crate::journal::EmbeddedJournal;
use crate::world::PlainFiles;

#[test]
fn what_was_appended_after_is_applied_on_top() {
    let mut house = House::new();
    assert!(house.is_taken_up());
    house.put_down();
    assert!(house.is_taken_up());
    let taken_up = take_up(&house.shelf, &house.journal).expect("read");
    let world = taken_up.expect("of use").world;
    assert!(world.files().get(&file(1, "x")).is_none());
    assert!(world.files().get(&file(1, "z")).is_some());
}

#[test]
fn a_segment_that_is_there_already_is_not_written_again() {
    let mut house = House::new();
    let before = house.files();
    house.put_down();
    let after = house.files();
    assert!(
        before.iter().all(|file| after.contains(file)),
        "{before:?} {after:?}"
    );
    assert_eq!(after.len(), before.len() + 1);
}

#[test]
fn whatever_is_torn_or_gone_the_journal_is_enough() {
    let house = House::new();
    assert_eq!(house.files().len(), 2);
    for path in house.files() {
        let is_list = path.ends_with("list");
        let torn_is = if is_list { Unfit::List } else { Unfit::Part };
        let gone_is = if is_list { Unfit::Missing } else { Unfit::Part };
        let whole = fs::read(&path).expect("the file");
        let mut turned = whole.clone();
        turned[whole.len() / 2] ^= 1;
        for torn in [&turned[..], &whole[..whole.len() / 2], &[]] {
            fs::write(&path, torn).expect("torn");
            assert_eq!(house.unfit(), Some(torn_is), "{}", path.display());
        }
        fs::remove_file(&path).expect("removed");
        assert_eq!(house.unfit(), Some(gone_is), "{}", path.display());
        fs::write(&path, &whole).expect("mended");
        assert!(house.is_taken_up());
    }
}

#[test]
fn a_snapshot_at_the_same_place_changes_nothing_and_a_later_one_makes_it_useless() {
    let mut house = House::new();
    house.put_down();
    house.compact();
    assert!(house.is_taken_up());
    house.take(&change(1, vec![add("d", "w")]));
    assert!(house.is_taken_up());
    house.compact();
    assert!(!house.is_taken_up());
    house.put_down();
    assert!(house.is_taken_up());
}

#[test]
fn a_journal_that_was_put_back_from_a_copy_is_told_from_the_one_it_was() {
    let mut house = House::new();
    let path = EmbeddedJournal::path_in(house.folder.path());
    let copy_of = |path: &Path| fs::read(path).expect("the journal");
    let earlier = copy_of(&path);
    house.take(&change(1, vec![add("d", "w")]));
    house.put_down();
    assert!(house.is_taken_up());
    house.journal.close();
    fs::write(&path, earlier).expect("put back");
    house.journal = EmbeddedJournal::open(house.folder.path()).expect("opened");
    assert_eq!(
        house.unfit(),
        Some(Unfit::Foreign(house.position)),
        "it is behind the shelf"
    );
    let (world, position, fact_count) =
        compaction::load::<PlainFiles>(&house.journal).expect("loaded");
    (house.world, house.position) = (world.into_searchable(), position);
    house.fact_count = fact_count;
    house.take(&change(1, vec![add("e", "v")]));
    assert!(!house.is_taken_up(), "it went another way from there");
    house.take(&change(1, vec![add("f", "u")]));
    assert!(!house.is_taken_up(), "and is longer by now");
}

#[test]
fn a_list_of_another_layout_is_left_alone() {
    let house = House::new();
    let bytes = house.shelf.list().expect("a list");
    let mut list: List = postcard::from_bytes(&bytes).expect("our list");
    let kept: Vec<PartName> = list.parts.iter().map(|part| part.name.clone()).collect();
    list.layout += 1;
    let bytes = postcard::to_stdvec(&list).expect("in memory");
    house.shelf.put_list(&bytes, &kept).expect("written");
    assert_eq!(house.unfit(), Some(Unfit::Layout));
}
