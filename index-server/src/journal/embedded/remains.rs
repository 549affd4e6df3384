//! What can still be read of a damaged journal, and a fresh one in its place.
//!
//! The store refuses a file of which any page is not what its checksum says, though all records may
//! be whole. Here such a file is opened as one that another process is writing, which the store
//! believes as it stands; every record is then proven by its own checksum.

use std::fs::{File, TryLockError};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{BackendError, Builder, ConcurrencyMode, ReadOnlyDatabase, StorageBackend};

use super::note::Note;
use super::quiet::quietly;
use super::{CACHE_BYTES, EmbeddedJournal, Store};
use crate::journal::{JournalError, Position, Seal, Snapshot};

/// Where the file says which of its two last commits counts.
const FLAGS_OFFSET: u64 = 9;
/// That bit of it.
const PRIMARY_BIT: u8 = 1;
/// Set while a commit may not be on the disk yet.
const UNFLUSHED_BIT: u8 = 8;
/// The byte that a process holds which writes the file and has it in order.
const WRITER_IS_THERE: u64 = (1 << 62) + 4;

/// A damaged journal that nobody else uses meanwhile.
#[derive(Debug)]
pub struct Damaged {
    folder: PathBuf,
    file: File,
}

impl Damaged {
    /// Holds the journal in `folder`.
    ///
    /// # Errors
    /// [`JournalError::InUse`] while another process has it; otherwise what the file system said.
    pub fn hold(folder: &Path) -> Result<Self, JournalError> {
        let path = EmbeddedJournal::path_in(folder);
        let refused = |error: io::Error| JournalError::Store {
            operation: "open",
            path: path.clone(),
            detail: error.to_string(),
        };
        let file = File::open(&path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                folder: folder.to_owned(),
                file,
            }),
            Err(TryLockError::WouldBlock) => Err(JournalError::InUse {
                folder: folder.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(refused(error)),
        }
    }

    /// The states of it that can be opened, the furthest one first; nothing can be appended.
    pub fn remains(&self) -> Vec<EmbeddedJournal> {
        let mut states: Vec<(Option<Position>, EmbeddedJournal)> = [0, PRIMARY_BIT]
            .into_iter()
            .filter_map(|primary| {
                let store = self.open(primary)?;
                let journal = EmbeddedJournal::of(&self.folder, Store::Remains(Arc::new(store)));
                let last = journal.reading(|| journal.last_position()).ok();
                Some((last, journal))
            })
            .collect();
        states.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
        states.into_iter().map(|(_, journal)| journal).collect()
    }

    /// Puts a fresh journal in its place, which stands at `through` and holds `snapshot`; yields the
    /// name under which the damaged one is kept.
    ///
    /// # Errors
    /// When it is not durable, and the first error that `snapshot` yields; the damaged one is then
    /// as it was.
    pub fn replace(
        self,
        through: Position,
        seal: Option<Seal>,
        snapshot: &mut Snapshot<'_>,
    ) -> Result<PathBuf, JournalError> {
        let journal = EmbeddedJournal::of(&self.folder, Store::Closed);
        journal.write_in_place(through, seal, snapshot)
    }

    /// How many records are known to have been acknowledged after a position; none where that is not
    /// known.
    pub fn missing_after(&self, Position(at): Position) -> Option<u64> {
        let Position(noted) = Note::in_folder(&self.folder).read()?;
        Some(noted.saturating_sub(at))
    }

    fn open(&self, primary: u8) -> Option<ReadOnlyDatabase> {
        let backend = AsItStands {
            file: self.file.try_clone().ok()?,
            primary,
        };
        let mut builder = Builder::new();
        builder
            .set_cache_size(CACHE_BYTES)
            .set_concurrency_mode(ConcurrencyMode::SingleWriter);
        quietly(|| builder.open_read_only_with_backend(backend))
            .ok()?
            .ok()
    }
}

/// The file, with one of its two last commits as the one that counts. It is held by [`Damaged`], so
/// that its locks are nobody's business.
#[derive(Debug)]
struct AsItStands {
    file: File,
    primary: u8,
}

impl StorageBackend for AsItStands {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(out, offset)?;
        let flags = FLAGS_OFFSET
            .checked_sub(offset)
            .and_then(|at| usize::try_from(at).ok())
            .and_then(|at| out.get_mut(at));
        if let Some(flags) = flags {
            *flags = (*flags & !PRIMARY_BIT & !UNFLUSHED_BIT) | self.primary;
        }
        Ok(())
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn try_lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn query_lock_range(&self, start: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(start == Bound::Included(WRITER_IS_THERE))
    }
}
