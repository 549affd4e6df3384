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

/// What stands in the head of every file of ours: the sign of the store, the size of a page and how
/// pages are grouped, and in front of both commits the version of their form. The checksum of a commit
/// goes over that version, so a file of another form is not taken for one of this.
const SAME_IN_ALL: [(u64, &[u8]); 4] = [
    (0, b"redb\x1a\x0a\xa9\x0d\x0a"),
    (12, &[0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0]),
    (64, &[3]),
    (192, &[3]),
];
/// Where the file says which of its two last commits counts.
const FLAGS_OFFSET: u64 = 9;
/// That bit of it.
const PRIMARY_BIT: u8 = 1;
/// Set while somebody writes: how many groups of pages there are is then not believed.
const IN_USE_BIT: u8 = 2;
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

/// The file, with what is the same in all files put right in what is read of its head, and one of its
/// two last commits as the one that counts. It is held by [`Damaged`], so
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
        let mut put_right = |at: u64, change: &dyn Fn(&mut u8)| {
            let at = at.checked_sub(offset).map(usize::try_from);
            if let Some(byte) = at.and_then(Result::ok).and_then(|at| out.get_mut(at)) {
                change(byte);
            }
        };
        for (start, bytes) in SAME_IN_ALL {
            for (at, right) in (start..).zip(bytes) {
                put_right(at, &|byte| *byte = *right);
            }
        }
        put_right(FLAGS_OFFSET, &|flags| {
            *flags = (*flags & !PRIMARY_BIT & !UNFLUSHED_BIT) | IN_USE_BIT | self.primary;
        });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_in_all_files_is_so_in_a_fresh_one() {
        let folder = tempfile::tempdir().expect("temporary folder");
        drop(EmbeddedJournal::open(folder.path()).expect("opened"));
        let head = std::fs::read(EmbeddedJournal::path_in(folder.path())).expect("readable");
        for (start, bytes) in SAME_IN_ALL {
            let start = usize::try_from(start).expect("small");
            assert_eq!(&head[start..start + bytes.len()], bytes, "at {start}");
        }
    }
}
