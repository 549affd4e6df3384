//! The share as the publisher sees it: one state of it, and changes since.
//!
//! Knows shared files as values; knows no disk.

use std::sync::Arc;

use protocol::file::CatalogDigest;
use protocol::hash::ContentHash;
use tokio::sync::watch;

use crate::share::{Share, ShareChange, SharedFile};

/// One state of everything shared.
#[derive(Debug, Clone)]
pub struct ShareSnapshot {
    /// Grows with each change.
    pub revision: u64,
    /// Over all (path, hash).
    pub digest: CatalogDigest,
    /// Every name of every file.
    pub files: Vec<Arc<SharedFile>>,
}

/// What the publisher asks of the share.
pub trait ShareSource: Send + Sync + 'static {
    /// Revision of what is shared now.
    fn revision(&self) -> u64;
    /// How many files are shared now.
    fn count(&self) -> u64;
    /// Whether the first full look at the folders is over: before that, what is missing may just
    /// not have been seen yet.
    fn is_settled(&self) -> bool;
    /// Everything shared now.
    fn snapshot(&self) -> ShareSnapshot;
    /// Whether a complete file with this content is shared now.
    fn holds(&self, hash: &ContentHash) -> bool;
    /// Changes after `revision`, oldest first; `None` when they are no longer held.
    fn changes_since(&self, revision: u64) -> Option<Vec<ShareChange>>;
    /// Changes whenever the share or its progress does.
    fn watch(&self) -> watch::Receiver<u64>;
}

impl ShareSource for Share {
    fn revision(&self) -> u64 {
        self.view().revision()
    }

    fn count(&self) -> u64 {
        self.view().count() as u64
    }

    fn is_settled(&self) -> bool {
        self.view().progress().is_settled
    }

    fn snapshot(&self) -> ShareSnapshot {
        let view = self.view();
        ShareSnapshot {
            revision: view.revision(),
            digest: view.digest(),
            files: view.files().cloned().collect(),
        }
    }

    fn holds(&self, hash: &ContentHash) -> bool {
        self.view().by_hash(hash).is_some()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<ShareChange>> {
        Self::changes_since(self, revision)
    }

    fn watch(&self) -> watch::Receiver<u64> {
        Self::watch(self)
    }
}
