//! Test kit: the suite that every journal passes, and one that fails when told to.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{BadRecord, Journal, JournalError, MemoryJournal, Position, Sizes, Snapshot, Visit};

/// Proves the promise of [`Journal`] for the empty ones that `make` yields.
pub fn conforms(mut make: impl FnMut() -> Box<dyn Journal>) {
    appends_are_loaded_in_order(&*make());
    an_append_at_the_wrong_place_changes_nothing(&*make());
    a_snapshot_stands_for_what_it_covers(&*make());
    a_large_snapshot_is_whole(&*make());
    appends_go_on_during_a_compaction(&*make());
    one_that_is_written_anew_holds_the_same(&*make());
    a_snapshot_that_cannot_be_made_changes_nothing(&*make());
    a_refused_record_stops_the_load(&*make());
    a_closed_journal_refuses(&*make());
}

/// Everything a journal holds, and where it stands.
///
/// # Panics
/// When it cannot be loaded.
pub fn load(journal: &dyn Journal) -> (Vec<Vec<u8>>, Position) {
    let mut records = Vec::new();
    let last = journal
        .load(&mut |record| {
            records.push(record.to_vec());
            Ok(())
        })
        .expect("loads");
    (records, last)
}

fn rows(text: &str) -> Vec<Vec<u8>> {
    text.split_whitespace()
        .map(|word| word.as_bytes().to_vec())
        .collect()
}

fn appends_are_loaded_in_order(journal: &dyn Journal) {
    assert_eq!(load(journal), (Vec::new(), Position::default()));
    let mut last = Position::default();
    for batch in ["a b c", "", "d", "e f"] {
        let reached = journal.append(last, &rows(batch)).expect("appended");
        assert!(reached >= last);
        last = reached;
    }
    assert_eq!(load(journal), (rows("a b c d e f"), last));
    assert_eq!(journal.sizes().tail_records, 6);
    assert_eq!(journal.sizes().tail_bytes, 6);
}

fn an_append_at_the_wrong_place_changes_nothing(journal: &dyn Journal) {
    let last = journal
        .append(Position::default(), &rows("a b"))
        .expect("appended");
    for wrong in [Position::default(), last.after(1)] {
        let error = journal.append(wrong, &rows("x")).expect_err("moved");
        let told = matches!(error, JournalError::Moved { last: told, .. } if told == last);
        assert!(told, "{error}");
    }
    assert_eq!(load(journal), (rows("a b"), last));
}

fn a_snapshot_stands_for_what_it_covers(journal: &dyn Journal) {
    let first = journal
        .append(Position::default(), &rows("a b"))
        .expect("appended");
    let second = journal.append(first, &rows("c d")).expect("appended");
    journal
        .compact(first, &mut rows("A B").into_iter().map(Ok))
        .expect("compacted");
    assert_eq!(load(journal), (rows("A B c d"), second));
    let sizes = journal.sizes();
    assert_eq!((sizes.snapshot_records, sizes.tail_records), (2, 2));
    let third = journal.append(second, &rows("e")).expect("appended");
    journal
        .compact(third, &mut rows("X").into_iter().map(Ok))
        .expect("compacted");
    assert_eq!(load(journal), (rows("X"), third));
    let fourth = journal.append(third, &rows("f")).expect("appended");
    assert_eq!(load(journal), (rows("X f"), fourth));
}

fn a_large_snapshot_is_whole(journal: &dyn Journal) {
    let snapshot: Vec<Vec<u8>> = (0u8..50).map(|number| vec![number; 100_000]).collect();
    let last = journal
        .append(Position::default(), &rows("a"))
        .expect("appended");
    journal
        .compact(last, &mut snapshot.clone().into_iter().map(Ok))
        .expect("compacted");
    assert_eq!(load(journal), (snapshot, last));
}

