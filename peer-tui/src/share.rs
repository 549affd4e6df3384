//! What this peer shares: scan, watch, settle, hash, remember; one owner task, an immutable view.
//!
//! Knows disks and hashes; knows no network.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use protocol::category::Category;
use protocol::file::CatalogDigest;
use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use protocol::names::SharePath;
use protocol::pieces::FileHashes;
use tokio::sync::watch;

/// What tells one state of a file on disk from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct FileStamp {
    /// Bytes.
    pub size_bytes: u64,
    /// Modification time, nanoseconds since 1970.
    pub modified_ns: i128,
    /// Inode number.
    pub inode: u64,
}

/// One shared file as it was hashed.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedFile {
    /// Its id at this peer.
    pub id: FileId,
    /// Path below its share folder, as published.
    pub path: SharePath,
    /// The share folder it lies in.
    pub root: PathBuf,
    /// Its real path below `root` (may not be UTF-8).
    pub relative: PathBuf,
    /// The state that was hashed.
    pub stamp: FileStamp,
    /// Whole-file hash.
    pub hash: ContentHash,
    /// Merkle root.
    pub pieces_root: PiecesRoot,
    /// Kind of file.
    pub category: Category,
    /// Tags.
    pub tags: Vec<String>,
}

/// A change of what is shared, in the order it happened.
#[derive(Debug, Clone)]
pub enum ShareChange {
    /// New, or changed.
    Added(Arc<SharedFile>),
    /// Gone under this path (for a rename: followed by an `Added`).
    Removed {
        /// Its id.
        id: FileId,
        /// The path that is gone.
        path: SharePath,
    },
}

/// A file that cannot be shared, and why, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ShareTrouble {
    /// Which (lossy text).
    pub path: String,
    /// Why and what to do.
    pub reason: String,
}

/// One share folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootStatus {
    /// Where.
    pub root: PathBuf,
    /// Why it cannot be read, where that is so (missing, no permission).
    pub trouble: Option<String>,
    /// The download folder, shared too.
    pub is_downloads: bool,
}

/// How far hashing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HashProgress {
    /// Files found in the folders so far.
    pub found_files: u64,
    /// Files that wait to be hashed or are being hashed.
    pub pending_files: u64,
    /// Their bytes left.
    pub pending_bytes: u64,
    /// Bytes a second, lately.
    pub rate_bytes: u64,
    /// The first full look is over.
    pub is_settled: bool,
}

/// One state of everything shared; cheap to hold, swapped in whole.
#[derive(Debug, Default)]
pub struct ShareView {}

impl ShareView {
    /// Grows with each published change.
    pub fn revision(&self) -> u64 {
        unimplemented!("helper")
    }
    /// Names shared (one file under two names counts twice).
    pub fn count(&self) -> usize {
        unimplemented!("helper")
    }
    /// Their bytes.
    pub fn total_bytes(&self) -> u64 {
        unimplemented!("helper")
    }
    /// Over all (path, hash).
    pub fn digest(&self) -> CatalogDigest {
        unimplemented!("helper")
    }
    /// All files by path.
    pub fn files(&self) -> Box<dyn Iterator<Item = &Arc<SharedFile>> + '_> {
        unimplemented!("helper")
    }
    /// A file with this id (any of its names).
    pub fn by_id(&self, id: &FileId) -> Option<Arc<SharedFile>> {
        let _ = id;
        unimplemented!("helper")
    }
    /// A file with this content.
    pub fn by_hash(&self, hash: &ContentHash) -> Option<Arc<SharedFile>> {
        let _ = hash;
        unimplemented!("helper")
    }
    /// A file with this name (the last part of its path) or this whole path.
    pub fn by_name(&self, name: &str) -> Option<Arc<SharedFile>> {
        let _ = name;
        unimplemented!("helper")
    }
    /// The rows right below `folder` (empty for the share folder itself): folders by name, then
    /// files by name.
    pub fn list_folder(&self, root: &Path, folder: &str) -> Vec<ShareNode> {
        let _ = (root, folder);
        unimplemented!("helper")
    }
    /// Everything below a share folder.
    pub fn root_totals(&self, root: &Path) -> FolderTotals {
        let _ = root;
        unimplemented!("helper")
    }
    /// Share folders.
    pub fn roots(&self) -> &[RootStatus] {
        unimplemented!("helper")
    }
    /// How far hashing is.
    pub fn progress(&self) -> HashProgress {
        unimplemented!("helper")
    }
    /// Files that cannot be shared (bounded; the rest counted in the last one's words).
    pub fn troubles(&self) -> &[ShareTrouble] {
        unimplemented!("helper")
    }
}

