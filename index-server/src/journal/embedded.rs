//! The journal in the data folder: one redb file, every append an fsynced transaction.
//!
//! Tables: `tail_v1` holds the records after the snapshot, by position; `snapshot_N_v1` the records
//! of snapshot N; `meta_v1` says which N counts and which position it reaches to. A compaction
//! writes table N+1 in small transactions between appends, and the last one switches over and trims
//! the tail, so that a crash at any moment leaves either the old state or the new one.

mod after;
mod anew;
mod compaction;
mod note;
mod opening;
mod prefix;
mod quiet;
mod reading;
mod remains;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{
    Database, Durability, ReadOnlyDatabase, ReadableTable, TableDefinition, WriteTransaction,
};

use super::{BadRecord, Journal, JournalError, Position, Seal, Sizes, Snapshot, Visit, frame};
use note::Note;
pub use prefix::Reached;
pub use remains::Damaged;

const FILE: &str = "journal.redb";
const TAIL: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("tail_v1");
const META: TableDefinition<'static, &str, u64> = TableDefinition::new("meta_v1");
const GENERATION: &str = "generation";
const THROUGH: &str = "through";
/// Of the record at `through`, which is in the tail no longer.
const SEAL: &str = "seal";

/// Pages kept in memory: the journal is read once and then only appended to, so that more would
/// only be held for nothing.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// Records in a redb file.
#[derive(Debug)]
pub struct EmbeddedJournal {
    folder: PathBuf,
    path: PathBuf,
    store: Mutex<Store>,
    sizes: Mutex<Sizes>,
    note: Mutex<Note>,
    /// Whether this process has had it open: then it was no crash that left it as it is.
    was_open: AtomicBool,
    /// Records that were acknowledged and were gone when it was opened.
    missing_count: AtomicU64,
    /// Held while something is appended, and to keep everybody from that.
    appending: Mutex<()>,
}

/// The open file. After an error of the disk redb refuses everything until the file is opened
/// anew, so it is let go then and opened at the next call.
enum Store {
    Open(Arc<Database>),
    /// Of a damaged file: it is read as it stands.
    Remains(Arc<ReadOnlyDatabase>),
    Failed,
    Closed,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open(_) => "Open",
            Self::Remains(_) => "Remains",
            Self::Failed => "Failed",
            Self::Closed => "Closed",
        })
    }
}

