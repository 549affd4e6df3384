//! A journal that is written anew beside the one that stands, and put in its place.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use redb::{Database, ReadableTable, TableError};

use super::compaction::Written;
use super::quiet::quietly;
use super::remains::Damaged;
use super::{CACHE_BYTES, EmbeddedJournal, GENERATION, META, SEAL, Store, TAIL, THROUGH, lock};
use crate::journal::{JournalError, Position, Seal, Sizes, Snapshot, frame};

/// Beside the journal, while it is written.
const BESIDE: &str = "new";
/// Under which a damaged one is kept.
const ASIDE: &str = "damaged";
/// Bytes of the tail that are copied in one transaction.
const COPIED_STEP_BYTES: usize = 2 * 1024 * 1024;
/// So many damaged journals are kept at most; the last one is then given up for the next.
const ASIDE_MAX_COUNT: usize = 4;

impl EmbeddedJournal {
    /// Writes a snapshot and what was appended after it into a fresh file, which takes the place of
    /// the one that stands; appends wait while the last of it is copied. Yields the name under which
    /// the file of before is kept.
    pub(super) fn write_anew(
        &self,
        through: Position,
        snapshot: &mut Snapshot<'_>,
    ) -> Result<PathBuf, JournalError> {
        let seal = self.reading_beside(|| self.seal_of(through)).ok().flatten();
        self.removed_on_error(|| {
            let (fresh, written) = self.write_beside(through, seal, snapshot)?;
            let _nobody_appends = lock(&self.appending);
            let (tail_records, tail_bytes) = self
                .reading_beside(|| self.copy_tail(&fresh, through))
                .or_else(|error| self.copy_remaining_tail(&fresh, through).ok_or(error))?;
            let aside = self.put_in_place(fresh)?;
            *lock(&self.sizes) = Sizes {
                snapshot_records: written.records,
                snapshot_bytes: written.bytes,
                tail_records,
                tail_bytes,
            };
            Ok(aside)
        })
    }

    /// Writes a snapshot into a fresh file, which takes the place of the one that stands.
    pub(super) fn write_in_place(
        &self,
        through: Position,
        seal: Option<Seal>,
        snapshot: &mut Snapshot<'_>,
    ) -> Result<PathBuf, JournalError> {
        self.removed_on_error(|| {
            let (fresh, _) = self.write_beside(through, seal, snapshot)?;
            drop(fresh);
            let aside = self.keep_aside()?;
            self.rename_into_place()?;
            Ok(aside)
        })
    }

    /// Removes what was left of a journal that was being written when the process ended.
    pub(super) fn remove_beside(&self) {
        let _ = fs::remove_file(self.beside());
    }

    /// A fresh, empty file beside the journal.
    pub(super) fn make_beside(&self) -> Result<Database, JournalError> {
        self.remove_beside();
        Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(self.beside())
            .map_err(|error| self.store_error("make")(error.into()))
    }

    pub(super) fn beside(&self) -> PathBuf {
        self.path.with_added_extension(BESIDE)
    }

    fn removed_on_error<T>(
        &self,
        write: impl FnOnce() -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        write().inspect_err(|_| self.remove_beside())
    }

    fn write_beside(
        &self,
        through: Position,
        seal: Option<Seal>,
        snapshot: &mut Snapshot<'_>,
    ) -> Result<(Database, Written), JournalError> {
        let fresh = self.make_beside()?;
        let refused = self.store_error("write anew");
        Self::prepare(&fresh).map_err(&refused)?;
        let written = Self::write_snapshot(&fresh, snapshot, &refused)?;
        // Where the record is gone that it is of, any will do that is of no other journal.
        let seal = seal.or_else(|| frame::checksum_of(&frame::seal(&through.0.to_le_bytes())));
        let finish = || -> Result<(), redb::Error> {
            let transaction = fresh.begin_write()?;
            {
                let mut meta = transaction.open_table(META)?;
                meta.insert(GENERATION, written.generation)?;
                meta.insert(THROUGH, through.0)?;
                meta.insert(SEAL, seal.unwrap_or_default())?;
            }
            transaction.commit()?;
            Ok(())
        };
        finish().map_err(&refused)?;
        Ok((fresh, written))
    }

