//! Whatever page of a journal is damaged, the index goes on with all that it acknowledged where that
//! can be read, with its shelf where it cannot, with what stands before the damage where there is no
//! shelf, and says no where there is nothing.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::catalog::FileEntry;
use crate::clock::Clock;
use crate::config::Config;
use crate::decide::kit::{add, change};
use crate::metrics::Metrics;
use crate::sequencer::kit::Watcher;
use crate::sequencer::shelved::kit::House;
use crate::sequencer::{Index, Parts, Settings};

const JOURNAL: &str = "journal.redb";

/// Names of a journal that was not closed: 300 on the shelf and six that came after, as they stand in
/// a folder of their own.
fn crashed() -> (tempfile::TempDir, BTreeSet<String>, BTreeSet<String>) {
    let mut house = House::new();
    for number in 0..30 {
        let some = (0..10).map(|part| format!("dir {number}/file {part} with a long name.iso"));
        house.take(&change(1, some.map(|name| add(&name, &name)).collect()));
    }
    house.put_down();
    let shelved = names(&house.world);
    for number in 0..6 {
        let name = format!("later {number}");
        house.take(&change(1, vec![add(&name, &name)]));
    }
    let folder = tempfile::tempdir().expect("a folder");
    copy(house.folder.path(), folder.path());
    let all = names(&house.world);
    (folder, shelved, all)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&to).expect("made");
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("copied");
        }
    }
}

fn names<F: Files>(world: &World<F>) -> BTreeSet<String> {
    let path = |entry: FileEntry| entry.names.last().expect("a name").path.to_string();
    world.files().entries().map(path).collect()
}

/// What a start leads to, with what came of a rescue if there was one.
fn start(folder: &Path) -> Result<(BTreeSet<String>, Option<Rescued>), JournalError> {
    let shelf = Shelf::in_folder(folder);
    let load = || -> Result<BTreeSet<String>, JournalError> {
        let journal = EmbeddedJournal::open(folder)?;
        match shelved::take_up(&shelf, &journal)? {
            Ok(taken_up) => Ok(names(&taken_up.world)),
            Err(_) => Ok(names(&compaction::load::<PlainFiles>(&journal)?.0)),
        }
    };
    match load() {
        Ok(names) => Ok((names, None)),
        Err(found) if found.is_damage() => {
            let rescued = rescue(folder, found, Timestamp::now())?;
            let whole = EmbeddedJournal::open(folder).expect("written anew");
            whole.look_through(&mut |_| true).expect("all is whole");
            drop(whole);
            Ok((load().expect("goes on"), Some(rescued)))
        }
        Err(error) => Err(error),
    }
}

#[test]
fn whatever_page_is_damaged_all_goes_on_that_can_be_read() {
    let (source, shelved, all) = crashed();
    let whole = fs::read(source.path().join(JOURNAL)).expect("readable");
    let (mut whole_count, mut partly_count) = (0, 0);
    for at in (0..whole.len()).step_by(4096) {
        for at in [at + 8, at + 300] {
            let folder = tempfile::tempdir().expect("a folder");
            copy(source.path(), folder.path());
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            fs::write(folder.path().join(JOURNAL), &damaged).expect("written");
            let (names, rescued) = start(folder.path()).unwrap_or_else(|e| panic!("{at}: {e}"));
            assert!(names.is_superset(&shelved), "{at}: {rescued:?}");
            let Some(rescued) = rescued else { continue };
            let kept = fs::metadata(&rescued.aside).expect("kept").len();
            assert_eq!(kept, whole.len() as u64);
            if rescued.from == Source::Journal && names == all {
                whole_count += 1;
            } else {
                partly_count += 1;
                assert!(all.is_superset(&names), "{at}: never held");
            }
        }
    }
    assert!(
        whole_count > 10,
        "{whole_count} whole, {partly_count} in part"
    );
    assert!(partly_count < whole_count, "{whole_count} {partly_count}");
}

#[test]
fn an_empty_or_shorn_file_is_no_empty_index() {
    for length in [0, 100, 4096, 40_960] {
        let (folder, shelved, _) = crashed();
        let path = folder.path().join(JOURNAL);
        let whole = fs::read(&path).expect("readable");
        let shorn = &whole[..length.min(whole.len() - 1)];
        fs::write(&path, shorn).expect("written");
        let (names, rescued) = start(folder.path()).expect("goes on from the shelf");
        assert!(names.is_superset(&shelved), "{length}");
        let rescued = rescued.expect("damaged");
        assert_eq!(rescued.from, Source::Shelf);
        // The store may have written into its head when it was tried to be opened.
        let length_of = |path: &Path| fs::metadata(path).expect("kept").len();
        assert_eq!(length_of(&rescued.aside), shorn.len() as u64);

        if length > 4096 {
            continue;
        }
        // Without a shelf nothing is left to go on from.
        fs::write(&path, shorn).expect("written");
        remove_shelf(folder.path());
        let text = start(folder.path()).expect_err("refused").to_string();
        assert!(
            text.contains(JOURNAL) && text.contains("move it away"),
            "{text}"
        );
        assert_eq!(length_of(&path), shorn.len() as u64);
    }
}