/// Has `write` put a snapshot down, with an append beside each of its rows; yields what the journal
/// holds then, and where it stands.
fn append_beside(
    journal: &dyn Journal,
    write: impl FnOnce(Position, &mut Snapshot<'_>),
) -> (Vec<Vec<u8>>, Position) {
    let covered = journal
        .append(Position::default(), &rows("a b"))
        .expect("appended");
    let mut last = covered;
    let mut snapshot = (0u8..8).map(|number| {
        last = journal.append(last, &[vec![number]]).expect("appended");
        Ok(vec![number; 700_000])
    });
    write(covered, &mut snapshot);
    let mut expected: Vec<Vec<u8>> = (0u8..8).map(|number| vec![number; 700_000]).collect();
    expected.extend((0u8..8).map(|number| vec![number]));
    (expected, last)
}

fn appends_go_on_during_a_compaction(journal: &dyn Journal) {
    let expected = append_beside(journal, |covered, snapshot| {
        journal.compact(covered, snapshot).expect("compacted");
    });
    assert_eq!(load(journal), expected);
    let sizes = journal.sizes();
    assert_eq!((sizes.tail_records, sizes.tail_bytes), (8, 8));
}

fn one_that_is_written_anew_holds_the_same(journal: &dyn Journal) {
    let (mut expected, last) = append_beside(journal, |covered, snapshot| {
        journal.renew(covered, snapshot).expect("written anew");
    });
    assert_eq!(load(journal), (expected.clone(), last));
    journal.append(last, &rows("e")).expect("appended");
    expected.extend(rows("e"));
    assert_eq!(load(journal).0, expected);
    let sizes = journal.sizes();
    assert_eq!((sizes.snapshot_records, sizes.tail_records), (8, 9));
    journal.look_through(&mut |_| true).expect("all is whole");
}

fn a_snapshot_that_cannot_be_made_changes_nothing(journal: &dyn Journal) {
    let last = journal
        .append(Position::default(), &rows("a b"))
        .expect("appended");
    let mut snapshot = rows("A")
        .into_iter()
        .map(Ok)
        .chain([Err(JournalError::Closed)]);
    let compacted = journal.compact(last, &mut snapshot);
    assert!(matches!(compacted, Err(JournalError::Closed)));
    assert_eq!(load(journal), (rows("a b"), last));
}

fn a_refused_record_stops_the_load(journal: &dyn Journal) {
    journal
        .append(Position::default(), &rows("good bad good"))
        .expect("appended");
    let mut seen = 0;
    let error = journal
        .load(&mut |record| {
            seen += 1;
            if record == b"bad" {
                return Err(BadRecord {
                    detail: "it is bad".into(),
                    remedy: Some("make it good".into()),
                });
            }
            Ok(())
        })
        .expect_err("refused");
    assert_eq!(seen, 2);
    let text = error.to_string();
    assert!(text.contains("it is bad; make it good"), "{text}");
}

fn a_closed_journal_refuses(journal: &dyn Journal) {
    journal.close();
    let appended = journal.append(Position::default(), &rows("a"));
    assert!(matches!(appended, Err(JournalError::Closed)));
    let loaded = journal.load(&mut |_| Ok(()));
    assert!(matches!(loaded, Err(JournalError::Closed)));
    journal.close();
}

/// A memory journal that counts appends and fails when told to.
#[derive(Debug, Default)]
pub struct FlakyJournal {
    inner: MemoryJournal,
    /// Appends fail while this is set.
    pub is_failing: AtomicBool,
    /// Appends are made and then reported as failed while this is set.
    pub is_lying: AtomicBool,
    /// Appends find that it is damaged while this is set; being written anew ends it.
    pub is_damaged: AtomicBool,
    /// Appends find no room while this is set.
    pub is_full: AtomicBool,
    /// It says that it is to be compacted while this is set; a compaction ends it.
    pub is_large: AtomicBool,
    /// Compactions that were made.
    pub compactions: AtomicUsize,
    /// Appends so far.
    pub appends: AtomicUsize,
    /// Appends that wait at the gate or have passed it.
    pub waiting: AtomicUsize,
    /// How many more appends may end; all of them while that is not counted.
    passes: Mutex<Option<usize>>,
    released: Condvar,
}

impl FlakyJournal {
    /// Everything it holds, also once it is closed.
    pub fn held(&self) -> Vec<Vec<u8>> {
        self.inner.held()
    }

    /// Keeps appends from ending until [`Self::release`].
    pub fn hold(&self) {
        *self.lock() = Some(0);
    }

    /// Lets one append end.
    pub fn release_one(&self) {
        if let Some(passes) = &mut *self.lock() {
            *passes += 1;
        }
        self.released.notify_all();
    }

    /// Lets appends end.
    pub fn release(&self) {
        *self.lock() = None;
        self.released.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Option<usize>> {
        self.passes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure() -> JournalError {
        JournalError::Store {
            operation: "append to",
            path: "flaky".into(),
            detail: "no space left on device".into(),
        }
    }
}

impl Journal for FlakyJournal {
    fn append(&self, expected: Position, records: &[Vec<u8>]) -> Result<Position, JournalError> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let passes = self.lock();
        let passes = self.released.wait_while(passes, |left| *left == Some(0));
        let mut passes = passes.unwrap_or_else(PoisonError::into_inner);
        *passes = passes.map(|left| left - 1);
        drop(passes);
        self.appends.fetch_add(1, Ordering::SeqCst);
        if self.is_damaged.load(Ordering::SeqCst) {
            return Err(JournalError::Unreadable {
                path: "flaky".into(),
                place: "one of its pages".into(),
                detail: "a page is damaged".into(),
                remedy: "mend it".into(),
                is_damage: true,
            });
        }
        if self.is_full.load(Ordering::SeqCst) {
            return Err(JournalError::Full {
                operation: "append to",
                path: "flaky".into(),
            });
        }
        if self.is_failing.load(Ordering::SeqCst) {
            return Err(Self::failure());
        }
        let reached = self.inner.append(expected, records)?;
        if self.is_lying.load(Ordering::SeqCst) {
            return Err(Self::failure());
        }
        Ok(reached)
    }

    fn load(&self, visit: &mut Visit<'_>) -> Result<Position, JournalError> {
        self.inner.load(visit)
    }

    fn compact(&self, through: Position, snapshot: &mut Snapshot<'_>) -> Result<(), JournalError> {
        self.is_large.store(false, Ordering::SeqCst);
        if self.is_failing.load(Ordering::SeqCst) {
            return Err(Self::failure());
        }
        self.inner.compact(through, snapshot)?;
        self.compactions.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn renew(
        &self,
        through: Position,
        snapshot: &mut Snapshot<'_>,
    ) -> Result<Option<PathBuf>, JournalError> {
        self.compact(through, snapshot)?;
        self.is_damaged.store(false, Ordering::SeqCst);
        Ok(None)
    }

    fn sizes(&self) -> Sizes {
        let mut sizes = self.inner.sizes();
        if self.is_large.load(Ordering::SeqCst) {
            sizes.tail_bytes = u64::MAX;
        }
        sizes
    }

    fn close(&self) {
        self.inner.close();
    }
}
