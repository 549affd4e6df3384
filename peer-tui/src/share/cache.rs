//! The hashes of files as they were, so that a restart hashes nothing twice.
//!
//! `hashes.redb` holds two tables: `files` (real path to state, hashes and the day it was last seen)
//! and `pieces` (content to piece hashes, for files of more than one piece); a third is of an older
//! form and empties by and by. Losing the file costs only time, so a damaged or newer one is put
//! aside. Knows no share folders.
//!
//! A state is size, modification time, change time and inode: what was copied to another disk or
//! another machine is hashed there once, since nothing there says that the bytes are the same.

mod entry;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::pieces::PieceLayout;
use redb::{Database, DatabaseError, ReadableDatabase as _, TableDefinition};

pub use self::entry::Entry;
use self::entry::OldEntry;
use super::{FileStamp, ShareError};

/// Name of the cache file in the data folder.
pub const CACHE_FILE: &str = "hashes.redb";
const FILES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("files-2");
const OLD_FILES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("files-1");
const PIECES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("pieces-1");
/// Entries not seen for so long are dropped.
const KEPT_SECS: u64 = 30 * 24 * 3600;
/// How stale the day of an entry may be before it is written anew.
const SEEN_STEP_SECS: u64 = 24 * 3600;
/// Memory of the store itself.
const PAGES_MAX_BYTES: usize = 8 * 1024 * 1024;

/// What was not written yet.
#[derive(Debug, Default)]
struct Unsaved {
    entries: HashMap<PathBuf, Entry>,
    pieces: HashMap<ContentHash, Arc<[PieceHash]>>,
}

/// The cache; all calls may block.
pub struct Cache {
    path: PathBuf,
    /// `None` once it is closed.
    database: RwLock<Option<Database>>,
    unsaved: Mutex<Unsaved>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Cache {
    /// Opens the cache in the folder `data`, or starts an empty one; what cannot be read any more
    /// is put aside.
    ///
    /// # Errors
    /// When another program holds it, or the folder cannot be written.
    pub fn open(data: &Path) -> Result<Self, ShareError> {
        let path = data.join(CACHE_FILE);
        let database = match open_database(&path) {
            Ok(database) => database,
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                return Err(ShareError::new(format!(
                    "open hash cache {}: another daemon uses this data folder; stop it \
                     (peer-tui stop) or give another one with --data",
                    path.display()
                )));
            }
            Err(error) if is_about_content(&error) => {
                put_aside(&path, &error.to_string())?;
                open_database(&path).map_err(|error| failed("make", &path, &error))?
            }
            Err(error) => return Err(failed("open", &path, &error)),
        };
        Ok(Self {
            path,
            database: RwLock::new(Some(database)),
            unsaved: Mutex::default(),
        })
    }

    /// For each path in its state, what it hashed to then; marks what it finds as seen at
    /// `now_secs` (since 1970).
    pub fn look_up(&self, wanted: &[(PathBuf, FileStamp)], now_secs: u64) -> Vec<Option<Entry>> {
        let mut found = vec![None; wanted.len()];
        if let Err(error) = self.read(wanted, &mut found) {
            // A cache that cannot be read costs time, not correctness.
            tracing::warn!(path = %self.path.display(), %error, "read hash cache");
        }
        let mut unsaved = self.unsaved();
        for ((path, stamp), entry) in wanted.iter().zip(&mut found) {
            if let Some(newer) = unsaved.entries.get(path) {
                *entry = Some(*newer);
            }
            *entry = entry.filter(|entry| entry.stamp == *stamp);
            if let Some(entry) = entry
                && entry.seen_secs.saturating_add(SEEN_STEP_SECS) < now_secs
            {
                entry.seen_secs = now_secs;
                unsaved.entries.insert(path.clone(), *entry);
            }
        }
        found
    }

    fn read(
        &self,
        wanted: &[(PathBuf, FileStamp)],
        found: &mut [Option<Entry>],
    ) -> Result<(), redb::Error> {
        self.with_database(|database| {
            let transaction = database.begin_read()?;
            let files = transaction.open_table(FILES)?;
            let old_files = transaction.open_table(OLD_FILES)?;
            for ((path, stamp), slot) in wanted.iter().zip(found) {
                let key = path.as_os_str().as_bytes();
                *slot = files.get(key)?.and_then(|value| Entry::read(value.value()));
                if slot.is_none() {
                    let old = old_files.get(key)?;
                    let old = old.and_then(|value| OldEntry::read(value.value()));
                    *slot = old.and_then(|old| old.renew(*stamp));
                }
            }
            Ok(())
        })
    }

