//! What only a journal on a disk can get wrong: crashes, locks and turned bits.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use redb::{ReadableDatabase, TableHandle};

use super::*;
use crate::journal::kit;

fn load(journal: &EmbeddedJournal) -> Result<Vec<Vec<u8>>, JournalError> {
    let mut records = Vec::new();
    journal.load(&mut |record| {
        records.push(record.to_vec());
        Ok(())
    })?;
    Ok(records)
}

fn rows(count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|number| vec![number; 10]).collect()
}

#[test]
fn keeps_the_promise_of_a_journal() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut number = 0;
    kit::conforms(|| {
        number += 1;
        let folder = folder.path().join(number.to_string());
        Box::new(EmbeddedJournal::open(&folder).expect("opened"))
    });
}

#[test]
fn what_was_acknowledged_is_there_after_a_reopen_and_nobody_else_can_read_it() {
    let parent = tempfile::tempdir().expect("temporary folder");
    let folder = parent.path().join("data");
    let journal = EmbeddedJournal::open(&folder).expect("opened");
    let middle = journal
        .append(Position::default(), &rows(3))
        .expect("appended");
    journal
        .compact(middle, &mut std::iter::once(Ok(b"snapshot".to_vec())))
        .expect("compacted");
    let last = journal.append(middle, &rows(2)).expect("appended");
    let held = load(&journal).expect("loaded");
    let sizes = journal.sizes();
    drop(journal);

    let journal = EmbeddedJournal::open(&folder).expect("opened again");
    assert_eq!(load(&journal).expect("loaded"), held);
    assert_eq!(journal.sizes(), sizes);
    journal
        .append(last, &rows(1))
        .expect("goes on where it was");
    let mode = fs::metadata(&folder).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_copy_of_the_file_at_any_moment_holds_what_was_acknowledged() {
    let parent = tempfile::tempdir().expect("temporary folder");
    let journal = EmbeddedJournal::open(&parent.path().join("live")).expect("opened");
    let mut last = Position::default();
    let mut expected = Vec::new();
    for step in 0..12u8 {
        let records = rows(step % 4 + 1);
        last = journal.append(last, &records).expect("appended");
        expected.extend(records);
        if step == 6 {
            let mut whole = expected.clone().into_iter().map(Ok);
            journal.compact(last, &mut whole).expect("compacted");
        }
        // What a power cut would leave: nothing was closed.
        let folder = parent.path().join(step.to_string());
        fs::create_dir(&folder).expect("made");
        fs::copy(&journal.path, folder.join(FILE)).expect("copied");
        let crashed = EmbeddedJournal::open(&folder).expect("repaired");
        assert_eq!(load(&crashed).expect("loaded"), expected, "step {step}");
        crashed.append(last, &rows(1)).expect("goes on");
    }
}

#[test]
fn a_store_that_failed_is_opened_anew() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    let last = journal
        .append(Position::default(), &rows(2))
        .expect("appended");
    let error = journal.failed("append to")(redb::StorageError::PreviousIo.into());
    assert!(error.to_string().contains("journal.redb"), "{error}");
    journal.append(last, &rows(1)).expect("opened again");
    assert_eq!(load(&journal).expect("loaded").len(), 3);
    journal.close();
    let error = journal.failed("append to")(redb::StorageError::PreviousIo.into());
    assert!(matches!(error, JournalError::Store { .. }));
    assert!(
        matches!(load(&journal), Err(JournalError::Closed)),
        "stays closed"
    );
}

#[test]
fn a_shrunk_file_holds_the_same_and_takes_more() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    let large: Vec<Vec<u8>> = (0..40u8).map(|number| vec![number; 100_000]).collect();
    let last = journal
        .append(Position::default(), &large)
        .expect("appended");
    journal
        .compact(last, &mut rows(1).into_iter().map(Ok))
        .expect("compacted");
    let bytes = || fs::metadata(folder.path().join(FILE)).expect("there").len();
    let before = bytes();
    journal.shrink().expect("shrunk");
    assert!(bytes() < before / 2, "{before} to {}", bytes());
    assert_eq!(load(&journal).expect("loaded"), rows(1));
    journal.append(last, &rows(1)).expect("goes on");
}

const CHILD: &str = "PEERDEX_TEST_APPEND_UNTIL_KILLED";