fn remove_shelf(folder: &Path) {
    fs::remove_dir_all(folder.join("shelf")).expect("removed");
}

/// Names of [`crashed`] that came before the ones of a folder.
fn before(all: &BTreeSet<String>, folder: usize) -> BTreeSet<String> {
    let number = |name: &String| -> Option<usize> {
        let rest = name.strip_prefix("dir ")?;
        rest.split_once('/')?.0.parse().ok()
    };
    let stays = |name: &&String| match number(name) {
        Some(number) => number < folder,
        None => !name.starts_with("later"),
    };
    all.iter().filter(stays).cloned().collect()
}

#[test]
fn without_a_shelf_what_stands_before_the_damage_goes_on() {
    let (folder, _, all) = crashed();
    remove_shelf(folder.path());
    // Closed well: the store finds nothing wrong when it is opened.
    drop(EmbeddedJournal::open(folder.path()).expect("opened"));
    turn_a_bit(folder.path());
    let (names, rescued) = start(folder.path()).expect("goes on");
    let rescued = rescued.expect("damaged");
    assert_eq!(rescued.from, Source::BeforeDamage);
    assert_eq!(names, before(&all, 7));
    // Those of 23 folders and six that came later.
    assert_eq!(rescued.missing, Some(29));
    assert!(!rescued.is_all());
    assert!(rescued.aside.ends_with("journal.redb.damaged"));
    let (again, rescued) = start(folder.path()).expect("goes on");
    assert_eq!((again, rescued), (names, None));
    assert!(!has_session(folder.path()), "it must find out what is lost");
}

/// Whether the peer of [`crashed`] may go on without registering again.
fn has_session(folder: &Path) -> bool {
    let journal = EmbeddedJournal::open(folder).expect("opened");
    let (world, ..) = compaction::load::<PlainFiles>(&journal).expect("loaded");
    let peer = world.peer_state(&crate::decide::kit::peer(1));
    peer.expect("known").session.is_some()
}

#[tokio::test]
async fn after_a_loss_that_the_store_mended_by_itself_peers_register_again() {
    let mut house = House::new();
    let earlier = fs::read(house.folder.path().join(JOURNAL)).expect("readable");
    house.take(&change(1, vec![add("last", "last")]));
    for is_lost in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        copy(house.folder.path(), folder.path());
        if is_lost {
            fs::write(folder.path().join(JOURNAL), &earlier).expect("put back");
        }
        let (index, stopper) = Index::start(parts(folder.path())).await.expect("started");
        let later = index.ask(change(1, vec![add("later", "later")])).await;
        assert_eq!(later.is_err(), is_lost, "{later:?}");
        let register = crate::command::Command::Register(crate::decide::kit::keyed(1));
        index.ask(register).await.expect("registered");
        let later = index.ask(change(1, vec![add("later", "later")]));
        later.await.expect("taken");
        stopper.stop().await;
        assert!(has_session(folder.path()));
    }
}

#[test]
fn of_a_damaged_snapshot_the_part_before_the_damage_goes_on() {
    let (folder, _, all) = crashed();
    remove_shelf(folder.path());
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    compaction::compact(&journal).expect("put in short");
    journal.shrink().expect("the pages of before are gone");
    drop(journal);
    turn_a_bit(folder.path());
    let outcome = start(folder.path());
    let (names, rescued) = outcome.expect("peers stand before files");
    let rescued = rescued.expect("damaged");
    assert_eq!(rescued.from, Source::PartOfSnapshot);
    assert!(names.len() < all.len() && all.is_superset(&names));
    assert_eq!((rescued.missing, rescued.is_all()), (None, false));
}

#[test]
fn without_a_shelf_whatever_page_is_damaged_most_goes_on_and_nothing_is_made_up() {
    let (source, _, all) = crashed();
    remove_shelf(source.path());
    let whole = fs::read(source.path().join(JOURNAL)).expect("readable");
    let mut refused = Vec::new();
    for at in (0..whole.len()).step_by(4096) {
        let folder = tempfile::tempdir().expect("a folder");
        copy(source.path(), folder.path());
        let mut damaged = whole.clone();
        damaged[at + 300] ^= 0x10;
        fs::write(folder.path().join(JOURNAL), &damaged).expect("written");
        match start(folder.path()) {
            Ok((names, rescued)) => {
                assert!(all.is_superset(&names), "{at}: never held");
                // Where the store itself goes back to the commit before, opening it says so.
                let is_all = rescued.is_some_and(|rescued| rescued.is_all());
                assert!(!is_all || names == all, "{at}: that it is lost is said");
            }
            Err(error) => {
                assert!(error.to_string().contains("move it away"), "{at}: {error}");
                refused.push(at);
            }
        }
    }
    assert!(refused.len() * 10 < whole.len() / 4096, "{refused:?}");
}

