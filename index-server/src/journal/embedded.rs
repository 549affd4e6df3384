//! The journal in the data folder: one redb file, every append an fsynced transaction.
//!
//! Tables: `tail_v1` holds the records after the snapshot, by position; `snapshot_N_v1` the records
//! of snapshot N; `meta_v1` says which N counts and which position it reaches to. A compaction
//! writes table N+1 in small transactions between appends, and the last one switches over and trims
//! the tail, so that a crash at any moment leaves either the old state or the new one.

mod after;
mod compaction;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{
    Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, RepairSession,
    TableDefinition, TableError, TableHandle, WriteTransaction,
};

use super::{BadRecord, Journal, JournalError, Position, Seal, Sizes, Snapshot, Visit, frame};

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
}

/// The open file. After an error of the disk redb refuses everything until the file is opened
/// anew, so it is let go then and opened at the next call.
#[derive(Debug)]
enum Store {
    Open(Arc<Database>),
    Failed,
    Closed,
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
        let journal = Self {
            folder: folder.to_owned(),
            path: folder.join(FILE),
            store: Mutex::new(Store::Failed),
            sizes: Mutex::new(Sizes::default()),
        };
        journal.reading(|| {
            let database = journal.database()?;
            Self::prepare(&database).map_err(journal.store_error("open"))
        })?;
        Ok(journal)
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

