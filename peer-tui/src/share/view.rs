//! One state of everything shared, as readers hold it.
//!
//! Knows no disk: it is put together by the owner task and never changes.

use std::path::Path;
use std::sync::Arc;

use protocol::file::CatalogDigest;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};

use super::shelf::Shelf;
use super::{FolderTotals, HashProgress, RootStatus, ShareNode, ShareTrouble, SharedFile};

/// One state of everything shared; cheap to hold, swapped in whole.
#[derive(Debug, Default)]
pub struct ShareView {
    pub(super) owner: Option<PeerId>,
    pub(super) revision: u64,
    pub(super) shelf: Shelf,
    pub(super) roots: Vec<RootStatus>,
    pub(super) progress: HashProgress,
    pub(super) troubles: Arc<[ShareTrouble]>,
}

impl ShareView {
    /// Grows with each published change.
    pub fn revision(&self) -> u64 {
        self.revision
    }
    /// Names shared (one file under two names counts twice).
    pub fn count(&self) -> usize {
        self.shelf.count()
    }
    /// Their bytes.
    pub fn total_bytes(&self) -> u64 {
        self.shelf.total_bytes()
    }
    /// Over all (path, hash).
    pub fn digest(&self) -> CatalogDigest {
        self.shelf.digest()
    }
    /// All files by path.
    pub fn files(&self) -> Box<dyn Iterator<Item = &Arc<SharedFile>> + '_> {
        Box::new(self.shelf.files())
    }
    /// Files by path, from the one after this (path, hash) on.
    pub fn files_after(
        &self,
        path: &str,
        hash: &ContentHash,
    ) -> impl Iterator<Item = &Arc<SharedFile>> {
        self.shelf.files_after(path, hash)
    }
    /// A file with this id (any of its names).
    pub fn by_id(&self, id: &FileId) -> Option<Arc<SharedFile>> {
        self.shelf.by_id(*id).cloned()
    }
    /// Every name of the file with this id.
    pub fn names_of(&self, id: &FileId) -> impl Iterator<Item = &Arc<SharedFile>> {
        self.shelf.names_of(*id)
    }
    /// A file with this content.
    pub fn by_hash(&self, hash: &ContentHash) -> Option<Arc<SharedFile>> {
        // An id follows from owner and content, so one order serves both.
        let owner = self.owner.as_ref()?;
        self.by_id(&FileId::of(owner, hash))
    }
    /// A file with this name (the last part of its path) or this whole path.
    pub fn by_name(&self, name: &str) -> Option<Arc<SharedFile>> {
        self.shelf.by_name(name).cloned()
    }
    /// The rows right below `folder` (empty for the share folder itself): folders by name, then
    /// files by name.
    pub fn list_folder(&self, root: &Path, folder: &str) -> Vec<ShareNode> {
        self.shelf.list_folder(root, folder)
    }
    /// Everything below a share folder.
    pub fn root_totals(&self, root: &Path) -> FolderTotals {
        self.shelf.totals(root, "")
    }
    /// Share folders.
    pub fn roots(&self) -> &[RootStatus] {
        &self.roots
    }
    /// How far hashing is.
    pub fn progress(&self) -> HashProgress {
        self.progress
    }
    /// Folders and files that cannot be shared (bounded; the rest counted in the last one's words).
    pub fn troubles(&self) -> &[ShareTrouble] {
        &self.troubles
    }
}
