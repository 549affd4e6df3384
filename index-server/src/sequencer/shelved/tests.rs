//! From a shelf and a journal comes the world that the journal alone leads to, or nothing.

use std::fs;
use std::path::Path;

use super::*;
use crate::decide::kit::{add, at, change, file, keyed, remove};
use crate::decide::{Draft, Overdue, Rules, decide};
use crate::journal::EmbeddedJournal;
use crate::world::PlainFiles;

/// A data folder with a journal, a shelf, and the world that goes with them.
struct House {
    folder: tempfile::TempDir,
    journal: EmbeddedJournal,
    shelf: Shelf,
    world: World,
    position: Position,
    fact_count: u64,
    known: Known,
}

impl House {
    /// A peer with two files, put down; then one file more and one less.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut house = Self {
            journal: EmbeddedJournal::open(folder.path()).expect("opened"),
            shelf: Shelf::in_folder(folder.path()),
            folder,
            world: World::default(),
            position: Position::default(),
            fact_count: 0,
            known: Known::new(),
        };
        house.take(&crate::command::Command::Register(keyed(1)));
        house.take(&change(1, vec![add("a", "x"), add("dir/b", "y")]));
        house.put_down();
        house.take(&change(1, vec![add("c", "z"), remove(1, "x", None)]));
        house
    }

    /// Carries a command out as the sequencer does.
    fn take(&mut self, command: &crate::command::Command) {
        let mut draft = Draft::on(&self.world);
        let rules = Rules::default();
        let decision = decide(command.clone(), &mut draft, at(0), &rules, Overdue::default);
        let records = decision.expect("a good command").records;
        let rows: Vec<_> = (records.iter())
            .map(|record| record.encode().expect("encoded"))
            .collect();
        self.position = self.journal.append(self.position, &rows).expect("appended");
        for record in &records {
            self.fact_count += record.fact_count();
            self.world.apply(record.clone());
        }
    }

    fn put_down(&mut self) {
        let place = Place {
            position: self.position,
            seal: (self.journal.seal(self.position).expect("read")).expect("a seal"),
            sizes: self.journal.sizes(),
            fact_count: self.fact_count,
        };
        let still = self.world.still();
        self.known = put_down(&self.shelf, &self.known, place, &still).expect("put down");
    }

    fn compact(&mut self) {
        let still = self.world.still();
        compaction::replace(&self.journal, self.position, &still).expect("compacted");
        self.fact_count = self.world.fact_count();
    }

    /// Whether the shelf is of use; checks what comes from it.
    fn is_taken_up(&self) -> bool {
        let Some(taken_up) = take_up(&self.shelf, &self.journal).expect("read") else {
            return false;
        };
        let (plain, position, fact_count) =
            compaction::load::<PlainFiles>(&self.journal).expect("loaded");
        assert_eq!(taken_up.position, position);
        assert_eq!(fact_count, self.fact_count);
        // More where a snapshot came after it: then the next one comes early.
        assert!(taken_up.fact_count >= fact_count);
        let records = |world: &mut dyn Iterator<Item = Record>| world.collect::<Vec<_>>();
        assert_eq!(
            records(&mut taken_up.world.snapshot()),
            records(&mut plain.snapshot())
        );
        true
    }

    fn files(&self) -> Vec<std::path::PathBuf> {
        let files = fs::read_dir(self.folder.path().join("shelf")).expect("the shelf");
        files.map(|file| file.expect("a file").path()).collect()
    }
}

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
        let whole = fs::read(&path).expect("the file");
        let mut turned = whole.clone();
        turned[whole.len() / 2] ^= 1;
        for torn in [&turned[..], &whole[..whole.len() / 2], &[]] {
            fs::write(&path, torn).expect("torn");
            assert!(!house.is_taken_up(), "{}", path.display());
        }
        fs::remove_file(&path).expect("removed");
        assert!(!house.is_taken_up(), "{}", path.display());
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
    assert!(!house.is_taken_up(), "it is behind the shelf");
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
    assert!(!house.is_taken_up());
}