    /// Reads what may be damaged: the store trusts its pages and panics over one that is not what
    /// its head says.
    fn reading<T>(
        &self,
        read: impl FnOnce() -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
            *lock(&self.store) = Store::Failed;
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
            let detail = format!("a page is damaged ({})", said.unwrap_or("nothing was said"));
            Err(self.unreadable("one of its pages".into(), detail, None))
        })
    }

    fn database(&self) -> Result<Arc<Database>, JournalError> {
        let mut store = lock(&self.store);
        match &*store {
            Store::Open(database) => Ok(Arc::clone(database)),
            Store::Closed => Err(JournalError::Closed),
            Store::Failed => {
                let database = Arc::new(self.open_file()?);
                *store = Store::Open(Arc::clone(&database));
                Ok(database)
            }
        }
    }

    fn open_file(&self) -> Result<Database, JournalError> {
        let opened = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .set_repair_callback(say_once(&self.path))
            .create(&self.path);
        opened.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => JournalError::InUse {
                folder: self.folder.clone(),
            },
            DatabaseError::Storage(redb::StorageError::Io(error))
                if error.kind() != std::io::ErrorKind::InvalidData =>
            {
                self.store_error("open")(error.into())
            }
            other => self.unreadable("its head".into(), other.to_string(), None),
        })
    }

    /// Makes the tables, and drops what a compaction left that did not come to its end.
    fn prepare(database: &Database) -> Result<(), redb::Error> {
        let transaction = database.begin_write()?;
        transaction.open_table(TAIL)?;
        let current = snapshot_name(meta(&transaction, GENERATION)?);
        let stale: Vec<_> = transaction
            .list_tables()?
            .filter(|table| is_snapshot(table.name()) && table.name() != current)
            .collect();
        for table in stale {
            transaction.delete_table(table)?;
        }
        transaction.commit()?;
        Ok(())
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

    fn store_error(&self, operation: &'static str) -> impl Fn(redb::Error) -> JournalError + '_ {
        move |error| JournalError::Store {
            operation,
            path: self.path.clone(),
            detail: error.to_string(),
        }
    }

    fn unreadable(&self, place: String, detail: String, remedy: Option<String>) -> JournalError {
        let advice = || {
            format!(
                "put {} back from a copy, or move it away to start with an empty index (peers \
                 register again by themselves)",
                self.path.display()
            )
        };
        JournalError::Unreadable {
            path: self.path.clone(),
            place,
            detail,
            remedy: remedy.unwrap_or_else(advice),
        }
    }

    /// Visits the rows of a table from `first` on, whose keys are all numbers; counts rows and bytes.
    /// `skipped` rows stand before `first`. A row that went or moved with a damaged page leaves a gap or another count than the
    /// table tells.
    fn visit_rows(
        &self,
        table: &impl ReadableTable<u64, &'static [u8]>,
        part: &str,
        first: u64,
        skipped: u64,
        visit: &mut Visit<'_>,
    ) -> Result<(u64, u64), JournalError> {
        let read = self.store_error("read");
        let (mut records, mut bytes) = (0, 0);
        for row in (table.range(first..)).map_err(|error| read(error.into()))? {
            let (key, value) = row.map_err(|error| read(error.into()))?;
            let key = key.value();
            let place = || format!("{part} record {key}");
            if key != first + records {
                let detail = format!("record {} is missing before it", first + records);
                return Err(self.unreadable(place(), detail, None));
            }
            let record = frame::open(value.value()).ok_or_else(|| {
                let detail = "its checksum does not fit".to_owned();
                self.unreadable(place(), detail, None)
            })?;
            visit(record)
                .map_err(|BadRecord { detail, remedy }| self.unreadable(place(), detail, remedy))?;
            records += 1;
            bytes += record.len() as u64;
        }
        let told = table.len().map_err(|error| read(error.into()))?;
        if told != skipped + records {
            let detail = format!("{} records are there of {told}", skipped + records);
            return Err(self.unreadable(format!("the end of its {part}"), detail, None));
        }
        Ok((records, bytes))
    }

    /// Visits the snapshot, then the tail.
    fn visit_all(&self, visit: &mut Visit<'_>) -> Result<Position, JournalError> {
        let database = self.database()?;
        let transaction = database
            .begin_read()
            .map_err(|error| self.store_error("read")(error.into()))?;
        let open = |name: &str| {
            let table: TableDefinition<'_, u64, &[u8]> = TableDefinition::new(name);
            match transaction.open_table(table) {
                Ok(table) => Ok(Some(table)),
                Err(TableError::TableDoesNotExist(_)) => Ok(None),
                Err(error) => Err(self.store_error("read")(error.into())),
            }
        };
        let figure = |key: &str| -> Result<u64, redb::Error> {
            match transaction.open_table(META) {
                Ok(table) => Ok(table.get(key)?.map_or(0, |value| value.value())),
                Err(TableError::TableDoesNotExist(_)) => Ok(0),
                Err(error) => Err(error.into()),
            }
        };
        let generation = figure(GENERATION).map_err(self.store_error("read"))?;
        let through = figure(THROUGH).map_err(self.store_error("read"))?;
        let mut sizes = Sizes::default();
        if let Some(table) = open(&snapshot_name(generation))? {
            let (records, bytes) = self.visit_rows(&table, "snapshot", 0, 0, visit)?;
            sizes.snapshot_records = records;
            sizes.snapshot_bytes = bytes;
        } else if generation > 0 || through > 0 {
            let detail = "it is not there".to_owned();
            return Err(self.unreadable("its snapshot".into(), detail, None));
        }
        if let Some(table) = open(TAIL.name())? {
            let (records, bytes) = self.visit_rows(&table, "tail", through + 1, 0, visit)?;
            sizes.tail_records = records;
            sizes.tail_bytes = bytes;
        }
        let mut known = lock(&self.sizes);
        if *known == Sizes::default() {
            *known = sizes;
        }
        Ok(Position(through).after(sizes.tail_records))
    }
}

impl Journal for EmbeddedJournal {
    fn append(&self, expected: Position, records: &[Vec<u8>]) -> Result<Position, JournalError> {
        let database = self.database()?;
        let reached = Self::append_to(&database, expected, records)
            .map_err(self.failed("append to"))?
            .map_err(|last| JournalError::Moved { expected, last })?;
        let mut sizes = lock(&self.sizes);
        sizes.tail_records += records.len() as u64;
        sizes.tail_bytes += records
            .iter()
            .map(|record| record.len() as u64)
            .sum::<u64>();
        Ok(reached)
    }

    fn load(&self, visit: &mut Visit<'_>) -> Result<Position, JournalError> {
        self.reading(|| self.visit_all(visit))
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

    fn compact(&self, through: Position, snapshot: &mut Snapshot<'_>) -> Result<(), JournalError> {
        let database = self.database()?;
        let (generation, records, bytes) = self.write_snapshot(&database, snapshot)?;
        Self::switch_to(&database, generation, through).map_err(self.failed("compact"))?;
        // What came meanwhile is the tail now; it is counted anew.
        let counted = Self::count_tail(&database).map_err(self.store_error("read"))?;
        *lock(&self.sizes) = Sizes {
            snapshot_records: records,
            snapshot_bytes: bytes,
            ..counted
        };
        Ok(())
    }

    fn sizes(&self) -> Sizes {
        *lock(&self.sizes)
    }

    fn close(&self) {
        *lock(&self.store) = Store::Closed;
    }
}

/// Tells in the log that the store was not closed and what is done about it; the store calls this
/// again and again as it proceeds.
fn say_once(path: &Path) -> impl Fn(&mut RepairSession) + 'static {
    let (path, is_said) = (path.to_owned(), Cell::new(false));
    move |_| {
        if !is_said.replace(true) {
            tracing::warn!(
                path = %path.display(),
                "the journal was not closed; it is checked, and what a crash left half written is \
                 cut off (nothing of it was acknowledged)"
            );
        }
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
