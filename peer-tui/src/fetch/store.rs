//! An unfinished download on disk: `HASH.part` with the bytes, `HASH.map` with what of them is
//! verified and safe.
//!
//! The map is only there after a clean end and is taken away at the next start: without it, or when
//! it is damaged, nothing is believed and the pieces on disk are hashed again. Blocking: called on
//! blocking threads. Knows pieces; knows no source.

#[cfg(test)]
pub mod faults;
pub mod map;
pub mod place;
pub mod resting;
mod stream;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::byte_size::format_bytes;
use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::pieces::{PieceHasher, PieceIndex, PieceLayout, PieceSet};
use rustix::fs::SeekFrom;

/// Folder of unfinished downloads, below the download folder.
pub const FOLDER: &str = ".peerdex";
/// Bytes read at a time.
const READ_BYTES: usize = 256 * 1024;
/// Kept free on a disk, where that is not more than a twentieth of it.
const RESERVE_BYTES: u64 = 256 * 1024 * 1024;

/// Why the disk did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error(
        "disk full: free {} more, then it goes on by itself (the disk of {}; what came so far is kept)",
        format_bytes(*.wanted_bytes),
        .path.display()
    )]
    Full {
        /// Where.
        path: PathBuf,
        /// Bytes to free.
        wanted_bytes: u64,
    },
    /// What was written may be lost.
    #[error("make {} safe on disk: {reason}; what is there is checked again and the rest fetched anew", .path.display())]
    Unsafe {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Anything else.
    #[error("{operation} {}: {reason}", .path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// Why not.
        reason: io::Error,
    },
}

impl StoreError {
    /// The error of an operation on `path`, with a full disk told apart.
    pub fn of(operation: &'static str, path: &Path, wanted_bytes: u64, reason: io::Error) -> Self {
        let path = path.to_owned();
        match reason.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full {
                path,
                // It did not do, so something is missing.
                wanted_bytes: wanted_bytes.max(1),
            },
            _ => Self::Io {
                operation,
                path,
                reason,
            },
        }
    }
}

/// An open unfinished download; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    file: Arc<File>,
    path: PathBuf,
    layout: PieceLayout,
}

/// What was found on disk.
#[derive(Debug)]
pub struct Opened {
    /// The download.
    pub store: Store,
    /// Pieces that are verified and safe.
    pub verified: PieceSet,
    /// Pieces that have bytes which nobody vouches for: hash them.
    pub doubtful: Vec<PieceIndex>,
}

/// Path of the bytes of an unfinished download of `hash` below the folder of unfinished downloads.
pub fn part_path(folder: &Path, hash: &ContentHash) -> PathBuf {
    folder.join(format!("{hash}.part"))
}

impl Store {
    /// Opens or makes the files of `hash` in `folder`.
    ///
    /// # Errors
    /// When the folder or file cannot be made, or the disk has no room for what is missing.
    pub fn open(
        folder: &Path,
        hash: &ContentHash,
        root: Option<PiecesRoot>,
        layout: PieceLayout,
    ) -> Result<Opened, StoreError> {
        let (store, map) = Self::open_file(folder, hash, layout)?;
        let (wanted, length) = (layout.size_bytes(), store.length()?);
        let (verified, doubtful) = match map {
            Some(map) if Some(map.root) == root && length == wanted => {
                match PieceSet::from_bytes(layout.count(), &map.held) {
                    Some(verified) => (verified, Vec::new()),
                    None => (PieceSet::none(layout.count()), store.written()),
                }
            }
            _ => (PieceSet::none(layout.count()), store.written()),
        };
        store.set_length(wanted)?;
        Ok(Opened {
            store,
            verified,
            doubtful,
        })
    }

