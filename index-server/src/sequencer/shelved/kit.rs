//! Test kit: a data folder with a journal and a shelf, without a sequencer.

use std::fs;

use super::*;
use crate::decide::kit::{add, at, change, keyed, remove};
use crate::decide::{Draft, Overdue, Rules, decide};
use crate::journal::EmbeddedJournal;
use crate::world::PlainFiles;

/// A data folder with a journal, a shelf, and the world that goes with them.
pub(in crate::sequencer) struct House {
    pub(in crate::sequencer) folder: tempfile::TempDir,
    pub(in crate::sequencer) journal: EmbeddedJournal,
    pub(in crate::sequencer) shelf: Shelf,
    pub(in crate::sequencer) world: World,
    pub(in crate::sequencer) position: Position,
    pub(in crate::sequencer) fact_count: u64,
    pub(in crate::sequencer) known: Known,
}

impl House {
    /// A peer with two files, put down; then one file more and one less.
    pub(in crate::sequencer) fn new() -> Self {
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
    pub(in crate::sequencer) fn take(&mut self, command: &crate::command::Command) {
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

    pub(in crate::sequencer) fn put_down(&mut self) {
        let place = Place {
            position: self.position,
            seal: (self.journal.seal(self.position).expect("read")).expect("a seal"),
            sizes: self.journal.sizes(),
            fact_count: self.fact_count,
        };
        let still = self.world.still();
        self.known = put_down(&self.shelf, &self.known, place, &still).expect("put down");
    }

    pub(in crate::sequencer) fn compact(&mut self) {
        let still = self.world.still();
        compaction::replace(&self.journal, self.position, &still).expect("compacted");
        self.fact_count = self.world.fact_count();
    }

    /// Whether the shelf is of use; checks what comes from it.
    pub(in crate::sequencer) fn is_taken_up(&self) -> bool {
        self.unfit().is_none()
    }

    /// Why the shelf is of no use; checks what comes from it where it is.
    pub(in crate::sequencer) fn unfit(&self) -> Option<Unfit> {
        let taken_up = match take_up(&self.shelf, &self.journal).expect("read") {
            Ok(taken_up) => taken_up,
            Err(unfit) => return Some(unfit),
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
        None
    }

    pub(in crate::sequencer) fn files(&self) -> Vec<std::path::PathBuf> {
        let files = fs::read_dir(self.folder.path().join("shelf")).expect("the shelf");
        files.map(|file| file.expect("a file").path()).collect()
    }
}