impl EmbeddedJournal {
    /// The journal in `folder`; both are made if they are not there.
    ///
    /// # Errors
    /// [`JournalError::InUse`] while another process has it; otherwise what the file system or the
    /// store said, with the path.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        crate::identity::make_private_folder(folder).map_err(|error| JournalError::Store {
            operation: "open",
            path: folder.join(FILE),
            detail: error.to_string(),
        })?;
        let journal = Self::of(folder, Store::Failed);
        journal.reading(|| {
            let database = journal.database()?;
            Self::prepare(&database).map_err(journal.store_error("open"))
        })?;
        journal.remove_beside();
        *lock(&journal.note) = Note::in_folder(folder);
        let missing_count = journal.reading(|| journal.compare_with_note())?;
        journal
            .missing_count
            .store(missing_count, Ordering::Relaxed);
        Ok(journal)
    }

    fn of(folder: &Path, store: Store) -> Self {
        Self {
            folder: folder.to_owned(),
            path: folder.join(FILE),
            store: Mutex::new(store),
            sizes: Mutex::new(Sizes::default()),
            note: Mutex::new(Note::none()),
            was_open: AtomicBool::new(false),
            missing_count: AtomicU64::new(0),
            appending: Mutex::new(()),
        }
    }

    /// The file that holds the journal in `folder`.
    pub fn path_in(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// Gives the space that compactions freed back to the file system. Needs the journal for
    /// itself; meant for an index that is not running.
    ///
    /// # Errors
    /// What the store said; the records are there in any case.
    pub fn shrink(&self) -> Result<(), JournalError> {
        let database = self.database()?;
        let mut store = lock(&self.store);
        *store = Store::Failed;
        // Whoever else holds it right now keeps it; there is nothing to gain then.
        if let Some(mut database) = Arc::into_inner(database) {
            let shrunk = database.compact().map(|_| ());
            *store = Store::Open(Arc::new(database));
            shrunk.map_err(|error| self.store_error("shrink")(error.into()))?;
        }
        Ok(())
    }

    fn database(&self) -> Result<Arc<Database>, JournalError> {
        let mut store = lock(&self.store);
        match &*store {
            Store::Open(database) => Ok(Arc::clone(database)),
            Store::Closed | Store::Remains(_) => Err(JournalError::Closed),
            Store::Failed => {
                let database = Arc::new(self.open_file()?);
                self.was_open.store(true, Ordering::Relaxed);
                *store = Store::Open(Arc::clone(&database));
                Ok(database)
            }
        }
    }

    fn append_to(
        database: &Database,
        expected: Position,
        records: &[Vec<u8>],
    ) -> Result<Result<Position, Position>, redb::Error> {
        let mut transaction = database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        let last = Position(match transaction.open_table(TAIL)?.last()? {
            Some((last, _)) => last.value(),
            None => meta(&transaction, THROUGH)?,
        });
        if last != expected {
            transaction.abort()?;
            return Ok(Err(last));
        }
        let mut reached = last;
        {
            let mut tail = transaction.open_table(TAIL)?;
            for record in records {
                reached = reached.after(1);
                tail.insert(reached.0, frame::seal(record).as_slice())?;
            }
        }
        transaction.commit()?;
        Ok(Ok(reached))
    }

    /// Lets go of a store that failed.
    fn failed(&self, operation: &'static str) -> impl Fn(redb::Error) -> JournalError + '_ {
        move |error| {
            let mut store = lock(&self.store);
            if matches!(*store, Store::Open(_)) {
                *store = Store::Failed;
            }
            self.store_error(operation)(error)
        }
    }
}

impl Journal for EmbeddedJournal {
    fn append(&self, expected: Position, records: &[Vec<u8>]) -> Result<Position, JournalError> {
        let _nobody_else = lock(&self.appending);
        let reached = self.reading(|| {
            let database = self.database()?;
            Self::append_to(&database, expected, records)
                .map_err(self.failed("append to"))?
                .map_err(|last| JournalError::Moved { expected, last })
        })?;
        lock(&self.note).write(reached);
        let mut sizes = lock(&self.sizes);
        sizes.tail_records += records.len() as u64;
        sizes.tail_bytes += records
            .iter()
            .map(|record| record.len() as u64)
            .sum::<u64>();
        Ok(reached)
    }

    fn load(&self, visit: &mut Visit<'_>) -> Result<Position, JournalError> {
        let (last, sizes) = self.reading(|| self.visit_all(visit))?;
        let mut known = lock(&self.sizes);
        if *known == Sizes::default() {
            *known = sizes;
        }
        Ok(last)
    }

    fn seal(&self, at: Position) -> Result<Option<Seal>, JournalError> {
        self.reading(|| self.seal_of(at))
    }

    fn load_after(
        &self,
        from: Position,
        seal: Seal,
        sizes: Sizes,
        visit: &mut Visit<'_>,
    ) -> Result<Option<Position>, JournalError> {
        self.reading(|| self.visit_after(from, seal, sizes, visit))
    }

    fn missing_count(&self) -> u64 {
        self.missing_count.load(Ordering::Relaxed)
    }

    fn compact(&self, through: Position, snapshot: &mut Snapshot<'_>) -> Result<(), JournalError> {
        let database = self.database()?;
        let refused = self.failed("compact");
        let written = Self::write_snapshot(&database, snapshot, &refused)?;
        Self::switch_to(&database, written.generation, through).map_err(refused)?;
        // What came meanwhile is the tail now; it is counted anew.
        let counted = Self::count_tail(&database).map_err(self.store_error("read"))?;
        *lock(&self.sizes) = Sizes {
            snapshot_records: written.records,
            snapshot_bytes: written.bytes,
            ..counted
        };
        Ok(())
    }

    fn look_through(&self, go_on: &mut dyn FnMut(u64) -> bool) -> Result<(), JournalError> {
        let mut is_ended = false;
        let looked = self.reading_beside(|| {
            self.visit_all(&mut |record| {
                is_ended = !go_on(record.len() as u64);
                let (detail, remedy) = (String::new(), None);
                (!is_ended)
                    .then_some(())
                    .ok_or(BadRecord { detail, remedy })
            })
        });
        if is_ended {
            return Ok(());
        }
        looked.map(|_| ())
    }

    fn renew(
        &self,
        through: Position,
        snapshot: &mut Snapshot<'_>,
    ) -> Result<Option<PathBuf>, JournalError> {
        self.write_anew(through, snapshot).map(Some)
    }

    fn sizes(&self) -> Sizes {
        *lock(&self.sizes)
    }

    fn close(&self) {
        *lock(&self.store) = Store::Closed;
    }
}

fn meta(transaction: &WriteTransaction, key: &str) -> Result<u64, redb::Error> {
    let table = transaction.open_table(META)?;
    let value = table.get(key)?;
    Ok(value.map_or(0, |value| value.value()))
}

fn snapshot_name(generation: u64) -> String {
    format!("snapshot_{generation}_v1")
}

fn is_snapshot(name: &str) -> bool {
    name.starts_with("snapshot_")
}

/// Nothing that holds these locks can leave what they guard half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
