//! What the handle may ask of the owner, and the answers.
//!
//! Everything here is quick; what needs the disk was looked up by the handle before.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::pieces::FileHashes;
use tokio::sync::oneshot;

use super::roots::absolute;
use super::{Task, unix_secs};
use crate::share::ShareError;
use crate::share::open::stamp_of;
use crate::share::scan::Found;
use crate::share::settle::RACY;
use crate::share::watch::Watch;

/// A request to the owner.
#[derive(Debug)]
pub enum Ask {
    /// One more share folder, absolute.
    AddRoot(PathBuf, oneshot::Sender<Result<(), ShareError>>),
    /// One less.
    RemoveRoot(PathBuf, oneshot::Sender<Result<(), ShareError>>),
    /// Look at everything.
    Rescan,
    /// Look at this path.
    Recheck(PathBuf),
    /// Share a finished download.
    Adopt(Vec<Adopted>, oneshot::Sender<()>),
    /// End.
    Stop(oneshot::Sender<()>),
}

/// A finished download as it lies on disk.
#[derive(Debug)]
pub struct Adopted {
    /// Its whole path.
    pub path: PathBuf,
    /// Device and state.
    pub found: Found,
    /// Both hashes.
    pub hashes: (ContentHash, PiecesRoot),
    /// Its pieces.
    pub pieces: Vec<PieceHash>,
}

impl Adopted {
    /// A finished download with these hashes; `None` when it does not lie there whole.
    pub fn look(path: &Path, hashes: FileHashes) -> Option<Self> {
        let path = absolute(path);
        let metadata = std::fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len() != hashes.size_bytes {
            return None;
        }
        Some(Self {
            found: Found {
                relative: PathBuf::new(),
                device: metadata.dev(),
                stamp: stamp_of(&metadata),
            },
            path,
            hashes: (hashes.hash, hashes.root),
            pieces: hashes.pieces,
        })
    }
}

impl Task {
    /// Carries out what was asked. An answer that nobody waits for any more is dropped.
    pub(super) fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::AddRoot(path, reply) => {
                let added = self.add_root(path);
                self.publish();
                let _ = reply.send(added);
            }
            Ask::RemoveRoot(path, reply) => {
                let removed = self.remove_root(&path);
                self.publish();
                let _ = reply.send(removed);
            }
            Ask::Rescan => self.hint_all(),
            Ask::Recheck(path) => {
                if let Some((root, relative)) = self.roots.place(&self.ledger, &path) {
                    self.hint(root, relative);
                }
            }
            Ask::Adopt(adopted, reply) => {
                for adopted in adopted {
                    self.adopt(adopted);
                }
                self.publish();
                let _ = reply.send(());
            }
            Ask::Stop(_) => {}
        }
        self.publisher.mark();
    }

    fn add_root(&mut self, path: PathBuf) -> Result<(), ShareError> {
        if self.ledger.root_of(&path).is_some() {
            let path = path.display();
            return Err(ShareError::new(format!("{path} is shared already")));
        }
        let id = self.ledger.add_root(path);
        self.roots.add(id);
        // All of them: files of another share folder may lie in the new one from now on.
        self.hint_all();
        Ok(())
    }

    fn remove_root(&mut self, path: &Path) -> Result<(), ShareError> {
        let Some(id) = self.ledger.root_of(path) else {
            let path = path.display();
            return Err(ShareError::new(format!(
                "{path} is none of the share folders"
            )));
        };
        let now = self.moment().now;
        self.ledger.remove_root(id, now);
        self.roots.remove(id);
        let path = path.to_owned();
        self.change_watch(move |watch| watch.unwatch(&path));
        self.hint_all();
        Ok(())
    }

    /// Changes what the system tells of.
    pub(super) fn change_watch(&self, change: impl FnOnce(&mut Watch) + Send + 'static) {
        let crew = std::sync::Arc::clone(&self.crew);
        // May wait for a walk through another folder, so not on this thread.
        tokio::task::spawn_blocking(move || {
            let watch = crew.watch.lock();
            let mut watch = watch.unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(watch) = watch.as_mut() {
                change(watch);
            }
        });
    }

    fn adopt(&mut self, adopted: Adopted) {
        let Some((root, relative)) = self.roots.place(&self.ledger, &adopted.path) else {
            return;
        };
        let moment = self.moment();
        let found = Found {
            relative,
            ..adopted.found
        };
        // Where times are kept in whole seconds, a write within the same second would not show:
        // such a file is shared now and hashed at the next start.
        let stamp = found.stamp;
        let racy_ns = i128::try_from(RACY.as_nanos()).unwrap_or(i128::MAX);
        let is_fresh = moment.wall_ns - stamp.modified_ns < racy_ns;
        let is_coarse = stamp.modified_ns % 1_000_000_000 == 0;
        if is_fresh && is_coarse {
            tracing::debug!(path = %adopted.path.display(), "will be hashed at the next start");
        } else {
            let path = adopted.path;
            let pieces = &adopted.pieces;
            self.crew
                .cache
                .put(path, stamp, adopted.hashes, pieces, unix_secs());
            self.save_soon();
        }
        self.ledger.adopt(root, found, adopted.hashes, moment.now);
    }
}