    /// Copies what was appended after `through`; yields records and bytes.
    fn copy_tail(&self, fresh: &Database, through: Position) -> Result<(u64, u64), JournalError> {
        let transaction = self.reader()?;
        let tail = match transaction.open_table(TAIL) {
            Ok(tail) => tail,
            Err(TableError::TableDoesNotExist(_)) => return Ok((0, 0)),
            Err(error) => return Err(self.store_error("read")(error.into())),
        };
        let (first, skipped) = (through.0 + 1, self.rows_before(&tail, through)?);
        let (mut reached, mut step, mut step_bytes) = (through, Vec::new(), 0);
        let mut outcome = Ok(());
        let copied = self.visit_rows(&tail, "tail", first, skipped, &mut |record| {
            step.push(record.to_vec());
            step_bytes += record.len();
            if step_bytes >= COPIED_STEP_BYTES && outcome.is_ok() {
                outcome = self.take_over(fresh, &mut reached, &step);
                (step, step_bytes) = (Vec::new(), 0);
            }
            Ok(())
        })?;
        outcome?;
        if !step.is_empty() {
            self.take_over(fresh, &mut reached, &step)?;
        }
        Ok(copied)
    }

    fn take_over(
        &self,
        fresh: &Database,
        reached: &mut Position,
        step: &[Vec<u8>],
    ) -> Result<(), JournalError> {
        let expected = *reached;
        *reached = Self::append_to(fresh, expected, step)
            .map_err(self.store_error("write anew"))?
            .map_err(|last| JournalError::Moved { expected, last })?;
        Ok(())
    }

    /// The same where the store does not open the file any more.
    fn copy_remaining_tail(&self, fresh: &Database, through: Position) -> Option<(u64, u64)> {
        let before = {
            let mut store = lock(&self.store);
            if matches!(*store, Store::Closed) {
                return None;
            }
            std::mem::replace(&mut *store, Store::Failed)
        };
        let _ = quietly(|| drop(before));
        let damaged = Damaged::hold(&self.folder).ok()?;
        let copied = damaged.remains().into_iter().find_map(|state| {
            let copied = state.reading(|| state.copy_tail(fresh, through));
            copied.ok()
        })?;
        // All that was acknowledged, or it does not count.
        let missing = damaged.missing_after(through.after(copied.0));
        (missing.unwrap_or_default() == 0).then_some(copied)
    }

    /// Rows of the tail up to a position.
    pub(super) fn rows_before(
        &self,
        tail: &impl ReadableTable<u64, &'static [u8]>,
        at: Position,
    ) -> Result<u64, JournalError> {
        let first = tail
            .first()
            .map_err(|error| self.store_error("read")(error.into()))?;
        Ok(first.map_or(0, |(key, _)| at.0.saturating_sub(key.value() - 1)))
    }

    /// Goes over to the file beside.
    fn put_in_place(&self, fresh: Database) -> Result<PathBuf, JournalError> {
        let mut store = lock(&self.store);
        if matches!(*store, Store::Closed) {
            return Err(JournalError::Closed);
        }
        let aside = self.keep_aside()?;
        self.rename_into_place()?;
        let before = std::mem::replace(&mut *store, Store::Open(Arc::new(fresh)));
        // It writes to its file once more, which is kept as what it is: damaged.
        let _ = quietly(|| drop(before));
        Ok(aside)
    }

    /// Gives the file that stands a second name.
    fn keep_aside(&self) -> Result<PathBuf, JournalError> {
        let name = |number| match number {
            1 => self.path.with_added_extension(ASIDE),
            number => self.path.with_added_extension(format!("{ASIDE}-{number}")),
        };
        let mut number = 1;
        loop {
            let aside = name(number);
            let Err(error) = fs::hard_link(&self.path, &aside) else {
                return Ok(aside);
            };
            if error.kind() == io::ErrorKind::AlreadyExists && number < ASIDE_MAX_COUNT {
                number += 1;
                continue;
            }
            let _ = fs::remove_file(&aside);
            // Some file systems know one name a file.
            return fs::hard_link(&self.path, &aside)
                .or_else(|_| fs::copy(&self.path, &aside).map(|_| ()))
                .map(|()| aside)
                .map_err(|error| self.store_error("keep aside")(error.into()));
        }
    }

    fn rename_into_place(&self) -> Result<(), JournalError> {
        fs::rename(self.beside(), &self.path)
            .and_then(|()| File::open(&self.folder)?.sync_all())
            .map_err(|error| self.store_error("put in place")(error.into()))
    }
}