/// One row below a share folder.
#[derive(Debug, Clone, PartialEq)]
pub enum ShareNode {
    /// A folder with shared files below it.
    Folder {
        /// Its name.
        name: String,
        /// Its path below the share folder, to list it in turn.
        path: String,
        /// Files below it, at any depth.
        files: u64,
        /// Their bytes.
        bytes: u64,
    },
    /// A shared file.
    File(Arc<SharedFile>),
}

/// What lies below a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FolderTotals {
    /// Files, at any depth.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What the share is told at start.
#[derive(Debug, Clone)]
pub struct ShareConfig {
    /// Whose ids the files get.
    pub owner: PeerId,
    /// Folders, in order; missing ones are reported and looked for again.
    pub roots: Vec<PathBuf>,
    /// The download folder where it is shared too (`.part` files and other unfinished things in it are never shared).
    pub downloads: Option<PathBuf>,
    /// Folder of the cache file.
    pub data: PathBuf,
    /// Between full looks.
    pub rescan_every: Duration,
    /// Larger files are reported, not shared.
    pub max_file_size: Option<u64>,
}

/// The handle to the share's owner task; cheap to clone.
#[derive(Debug, Clone)]
pub struct Share {}

/// Why the share cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ShareError {
    /// Operation, path and reason.
    pub message: String,
}

impl Share {
    /// Opens the cache, starts the owner task, watching and the first look.
    ///
    /// # Errors
    /// When the cache file cannot be opened.
    pub async fn start(config: ShareConfig) -> Result<Self, ShareError> {
        let _ = config;
        unimplemented!("helper")
    }
    /// What is shared now.
    pub fn view(&self) -> Arc<ShareView> {
        unimplemented!("helper")
    }
    /// The revision, for waiting; also changes when only progress, roots or troubles changed.
    pub fn watch(&self) -> watch::Receiver<u64> {
        unimplemented!("helper")
    }
    /// Changes after `revision`, oldest first; `None` when they are no longer held (take the view).
    pub fn changes_since(&self, revision: u64) -> Option<Vec<ShareChange>> {
        let _ = revision;
        unimplemented!("helper")
    }
    /// Shares one more folder.
    ///
    /// # Errors
    /// When it is not a folder or cannot be read.
    pub async fn add_root(&self, root: &Path) -> Result<(), ShareError> {
        let _ = root;
        unimplemented!("helper")
    }
    /// Stops sharing a folder.
    ///
    /// # Errors
    /// When it is none of the shared ones.
    pub async fn remove_root(&self, root: &Path) -> Result<(), ShareError> {
        let _ = root;
        unimplemented!("helper")
    }
    /// Looks at everything again now.
    pub async fn rescan(&self) {
        unimplemented!("helper")
    }
    /// A reader found that this file is no longer what was hashed: look at it again.
    pub async fn recheck(&self, file: &SharedFile) {
        let _ = file;
        unimplemented!("helper")
    }
    /// A fetched file has just been finished at `path` with these hashes: share it unhashed.
    pub async fn adopt(&self, path: &Path, hashes: FileHashes) {
        let _ = (path, hashes);
        unimplemented!("helper")
    }
    /// The piece hashes of a shared file (from the cache).
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub async fn pieces(&self, file: &SharedFile) -> Result<Arc<[PieceHash]>, ShareError> {
        let _ = file;
        unimplemented!("helper")
    }
    /// Stops the task; the cache is closed.
    pub async fn stop(&self) {
        unimplemented!("helper")
    }
}