/// Not a test of its own: what [`kill_9_loses_nothing_acknowledged`] runs and kills.
#[test]
fn child_that_appends_until_killed() {
    let Some(folder) = std::env::var_os(CHILD) else {
        return;
    };
    let journal = EmbeddedJournal::open(Path::new(&folder)).expect("opened");
    let mut last = journal.load(&mut |_| Ok(())).expect("loaded");
    for number in 0u64.. {
        let record = vec![u8::try_from(number % 251).expect("small"); 200];
        last = journal.append(last, &[record]).expect("appended");
        println!("acknowledged {last}");
        if number % 16 == 15 {
            let mut snapshot = (0..last.0).map(|_| Ok(vec![1; 200]));
            journal.compact(last, &mut snapshot).expect("compacted");
        }
    }
}

#[test]
fn kill_9_loses_nothing_acknowledged() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().expect("temporary folder");
    let myself = std::env::current_exe().expect("a test binary");
    for round in 0..8 {
        let mut child = Command::new(&myself)
            .args([
                "child_that_appends_until_killed",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let mut acknowledged = 0;
        let told = output
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.rsplit("acknowledged ").next()?.parse::<u64>().ok());
        for (number, position) in told.enumerate() {
            acknowledged = position;
            // At another moment each round, around a compaction too; the rest is read to its end.
            if number == 9 + round * 3 {
                child.kill().expect("killed");
            }
        }
        child.wait().expect("ended");
        let journal = EmbeddedJournal::open(folder.path()).expect("opened after the kill");
        let held = load(&journal).expect("loaded").len() as u64;
        assert!(
            held == acknowledged || held == acknowledged + 1,
            "round {round}: {held} held, {acknowledged} acknowledged"
        );
        assert!(acknowledged > 0);
    }
}

#[test]
fn a_crash_before_the_switch_leaves_the_old_state() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    journal
        .append(Position::default(), &rows(3))
        .expect("appended");
    let database = journal.database().expect("open");
    let mut snapshot = rows(9).into_iter().map(Ok);
    EmbeddedJournal::write_snapshot(&database, &mut snapshot, &journal.store_error("compact"))
        .expect("written");
    drop((database, journal));

    let journal = EmbeddedJournal::open(folder.path()).expect("opened again");
    assert_eq!(load(&journal).expect("loaded"), rows(3));
    let database = journal.database().expect("open");
    let transaction = database.begin_read().expect("begun");
    let tables = transaction.list_tables().expect("listed");
    assert_eq!(tables.filter(|table| is_snapshot(table.name())).count(), 0);
}

/// What may have happened to a file while nobody looked.
#[derive(Debug, Clone, Copy)]
enum Damage {
    BitTurned,
    BlockZeroed,
    CutHere,
}

fn damaged(whole: &[u8], at: usize, damage: Damage) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    match damage {
        Damage::BitTurned => bytes[at] ^= 0x10,
        Damage::BlockZeroed => {
            let end = bytes.len().min(at + 4096);
            bytes[at..end].fill(0);
        }
        Damage::CutHere => bytes.truncate(at),
    }
    bytes
}

#[test]
fn a_damaged_file_is_read_as_it_was_at_some_time_or_refused_with_a_remedy() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    let mut states = vec![load(&journal).expect("loaded")];
    let mut last = Position::default();
    for round in 0..6u8 {
        let some: Vec<_> = (0..40)
            .map(|number| vec![round * 40 + number; 300])
            .collect();
        last = journal.append(last, &some).expect("appended");
        states.push(load(&journal).expect("loaded"));
        if round == 2 {
            let mut snapshot = states[3].clone().into_iter().map(Ok);
            journal.compact(last, &mut snapshot).expect("compacted");
        }
    }
    drop(journal);
    let path = folder.path().join(FILE);
    let whole = fs::read(&path).expect("readable");
    let blocks = (0..whole.len()).step_by(4096);
    let head = (0..320).step_by(3);
    let (mut read_count, mut refused_count) = (0, 0);
    for at in head.chain(blocks) {
        for damage in [Damage::BitTurned, Damage::BlockZeroed, Damage::CutHere] {
            let at = if at < 4096 { at } else { at + 17 };
            if at >= whole.len() {
                continue;
            }
            fs::write(&path, damaged(&whole, at, damage)).expect("written");
            let outcome = EmbeddedJournal::open(folder.path()).and_then(|journal| load(&journal));
            match outcome {
                Ok(read) => {
                    assert!(
                        states.contains(&read),
                        "{damage:?} at {at}: never held ({})",
                        read.len()
                    );
                    read_count += 1;
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.contains(FILE), "{damage:?} at {at}: {text}");
                    refused_count += 1;
                }
            }
        }
    }
    assert!(
        read_count > 0 && refused_count > 0,
        "{read_count} {refused_count}"
    );
}

