//! Reading a store that may be damaged: everything that is read is checked, and what the store says
//! or panics over becomes one error.

use std::io;

use redb::{
    ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError,
    TableHandle,
};

use super::{
    EmbeddedJournal, GENERATION, META, Store, TAIL, THROUGH, lock, quiet::quietly, snapshot_name,
};
use crate::journal::{BadRecord, JournalError, Position, Sizes, Visit, frame};

impl EmbeddedJournal {
    /// Reads what may be damaged: the store trusts its pages and panics over one that is not what
    /// its head says. It is opened anew then.
    pub(super) fn reading<T>(
        &self,
        read: impl FnOnce() -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        quietly(read).unwrap_or_else(|said| {
            let mut store = lock(&self.store);
            if matches!(*store, Store::Open(_)) {
                *store = Store::Failed;
            }
            Err(self.page_is_damaged(&said))
        })
    }

    /// The same beside others who use the store, which they keep.
    pub(super) fn reading_beside<T>(
        &self,
        read: impl FnOnce() -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        quietly(read).unwrap_or_else(|said| Err(self.page_is_damaged(&said)))
    }

    pub(super) fn reader(&self) -> Result<ReadTransaction, JournalError> {
        let remains = match &*lock(&self.store) {
            Store::Remains(remains) => Some(remains.clone()),
            _ => None,
        };
        let begun = match remains {
            Some(remains) => remains.begin_read(),
            None => self.database()?.begin_read(),
        };
        begun.map_err(|error| self.store_error("read")(error.into()))
    }

    fn page_is_damaged(&self, said: &str) -> JournalError {
        let detail = format!("a page is damaged ({said})");
        self.unreadable("one of its pages".into(), detail)
    }

    /// What the store said, in terms of what it means.
    pub(super) fn store_error(
        &self,
        operation: &'static str,
    ) -> impl Fn(redb::Error) -> JournalError + '_ {
        move |error| match error {
            redb::Error::Corrupted(said) => self.page_is_damaged(&said),
            redb::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.unreadable("its end".into(), "it ends too early".into())
            }
            redb::Error::Io(error) if is_full(&error) => JournalError::Full {
                operation,
                path: self.path.clone(),
            },
            error => JournalError::Store {
                operation,
                path: self.path.clone(),
                detail: error.to_string(),
            },
        }
    }

    pub(super) fn unreadable(&self, place: String, detail: String) -> JournalError {
        JournalError::Unreadable {
            path: self.path.clone(),
            place,
            detail,
            remedy: self.advice(),
            is_damage: true,
        }
    }

    /// Of a record that is what was written and that its reader does not take.
    fn not_taken(&self, place: String, bad: BadRecord) -> JournalError {
        JournalError::Unreadable {
            path: self.path.clone(),
            place,
            detail: bad.detail,
            remedy: bad.remedy.unwrap_or_else(|| self.advice()),
            is_damage: false,
        }
    }

    fn advice(&self) -> String {
        format!(
            "put {} back from a copy, or move it away to start with an empty index (peers \
             register again by themselves)",
            self.path.display()
        )
    }

    /// Visits the rows of a table from `first` on, whose keys are all numbers; counts rows and
    /// bytes. `skipped` rows stand before `first`. A row that went or moved with a damaged page
    /// leaves a gap or another count than the table tells.
    pub(super) fn visit_rows(
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
                return Err(self.unreadable(place(), detail));
            }
            let record = frame::open(value.value())
                .ok_or_else(|| self.unreadable(place(), "its checksum does not fit".to_owned()))?;
            visit(record).map_err(|bad| self.not_taken(place(), bad))?;
            records += 1;
            bytes += record.len() as u64;
        }
        let told = table.len().map_err(|error| read(error.into()))?;
        if told != skipped + records {
            let detail = format!("{} records are there of {told}", skipped + records);
            return Err(self.unreadable(format!("the end of its {part}"), detail));
        }
        Ok((records, bytes))
    }

    /// Visits the snapshot, then the tail; yields where they end and how much they are.
    pub(super) fn visit_all(
        &self,
        visit: &mut Visit<'_>,
    ) -> Result<(Position, Sizes), JournalError> {
        let transaction = self.reader()?;
        let mut sizes = Sizes::default();
        self.visit_snapshot(&transaction, &mut sizes, visit)?;
        let through = self.through(&transaction)?;
        self.visit_tail(&transaction, through, &mut sizes, visit)?;
        Ok((through.after(sizes.tail_records), sizes))
    }

    /// Visits the snapshot that counts, and notes how much it is.
    pub(super) fn visit_snapshot(
        &self,
        transaction: &ReadTransaction,
        sizes: &mut Sizes,
        visit: &mut Visit<'_>,
    ) -> Result<(), JournalError> {
        let generation = figure(transaction, GENERATION).map_err(self.store_error("read"))?;
        let generation = generation.unwrap_or_default();
        if let Some(table) = self.table(transaction, &snapshot_name(generation))? {
            let (records, bytes) = self.visit_rows(&table, "snapshot", 0, 0, visit)?;
            (sizes.snapshot_records, sizes.snapshot_bytes) = (records, bytes);
        } else if generation > 0 || self.through(transaction)? > Position::default() {
            return Err(self.unreadable("its snapshot".into(), "it is not there".to_owned()));
        }
        Ok(())
    }

    /// Visits what was appended after the snapshot, and notes how much it is.
    pub(super) fn visit_tail(
        &self,
        transaction: &ReadTransaction,
        Position(through): Position,
        sizes: &mut Sizes,
        visit: &mut Visit<'_>,
    ) -> Result<(), JournalError> {
        if let Some(table) = self.table(transaction, TAIL.name())? {
            let (records, bytes) = self.visit_rows(&table, "tail", through + 1, 0, visit)?;
            (sizes.tail_records, sizes.tail_bytes) = (records, bytes);
        }
        Ok(())
    }

    fn table(
        &self,
        transaction: &ReadTransaction,
        name: &str,
    ) -> Result<Option<ReadOnlyTable<u64, &'static [u8]>>, JournalError> {
        let table: TableDefinition<'_, u64, &[u8]> = TableDefinition::new(name);
        match transaction.open_table(table) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(self.store_error("read")(error.into())),
        }
    }

    /// Where it stands, without a look at what is before.
    pub(super) fn last_position(&self) -> Result<Position, JournalError> {
        let transaction = self.reader()?;
        let find = || -> Result<u64, redb::Error> {
            match transaction.open_table(TAIL) {
                Ok(tail) => {
                    if let Some((last, _)) = tail.last()? {
                        return Ok(last.value());
                    }
                }
                Err(TableError::TableDoesNotExist(_)) => {}
                Err(error) => return Err(error.into()),
            }
            Ok(figure(&transaction, THROUGH)?.unwrap_or_default())
        };
        find().map(Position).map_err(self.store_error("read"))
    }
}

/// A figure about all of it; none where it was never written.
pub(super) fn figure(transaction: &ReadTransaction, key: &str) -> Result<Option<u64>, redb::Error> {
    match transaction.open_table(META) {
        Ok(table) => Ok(table.get(key)?.map(|value| value.value())),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether there was no room.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
