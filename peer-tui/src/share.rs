//! What this peer shares: scan, watch, settle, hash, remember; one owner task, an immutable view.
//!
//! Knows disks and hashes; knows no network.
//!
//! The way of a file: [`watch`] or a full look, [`scan`], [`ledger`] ([`settle`]), [`hasher`] or
//! [`cache`], [`shelf`], [`view`].

pub mod cache;
pub mod crew;
pub mod describe;
pub mod hasher;
pub mod history;
pub mod ledger;
pub mod open;
pub mod scan;
pub mod settle;
pub mod shelf;
pub mod sorted;
pub mod task;
pub mod view;
pub mod watch;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;

use protocol::category::Category;
use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use protocol::names::SharePath;
use protocol::pieces::FileHashes;
use tokio::sync::watch::{Receiver, Sender};
use tokio::sync::{mpsc, oneshot};

use self::cache::Cache;
use self::crew::Crew;
pub use self::hasher::{HashError, hash_file};
use self::history::History;
use self::task::Task;
use self::task::ask::{Adopted, Ask};
use self::task::publish::Publisher;
use self::task::roots::absolute;
pub use self::view::ShareView;
use self::watch::Watch;

/// What tells one state of a file on disk from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct FileStamp {
    /// Bytes.
    pub size_bytes: u64,
    /// Modification time, nanoseconds since 1970; anybody can set it back.
    pub modified_ns: i128,
    /// Change time of the inode, nanoseconds since 1970: grows with each write and each change of
    /// times, links, name or rights, and cannot be set.
    pub changed_ns: i128,
    /// Inode number.
    pub inode: u64,
}

impl FileStamp {
    /// Whether nothing but the change time tells these apart, as after a rename.
    pub fn is_same_but_changed(&self, other: &Self) -> bool {
        let changed_ns = other.changed_ns;
        Self {
            changed_ns,
            ..*self
        } == *other
    }
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
    /// The first full look is over, and what was known of its files from earlier is in the view.
    pub is_settled: bool,
    /// Files hashed since the start; those found in the cache do not count.
    pub hashed_files: u64,
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

/// What the owner task writes and everybody reads.
#[derive(Debug)]
pub struct Published {
    view: ArcSwap<ShareView>,
    history: Mutex<History>,
    revision: Sender<u64>,
}

/// The handle to the share's owner task; cheap to clone. The task ends with the last handle.
#[derive(Debug, Clone)]
pub struct Share {
    published: Arc<Published>,
    crew: Arc<Crew>,
    asks: mpsc::Sender<Ask>,
}

/// Why the share cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ShareError {
    /// Operation, path and reason.
    pub message: String,
}

impl ShareError {
    /// With a message that tells operation, path and reason.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }

    fn stopped() -> Self {
        Self::new("the share has stopped")
    }
}

/// Asks under way to the owner; whoever asks waits while it is full.
const ASKS_MAX_COUNT: usize = 256;

impl Share {
    /// Opens the cache, starts the owner task, watching and the first look.
    ///
    /// # Errors
    /// When the cache file cannot be opened.
    pub async fn start(config: ShareConfig) -> Result<Self, ShareError> {
        let data = config.data.clone();
        let cache = tokio::task::spawn_blocking(move || Cache::open(&data))
            .await
            .map_err(|_| ShareError::new("open the hash cache: the program is stopping"))??;
        let (watch, hints) = Watch::new();
        let crew = Arc::new(Crew {
            cache,
            watch: Mutex::new(Some(watch)),
            is_stopping: false.into(),
            hashed_bytes: 0.into(),
            hashed_files: 0.into(),
        });
        let published = Arc::new(Published {
            view: ArcSwap::default(),
            history: Mutex::default(),
            revision: Sender::new(0),
        });
        let (asks, receiver) = mpsc::channel(ASKS_MAX_COUNT);
        let views = Publisher::new(Arc::clone(&published));
        let task = Task::new(config, Arc::clone(&crew), hints, views);
        tokio::spawn(task.run(receiver));
        Ok(Self {
            published,
            crew,
            asks,
        })
    }
    /// What is shared now.
    pub fn view(&self) -> Arc<ShareView> {
        self.published.view.load_full()
    }
    /// The revision, for waiting; also changes when only progress, roots or troubles changed.
    pub fn watch(&self) -> Receiver<u64> {
        self.published.revision.subscribe()
    }
    /// Changes after `revision`, oldest first; `None` when they are no longer held (take the view).
    pub fn changes_since(&self, revision: u64) -> Option<Vec<ShareChange>> {
        let history = self.published.history.lock();
        history
            .unwrap_or_else(PoisonError::into_inner)
            .since(revision)
    }
    /// Shares one more folder.
    ///
    /// # Errors
    /// When it is not a folder or cannot be read.
    pub async fn add_root(&self, root: &Path) -> Result<(), ShareError> {
        let root = absolute(root);
        if let Err(error) = tokio::fs::read_dir(&root).await {
            let root = root.display();
            return Err(ShareError::new(format!("share folder {root}: {error}")));
        }
        self.ask(|reply| Ask::AddRoot(root, reply)).await?
    }
    /// Stops sharing a folder.
    ///
    /// # Errors
    /// When it is none of the shared ones.
    pub async fn remove_root(&self, root: &Path) -> Result<(), ShareError> {
        let root = absolute(root);
        self.ask(|reply| Ask::RemoveRoot(root, reply)).await?
    }
    /// Looks at everything again now.
    pub async fn rescan(&self) {
        // After a stop there is nothing to look at.
        let _ = self.asks.send(Ask::Rescan).await;
    }
    /// A reader found that this file is no longer what was hashed: look at it again.
    pub async fn recheck(&self, file: &SharedFile) {
        let path = file.root.join(&file.relative);
        let _ = self.asks.send(Ask::Recheck(path)).await;
    }
    /// A fetched file has just been finished at `path` with these hashes: share it unhashed. Does
    /// nothing where it lies in no share folder or is not as long as the hashes say.
    pub async fn adopt(&self, path: &Path, hashes: FileHashes) {
        self.adopt_all(vec![(path.to_owned(), hashes)]).await;
    }
    /// The same for several files, in one step.
    pub async fn adopt_all(&self, files: Vec<(PathBuf, FileHashes)>) {
        let looked = tokio::task::spawn_blocking(move || {
            let files = files.into_iter();
            files
                .filter_map(|(path, hashes)| Adopted::look(&path, hashes))
                .collect::<Vec<_>>()
        });
        match looked.await {
            Ok(adopted) if !adopted.is_empty() => {
                let _ = self.ask(|reply| Ask::Adopt(adopted, reply)).await;
            }
            _ => {}
        }
    }
    /// The piece hashes of a shared file (from the cache).
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub async fn pieces(&self, file: &SharedFile) -> Result<Arc<[PieceHash]>, ShareError> {
        let (hash, size, root) = (file.hash, file.stamp.size_bytes, file.pieces_root);
        let crew = Arc::clone(&self.crew);
        tokio::task::spawn_blocking(move || crew.cache.pieces(&hash, size, &root))
            .await
            .map_err(|_| ShareError::stopped())?
    }
    /// Stops the task; the cache is closed with the last handle.
    pub async fn stop(&self) {
        let _ = self.ask(Ask::Stop).await;
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, ShareError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.asks.send(ask(reply)).await;
        sent.map_err(|_| ShareError::stopped())?;
        answer.await.map_err(|_| ShareError::stopped())
    }
}

#[cfg(test)]
mod tests;