#[test]
fn whatever_byte_of_the_head_is_damaged_no_commit_but_the_last_is_lost() {
    let (source, _, all) = crashed();
    remove_shelf(source.path());
    let whole = fs::read(source.path().join(JOURNAL)).expect("readable");
    // Of the sign, the sizes and the two versions; of a commit whose bytes are damaged nothing is left.
    let constants = [0..9, 12..24, 64..65, 192..193];
    for at in (0..64).chain((64..320).step_by(4)) {
        let folder = tempfile::tempdir().expect("a folder");
        copy(source.path(), folder.path());
        let mut damaged = whole.clone();
        damaged[at] ^= 0x5a;
        fs::write(folder.path().join(JOURNAL), &damaged).expect("written");
        let (names, rescued) = start(folder.path()).unwrap_or_else(|e| panic!("{at}: {e}"));
        let is_constant = constants.iter().any(|some| some.contains(&at));
        assert!(names.len() + 1 >= all.len(), "{at}: {rescued:?}");
        assert!(!is_constant || names == all, "{at}: {rescued:?}");
        let is_all = rescued.is_some_and(|rescued| rescued.is_all());
        assert!(!is_all || names == all, "{at}: that it is lost is said");
    }
}

#[tokio::test]
async fn a_small_index_is_on_its_shelf_once_it_is_calm_and_wholly_once_it_has_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let (index, stopper) = Index::start(parts(folder.path())).await.expect("started");
    let register = crate::command::Command::Register(crate::decide::kit::keyed(1));
    index.ask(register).await.expect("registered");
    let taken = index.ask(change(1, vec![add("dir 7/file 3 with", "x")]));
    taken.await.expect("taken");
    // Once it is calm the first thing at all goes there, whatever ends the process then.
    let crashed = tempfile::tempdir().expect("a folder");
    for tried in 0.. {
        assert!(tried < 4_000, "it was never put on the shelf");
        if Shelf::in_folder(folder.path()).list().is_some() {
            break;
        }
        // house: allow sleep, the shelf is written in a thread
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let later = index.ask(change(1, vec![add("later", "y")]));
    later.await.expect("taken");
    copy(folder.path(), crashed.path());
    turn_a_bit(crashed.path());
    let (names, rescued) = start(crashed.path()).expect("goes on");
    assert!(names.contains("dir 7/file 3 with"), "{rescued:?}");

    // At the end what came since goes there too.
    stopper.stop().await;
    turn_a_bit(folder.path());
    let (index, stopper) = Index::start(parts(folder.path())).await.expect("started");
    assert_eq!(index.view().stats.total_files, 2);
    stopper.stop().await;
}

#[test]
fn what_another_process_uses_is_left_alone() {
    let (folder, ..) = crashed();
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    let refused =
        rescue(folder.path(), JournalError::Closed, Timestamp::now()).expect_err("in use");
    assert!(matches!(refused, JournalError::InUse { .. }), "{refused}");
    drop(journal);
}

/// Damages the record of one of the names that are on the shelf, wherever it stands in the file.
fn turn_a_bit(folder: &Path) {
    let path = folder.join(JOURNAL);
    let mut bytes = fs::read(&path).expect("readable");
    let name = b"dir 7/file 3 with";
    let places = 0..bytes.len() - name.len();
    for at in places {
        if &bytes[at..at + name.len()] == name {
            bytes[at] ^= 1;
        }
    }
    fs::write(&path, bytes).expect("written");
}

/// Of an index on a data folder.
fn parts(folder: &Path) -> Parts {
    Parts {
        journal: Arc::new(EmbeddedJournal::open(folder).expect("opened")),
        shelf: Some(Shelf::in_folder(folder)),
        feed: Box::new(Watcher::default()),
        metrics: Metrics::new(),
        clock: Clock::default(),
        settings: Settings::from(&Config::in_folder(folder.to_owned())),
    }
}

#[tokio::test]
async fn what_a_start_from_the_shelf_did_not_read_is_looked_through_and_mended() {
    let (folder, _, mut all) = crashed();
    // Closed well: nothing is checked when it is opened.
    drop(EmbeddedJournal::open(folder.path()).expect("opened"));
    turn_a_bit(folder.path());
    let (index, stopper) = Index::start(parts(folder.path())).await.expect("started");
    let register = crate::command::Command::Register(crate::decide::kit::keyed(1));
    index.ask(register).await.expect("registered");
    let aside = folder.path().join("journal.redb.damaged");
    for number in 0.. {
        assert!(number < 1_000, "it was never mended");
        let name = format!("meanwhile {number}");
        let taken = index.ask(change(1, vec![add(&name, &name)])).await;
        taken.expect("taken");
        all.insert(name);
        if aside.try_exists().expect("told") && number > 20 {
            break;
        }
        // house: allow sleep, the look goes on in a thread
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stopper.stop().await;
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    journal.look_through(&mut |_| true).expect("all is whole");
    let (world, ..) = compaction::load::<PlainFiles>(&journal).expect("loaded");
    assert_eq!(names(&world), all);
}