    /// The file, made where there is none, and the map that was there.
    fn open_file(
        folder: &Path,
        hash: &ContentHash,
        layout: PieceLayout,
    ) -> Result<(Self, Option<map::Map>), StoreError> {
        let path = part_path(folder, hash);
        let wanted = layout.size_bytes();
        let fail = |operation, at: &Path, reason| StoreError::of(operation, at, wanted, reason);
        fs::create_dir_all(folder).map_err(|reason| fail("make folder", folder, reason))?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|reason| fail("open", &path, reason))?;
        let store = Self {
            file: Arc::new(file),
            path,
            layout,
        };
        // Before the map is taken: where there is no room it still vouches for what is there.
        check_free(folder, store.missing_bytes())?;
        let map =
            map::take(folder, hash).map_err(|reason| fail("read map of", &store.path, reason))?;
        Ok((store, map))
    }

    fn length(&self) -> Result<u64, StoreError> {
        let metadata = self.file.metadata();
        let length = metadata.map(|metadata| metadata.len());
        length.map_err(|reason| StoreError::of("look at", &self.path, 0, reason))
    }

    fn set_length(&self, length: u64) -> Result<(), StoreError> {
        let set = self.file.set_len(length);
        set.map_err(|reason| StoreError::of("make room for", &self.path, length, reason))
    }

    /// Where the bytes lie.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How the file is cut.
    pub const fn layout(&self) -> PieceLayout {
        self.layout
    }

    /// Writes bytes at their place.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all_at(bytes, offset).map_err(|reason| {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            let wanted = bytes_to_free(folder, self.missing_bytes().max(1));
            match StoreError::of("write", &self.path, wanted.unwrap_or(1), reason) {
                // Said of the disk, as where room is looked for.
                StoreError::Full { wanted_bytes, .. } => StoreError::Full {
                    path: folder.to_owned(),
                    wanted_bytes,
                },
                other => other,
            }
        })
    }

    /// Hands the bytes of a range to `take`, in order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(
        &self,
        first: u64,
        mut length: u64,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), StoreError> {
        let mut buffer = vec![0; READ_BYTES];
        let mut offset = first;
        while length > 0 {
            let now = usize::try_from(length).map_or(READ_BYTES, |left| left.min(READ_BYTES));
            let chunk = &mut buffer[..now];
            self.file
                .read_exact_at(chunk, offset)
                .map_err(|reason| StoreError::Io {
                    operation: "read",
                    path: self.path.clone(),
                    reason,
                })?;
            take(chunk);
            offset += now as u64;
            length -= now as u64;
        }
        Ok(())
    }

    /// Whether the bytes on disk of a piece are the ones that `expected` names.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn verify(&self, piece: PieceIndex, expected: &PieceHash) -> Result<bool, StoreError> {
        let range = self.layout.range(piece);
        let mut hasher = PieceHasher::new(self.layout);
        self.read(range.first(), range.len(), |bytes| hasher.update(bytes))?;
        Ok(hasher.finish() == *expected)
    }

    /// Forgets all bytes.
    ///
    /// # Errors
    /// When the file cannot be cut.
    pub fn clear(&self) -> Result<(), StoreError> {
        let cut = self
            .file
            .set_len(0)
            .and_then(|()| self.file.set_len(self.layout.size_bytes()));
        cut.map_err(|reason| StoreError::of("clear", &self.path, 0, reason))
    }

    /// Makes all bytes safe on disk.
    ///
    /// # Errors
    /// [`StoreError::Unsafe`]: what was written may be lost and must not be believed any more.
    pub fn sync(&self) -> Result<(), StoreError> {
        #[cfg(test)]
        let synced = faults::before_sync(&self.path).and_then(|()| self.file.sync_all());
        #[cfg(not(test))]
        let synced = self.file.sync_all();
        synced.map_err(|reason| StoreError::Unsafe {
            path: self.path.clone(),
            reason,
        })
    }

    /// After a failed [`sync`](Self::sync): what is read from now on is what the disk holds, not
    /// what was meant to be written. False where the system cannot do that.
    pub fn forget_cached(&self) -> bool {
        #[cfg(target_os = "linux")]
        {
            rustix::fs::fadvise(&*self.file, 0, None, rustix::fs::Advice::DontNeed).is_ok()
        }
        #[cfg(not(target_os = "linux"))]
        false
    }

    /// Ends for now: bytes safe first, then the map that vouches for them.
    ///
    /// # Errors
    /// When either cannot be made safe; the pieces are then hashed again at the next start.
    pub fn suspend(
        &self,
        hash: &ContentHash,
        (root, pieces): (PiecesRoot, &[PieceHash]),
        verified: &PieceSet,
    ) -> Result<(), StoreError> {
        self.sync()?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let map = map::Map {
            root,
            held: verified.as_bytes().to_vec(),
            pieces: pieces.iter().flat_map(|piece| *piece.as_bytes()).collect(),
        };
        map::write(folder, hash, &map)
            .map_err(|reason| StoreError::of("write map of", &self.path, 0, reason))
    }

    /// Pieces of which at least a byte was ever written (all, where the file system cannot tell).
    fn written(&self) -> Vec<PieceIndex> {
        let mut pieces: Vec<PieceIndex> = Vec::new();
        let mut at = 0;
        while at < self.layout.size_bytes() {
            let data = match rustix::fs::seek(&*self.file, SeekFrom::Data(at)) {
                Ok(data) => data,
                Err(rustix::io::Errno::NXIO) => break,
                Err(_) => return self.layout.pieces().collect(),
            };
            let Ok(hole) = rustix::fs::seek(&*self.file, SeekFrom::Hole(data)) else {
                return self.layout.pieces().collect();
            };
            let size = self.layout.size_bytes();
            if let Some(range) =
                protocol::byte_range::ByteRange::new(data, hole.max(data + 1) - 1, size)
            {
                let last = pieces.last().copied();
                pieces.extend(
                    self.layout
                        .pieces_of(range)
                        .filter(|piece| Some(*piece) != last),
                );
            }
            at = hole.max(data + 1);
        }
        pieces
    }

    /// Bytes that take no room on the disk yet.
    fn missing_bytes(&self) -> u64 {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = self.file.metadata();
        let taken = metadata.map_or(0, |metadata| metadata.blocks() * 512);
        self.layout.size_bytes().saturating_sub(taken)
    }
}

/// Whether so many bytes more have room, with a reserve left for the rest of the machine.
///
/// # Errors
/// [`StoreError::Full`].
pub fn check_free(folder: &Path, missing_bytes: u64) -> Result<(), StoreError> {
    match bytes_to_free(folder, missing_bytes) {
        None => Ok(()),
        Some(wanted_bytes) => Err(StoreError::Full {
            path: folder.to_owned(),
            wanted_bytes,
        }),
    }
}

/// How much to free before so many bytes have room beside the reserve; `None` when they have it, or
/// the disk does not tell.
fn bytes_to_free(folder: &Path, missing_bytes: u64) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let reserve = RESERVE_BYTES.min(disk.f_blocks.saturating_mul(disk.f_frsize) / 20);
    let needed = missing_bytes.saturating_add(reserve);
    (missing_bytes > 0 && free < needed).then(|| needed - free)
}

/// Takes an unfinished download off the disk.
///
/// # Errors
/// When its files are there and cannot be removed.
pub fn remove(folder: &Path, hash: &ContentHash) -> Result<(), StoreError> {
    let path = part_path(folder, hash);
    let gone = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    let removed =
        gone(fs::remove_file(map::path(folder, hash))).and_then(|()| gone(fs::remove_file(&path)));
    removed.map_err(|reason| StoreError::of("remove", &path, 0, reason))
}

#[cfg(test)]
mod tests;
