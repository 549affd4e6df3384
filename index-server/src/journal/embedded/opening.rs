//! How the file is opened: made whole or not at all, checked after a crash, refused in words.

use std::cell::Cell;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;

use redb::{Database, DatabaseError, RepairSession, TableHandle};

use super::{EmbeddedJournal, GENERATION, TAIL, is_snapshot, lock, meta, snapshot_name};
use crate::journal::{JournalError, Position};

impl EmbeddedJournal {
    pub(super) fn open_file(&self) -> Result<Database, JournalError> {
        match fs::metadata(&self.path) {
            Ok(facts) if facts.len() == 0 => {
                Err(self.unreadable("its head".into(), "the file is empty (0 bytes)".into()))
            }
            Ok(_) => self.open_made(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.make(),
            Err(error) => Err(self.store_error("open")(error.into())),
        }
    }

    fn open_made(&self) -> Result<Database, JournalError> {
        let opened = Database::builder()
            .set_cache_size(super::CACHE_BYTES)
            .set_repair_callback(say_once(&self.path, self.was_open.load(Ordering::Relaxed)))
            .open(&self.path);
        opened.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => self.in_use(),
            DatabaseError::Storage(redb::StorageError::Io(error))
                if error.kind() == io::ErrorKind::UnexpectedEof =>
            {
                let bytes = fs::metadata(&self.path).map_or(0, |facts| facts.len());
                let detail = format!("the file ends too early (after {bytes} bytes)");
                self.unreadable("its head".into(), detail)
            }
            DatabaseError::Storage(redb::StorageError::Io(error))
                if error.kind() != io::ErrorKind::InvalidData =>
            {
                self.store_error("open")(error.into())
            }
            other => self.unreadable("its head".into(), other.to_string()),
        })
    }

    /// A file that was never there before; under its name it stands whole or not at all.
    fn make(&self) -> Result<Database, JournalError> {
        let made = self.make_beside()?;
        let named = match fs::hard_link(self.beside(), &self.path) {
            // Somebody else was quicker.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(self.in_use()),
            // Some file systems know one name a file.
            Err(_) => fs::rename(self.beside(), &self.path),
            Ok(()) => Ok(()),
        };
        self.remove_beside();
        named
            .and_then(|()| File::open(&self.folder)?.sync_all())
            .map_err(|error| self.store_error("make")(error.into()))?;
        Ok(made)
    }

    fn in_use(&self) -> JournalError {
        JournalError::InUse {
            folder: self.folder.clone(),
        }
    }

    /// Makes the tables, and drops what a compaction left that did not come to its end.
    pub(super) fn prepare(database: &Database) -> Result<(), redb::Error> {
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

    /// Says when the journal ends before something that was acknowledged; yields how much is missing.
    pub(super) fn compare_with_note(&self) -> Result<u64, JournalError> {
        let (Some(Position(noted)), Position(last)) =
            (lock(&self.note).read(), self.last_position()?)
        else {
            return Ok(0);
        };
        let missing = noted.saturating_sub(last);
        if missing > 0 {
            tracing::error!(
                path = %self.path.display(),
                acknowledged = noted,
                found = last,
                "the last {missing} entries that were acknowledged are missing in the journal (an \
                 entry is a request, or some 1,000 files of a batch): its end was damaged and cut \
                 off, or it was put back from an older copy; peers register again and send what \
                 they share by themselves, but downloads and ratings counted since do not come back"
            );
        }
        Ok(missing)
    }
}

/// Tells in the log that the store was not closed and what is done about it; the store calls this
/// again and again as it proceeds. Nothing is said where `is_known`: this process had it open.
fn say_once(path: &Path, is_known: bool) -> impl Fn(&mut RepairSession) + 'static {
    let (path, is_said) = (path.to_owned(), Cell::new(is_known));
    move |_| {
        if !is_said.replace(true) {
            tracing::warn!(
                path = %path.display(),
                "the journal was not closed; it is checked, and a last append that is not whole is \
                 cut off"
            );
        }
    }
}