    /// Remembers a file; written with the next [`Cache::save`].
    pub fn put(
        &self,
        path: PathBuf,
        stamp: FileStamp,
        (hash, pieces_root): (ContentHash, PiecesRoot),
        pieces: &[PieceHash],
        now_secs: u64,
    ) {
        let mut unsaved = self.unsaved();
        let entry = Entry {
            stamp,
            hash,
            pieces_root,
            seen_secs: now_secs,
        };
        unsaved.entries.insert(path, entry);
        if pieces.len() > 1 {
            unsaved.pieces.insert(hash, pieces.into());
        }
    }

    /// Writes what was put since the last time; keeps it for the next time when that fails.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn save(&self) -> Result<(), ShareError> {
        let batch = std::mem::take(&mut *self.unsaved());
        if batch.entries.is_empty() && batch.pieces.is_empty() {
            return Ok(());
        }
        // Readers find the pieces of a batch that is being written.
        self.unsaved()
            .pieces
            .extend(batch.pieces.iter().map(|(k, v)| (*k, Arc::clone(v))));
        let written = self.with_database(|database| write(database, &batch));
        let mut unsaved = self.unsaved();
        match written {
            Ok(()) => {
                for (hash, pieces) in &batch.pieces {
                    let is_same = |held: &Arc<[PieceHash]>| Arc::ptr_eq(held, pieces);
                    if unsaved.pieces.get(hash).is_some_and(is_same) {
                        unsaved.pieces.remove(hash);
                    }
                }
                Ok(())
            }
            Err(error) => {
                for (path, entry) in batch.entries {
                    unsaved.entries.entry(path).or_insert(entry);
                }
                Err(failed("write", &self.path, &error))
            }
        }
    }

    /// The piece hashes of a content of this size and root.
    ///
    /// # Errors
    /// When they are not held or cannot be read.
    pub fn pieces(
        &self,
        hash: &ContentHash,
        size_bytes: u64,
        root: &PiecesRoot,
    ) -> Result<Arc<[PieceHash]>, ShareError> {
        let layout = PieceLayout::of_size(size_bytes);
        if layout.count() <= 1 {
            // A file of at most one piece has its root as the only piece hash.
            let only = PieceHash::from_bytes(*root.as_bytes());
            return Ok((0..layout.count()).map(|_| only).collect());
        }
        if let Some(pieces) = self.unsaved().pieces.get(hash) {
            return Ok(Arc::clone(pieces));
        }
        let stored = self
            .with_database(|database| read_pieces(database, hash))
            .map_err(|error| failed("read", &self.path, &error))?;
        let pieces = stored.filter(|pieces| pieces.len() == layout.count() as usize);
        pieces.ok_or_else(|| {
            ShareError::new(format!(
                "read hash cache {}: the piece hashes of {hash} are not in it",
                self.path.display()
            ))
        })
    }

    /// Drops what was not seen for a month, and piece hashes that no entry needs any more; yields
    /// how many entries went.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn prune(&self, now_secs: u64) -> Result<usize, ShareError> {
        let oldest_secs = now_secs.saturating_sub(KEPT_SECS);
        self.with_database(|database| drop_older(database, oldest_secs))
            .map_err(|error| failed("tidy", &self.path, &error))
    }

    /// Writes what is left and lets go of the file, for the next daemon; readers get errors from
    /// now on.
    ///
    /// # Errors
    /// When the disk does not take what is left.
    pub fn close(&self) -> Result<(), ShareError> {
        let saved = self.save();
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *database = None;
        saved
    }

    fn with_database<T>(
        &self,
        run: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        match &*database {
            Some(database) => run(database),
            None => Err(std::io::Error::other("it is closed").into()),
        }
    }

    fn unsaved(&self) -> MutexGuard<'_, Unsaved> {
        // Each change is one call of a map, so a panic elsewhere leaves them whole.
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(database: &Database, batch: &Unsaved) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut files = transaction.open_table(FILES)?;
        let mut old_files = transaction.open_table(OLD_FILES)?;
        for (path, entry) in &batch.entries {
            let (key, value) = (path.as_os_str().as_bytes(), entry.to_value()?);
            files.insert(key, value.as_slice())?;
            old_files.remove(key)?;
        }
        let mut table = transaction.open_table(PIECES)?;
        for (hash, pieces) in &batch.pieces {
            let value: Vec<u8> = pieces.iter().flat_map(|piece| *piece.as_bytes()).collect();
            table.insert(hash.as_bytes().as_slice(), value.as_slice())?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn read_pieces(
    database: &Database,
    hash: &ContentHash,
) -> Result<Option<Arc<[PieceHash]>>, redb::Error> {
    let transaction = database.begin_read()?;
    let table = transaction.open_table(PIECES)?;
    let value = table.get(hash.as_bytes().as_slice())?;
    Ok(value.map(|value| {
        let (pieces, _) = value.value().as_chunks::<32>();
        pieces.iter().copied().map(PieceHash::from_bytes).collect()
    }))
}

fn drop_older(database: &Database, oldest_secs: u64) -> Result<usize, redb::Error> {
    let transaction = database.begin_write()?;
    let mut dropped = 0;
    {
        let mut files = transaction.open_table(FILES)?;
        let mut used = BTreeSet::new();
        let mut is_kept = |seen: Option<(u64, ContentHash)>| {
            let kept = seen.filter(|(seen_secs, _)| *seen_secs >= oldest_secs);
            dropped += usize::from(kept.is_none());
            used.extend(kept.map(|(_, hash)| hash));
            kept.is_some()
        };
        files.retain(|_, value| {
            is_kept(Entry::read(value).map(|entry| (entry.seen_secs, entry.hash)))
        })?;
        transaction.open_table(OLD_FILES)?.retain(|_, value| {
            is_kept(OldEntry::read(value).map(|entry| (entry.seen_secs, entry.hash)))
        })?;
        let mut pieces = transaction.open_table(PIECES)?;
        let of_key = |key: &[u8]| key.try_into().ok().map(ContentHash::from_bytes);
        pieces.retain(|key, _| of_key(key).is_some_and(|hash| used.contains(&hash)))?;
    }
    transaction.commit()?;
    Ok(dropped)
}

fn open_database(path: &Path) -> Result<Database, DatabaseError> {
    let database = Database::builder()
        .set_cache_size(PAGES_MAX_BYTES)
        .create(path)?;
    let prepare = || -> Result<(), redb::Error> {
        let transaction = database.begin_write()?;
        transaction.open_table(FILES)?;
        transaction.open_table(OLD_FILES)?;
        transaction.open_table(PIECES)?;
        transaction.commit()?;
        Ok(())
    };
    match prepare() {
        Ok(()) => Ok(database),
        Err(redb::Error::Io(error)) => Err(DatabaseError::Storage(redb::StorageError::Io(error))),
        Err(error) => Err(DatabaseError::Storage(redb::StorageError::Corrupted(
            error.to_string(),
        ))),
    }
}

/// Whether the file is there and can be read, but holds something else than it should.
fn is_about_content(error: &DatabaseError) -> bool {
    match error {
        DatabaseError::UpgradeRequired(_) | DatabaseError::RepairAborted => true,
        DatabaseError::Storage(redb::StorageError::Corrupted(_)) => true,
        DatabaseError::Storage(redb::StorageError::Io(error)) => matches!(
            error.kind(),
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof
        ),
        _ => false,
    }
}

fn put_aside(path: &Path, reason: &str) -> Result<(), ShareError> {
    let aside = path.with_extension("redb.damaged");
    std::fs::rename(path, &aside).map_err(|error| failed("put aside", path, &error))?;
    tracing::warn!(
        path = %path.display(), aside = %aside.display(), reason,
        "the hash cache cannot be read and was put aside; files are hashed again"
    );
    Ok(())
}

fn failed(operation: &str, path: &Path, error: &dyn fmt::Display) -> ShareError {
    ShareError::new(format!(
        "{operation} hash cache {}: {error}",
        path.display()
    ))
}

#[cfg(test)]
mod tests;