#[test]
fn a_journal_that_the_store_gave_up_is_written_anew_with_what_came_last() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    let all: Vec<Vec<u8>> = (0..60u8).map(|number| vec![number; 1_000]).collect();
    let through = journal
        .append(Position::default(), &all[..58])
        .expect("appended");
    let last = journal.append(through, &all[58..]).expect("appended");
    *lock(&journal.store) = Store::Failed;
    let mut bytes = fs::read(&journal.path).expect("readable");
    let (row, places) = ([3; 1_000], 0..bytes.len() - 1_000);
    for at in places {
        if bytes[at..at + row.len()] == row {
            bytes[at] ^= 1;
        }
    }
    // As after a crash: the store checks it as a whole.
    bytes[9] = (bytes[9] & !4) | 2;
    fs::write(&journal.path, bytes).expect("damaged");
    let refused = journal.append(last, &all[..1]).expect_err("damaged");
    assert!(refused.is_damage(), "{refused}");

    let mut snapshot = all[..58].iter().cloned().map(Ok);
    let kept = journal.renew(through, &mut snapshot).expect("written anew");
    assert!(kept.is_some_and(|kept| kept.try_exists().expect("told")));
    assert_eq!(load(&journal).expect("whole"), all);
    journal.append(last, &all[..1]).expect("goes on");
}

#[test]
fn records_that_were_acknowledged_and_are_missing_are_counted() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    let first = journal
        .append(Position::default(), &rows(2))
        .expect("appended");
    assert_eq!(journal.compare_with_note().expect("read"), 0);
    drop(journal);
    let path = folder.path().join(FILE);
    let earlier = fs::read(&path).expect("readable");
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    journal.append(first, &rows(3)).expect("appended");
    drop(journal);
    fs::write(&path, earlier).expect("put back");
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    assert_eq!(journal.compare_with_note().expect("read"), 3);
    journal.append(first, &rows(1)).expect("goes on");
    assert_eq!(journal.compare_with_note().expect("read"), 0);
}

#[test]
fn a_second_index_on_the_folder_is_told_what_to_do() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let first = EmbeddedJournal::open(folder.path()).expect("opened");
    let error = EmbeddedJournal::open(folder.path()).expect_err("in use");
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("--data"), "{error}");
    first.close();
    assert!(matches!(
        first.append(Position::default(), &rows(1)),
        Err(JournalError::Closed)
    ));
    EmbeddedJournal::open(folder.path()).expect("free again");
}

#[test]
fn a_garbled_record_is_named_with_its_file_and_a_remedy() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = EmbeddedJournal::open(folder.path()).expect("opened");
    journal
        .append(Position::default(), &rows(3))
        .expect("appended");
    let database = journal.database().expect("open");
    let transaction = database.begin_write().expect("begun");
    {
        let mut tail = transaction.open_table(TAIL).expect("table");
        let mut torn = frame::seal(&[1; 10]);
        torn[12] ^= 4;
        tail.insert(2, torn.as_slice()).expect("written");
    }
    transaction.commit().expect("committed");
    let text = load(&journal).expect_err("garbled").to_string();
    for part in ["journal.redb", "tail record 2", "checksum", "move it away"] {
        assert!(text.contains(part), "{part:?} is missing in {text:?}");
    }
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_kept() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join(FILE);
    fs::write(&path, b"not a journal, but longer than nothing").expect("written");
    let text = EmbeddedJournal::open(folder.path())
        .expect_err("no journal")
        .to_string();
    for part in ["journal.redb", "put", "back from a copy"] {
        assert!(text.contains(part), "{part:?} is missing in {text:?}");
    }
    assert!(fs::read(&path).expect("kept").starts_with(b"not a journal"));
}
