//! Reads files and makes both their hashes.
//!
//! For threads that may block. Knows one file at a time; a file that changes under it is not
//! hashed.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use protocol::hash::ContentHash;
use protocol::pieces::{FileHasher, FileHashes, FileTree, TreeHasher, WholeHasher};

use super::open::stamp_of;

/// Bytes a read; large enough that system calls do not count, small enough for the second cache.
const READ_BYTES: usize = 512 * 1024;
/// Buffers under way between the two threads of a big file.
const BUFFERS: usize = 4;
/// From here on a second thread pays for itself.
pub const PAIR_MIN_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// It cannot be read.
    #[error("read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was written to meanwhile.
    #[error("{} changed while it was read; try again when nobody writes to it", path.display())]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// Somebody asked to stop.
    #[error("stopped")]
    Stopped,
}

/// What a hashing thread asks while it reads: told the bytes just done; false stops it.
pub type Progress<'a> = &'a (dyn Fn(u64) -> bool + Sync);

/// Both hashes of any file (the last part of `path` may be a link), on two cores when it is big.
/// `progress` is told the bytes done since it was told last.
///
/// # Errors
/// When the file cannot be read or changes meanwhile.
pub fn hash_file(path: &Path, progress: impl Fn(u64) + Sync) -> Result<FileHashes, HashError> {
    let read = |source| HashError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(read)?;
    let metadata = file.metadata().map_err(read)?;
    if !metadata.is_file() {
        return Err(read(io::Error::other("it is no regular file")));
    }
    let go_on = |bytes| {
        progress(bytes);
        true
    };
    let size_bytes = metadata.len();
    let hashes = if size_bytes >= PAIR_MIN_BYTES {
        hash_on_two(&file, path, size_bytes, &go_on)?
    } else {
        hash_on_one(&file, path, size_bytes, &go_on)?
    };
    let after = file.metadata().map_err(read)?;
    if stamp_of(&after) != stamp_of(&metadata) {
        return Err(HashError::Changed {
            path: path.to_owned(),
        });
    }
    Ok(hashes)
}

/// Both hashes of an open file of `size_bytes`, on this thread.
///
/// # Errors
/// When it cannot be read, is not as long as told, or `progress` says stop.
pub fn hash_on_one(
    file: &File,
    path: &Path,
    size_bytes: u64,
    progress: Progress<'_>,
) -> Result<FileHashes, HashError> {
    let mut hasher = FileHasher::new(size_bytes);
    let room = usize::try_from(size_bytes.saturating_add(1)).unwrap_or(READ_BYTES);
    let mut buffer = vec![0; room.min(READ_BYTES)];
    let mut position = 0;
    loop {
        let count = read_some(file, path, &mut buffer, position)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        position += count as u64;
        if !progress(count as u64) {
            return Err(HashError::Stopped);
        }
    }
    hasher.finish().ok_or_else(|| HashError::Changed {
        path: path.to_owned(),
    })
}

/// The same on two threads: this one reads and makes the tree, whose leaves are hashed several at a
/// time, the other the hash of the whole file, which has no such short cut.
///
/// # Errors
/// As [`hash_on_one`].
pub fn hash_on_two(
    file: &File,
    path: &Path,
    size_bytes: u64,
    progress: Progress<'_>,
) -> Result<FileHashes, HashError> {
    let (filled, to_hash) = sync_channel::<Arc<Vec<u8>>>(BUFFERS);
    std::thread::scope(|scope| {
        let whole = scope.spawn(|| hash_whole(to_hash));
        let tree = hash_tree(file, path, size_bytes, &filled, progress);
        // The other thread ends with the queue.
        drop(filled);
        let hash = whole
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let tree = tree?.ok_or_else(|| HashError::Changed {
            path: path.to_owned(),
        })?;
        Ok(tree.with_hash(hash))
    })
}

fn hash_tree(
    file: &File,
    path: &Path,
    size_bytes: u64,
    filled: &SyncSender<Arc<Vec<u8>>>,
    progress: Progress<'_>,
) -> Result<Option<FileTree>, HashError> {
    let mut tree = TreeHasher::new(size_bytes);
    let mut position = 0;
    // One more than the queue and the other thread can hold: the next one is always free.
    let mut buffers: VecDeque<Arc<Vec<u8>>> = VecDeque::new();
    loop {
        let mut buffer = match buffers.front() {
            Some(oldest) if Arc::strong_count(oldest) == 1 => {
                buffers.pop_front().unwrap_or_default()
            }
            _ => Arc::new(vec![0; READ_BYTES]),
        };
        let bytes = Arc::make_mut(&mut buffer);
        bytes.resize(READ_BYTES, 0);
        let count = read_some(file, path, bytes, position)?;
        if count == 0 {
            return Ok(tree.finish());
        }
        bytes.truncate(count);
        position += count as u64;
        if !progress(count as u64) {
            return Err(HashError::Stopped);
        }
        if filled.send(Arc::clone(&buffer)).is_err() {
            return Ok(None);
        }
        tree.update(&buffer);
        buffers.push_back(buffer);
    }
}

fn hash_whole(filled: Receiver<Arc<Vec<u8>>>) -> ContentHash {
    let mut whole = WholeHasher::new();
    for buffer in filled {
        whole.update(&buffer);
    }
    whole.finish()
}

fn read_some(
    file: &File,
    path: &Path,
    buffer: &mut [u8],
    position: u64,
) -> Result<usize, HashError> {
    loop {
        match file.read_at(buffer, position) {
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => {
                return Err(HashError::Read {
                    path: path.to_owned(),
                    source,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn one_and_two_threads_agree_with_the_bytes_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for size in [0, 1, READ_BYTES, READ_BYTES * 9 + 7] {
            let bytes: Vec<u8> = (0..=250).cycle().take(size).collect();
            std::fs::write(&path, &bytes).unwrap();
            let mut hasher = FileHasher::new(size as u64);
            hasher.update(&bytes);
            let expected = hasher.finish().unwrap();
            let file = File::open(&path).unwrap();
            let done = AtomicU64::new(0);
            let progress = |bytes| {
                done.fetch_add(bytes, Ordering::Relaxed);
                true
            };
            let one = hash_on_one(&file, &path, size as u64, &progress).unwrap();
            let two = hash_on_two(&file, &path, size as u64, &progress).unwrap();
            let any = hash_file(&path, |_| ()).unwrap();
            assert_eq!((&one, &two, &any), (&expected, &expected, &expected));
            assert_eq!(done.into_inner(), 2 * size as u64);
            let longer = hash_on_two(&file, &path, size as u64 + 1, &|_| true);
            assert!(matches!(longer, Err(HashError::Changed { .. })));
        }
    }

    #[test]
    fn hashing_stops_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, vec![0; READ_BYTES * 20]).unwrap();
        let file = File::open(&path).unwrap();
        let size = READ_BYTES as u64 * 20;
        for result in [
            hash_on_one(&file, &path, size, &|_| false),
            hash_on_two(&file, &path, size, &|_| false),
        ] {
            assert!(matches!(result, Err(HashError::Stopped)));
        }
    }
}
