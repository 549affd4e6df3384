//! A share that is a list in memory, with a short memory of its changes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use protocol::category::Category;
use protocol::file::CatalogDigest;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::FileId;
use protocol::names::SharePath;
use tokio::sync::watch;

use super::super::super::{ShareSnapshot, ShareSource};
use super::identity;
use crate::share::{FileStamp, ShareChange, SharedFile};

#[derive(Default)]
struct List {
    files: Vec<Arc<SharedFile>>,
    changes: Vec<ShareChange>,
    is_settled: bool,
}

#[derive(Clone)]
pub(in super::super) struct FakeShare {
    list: Arc<Mutex<List>>,
    revision: Arc<watch::Sender<u64>>,
}

impl FakeShare {
    pub(in super::super) fn of(files: &[(&str, &str)]) -> Self {
        let share = Self::unsettled();
        for (path, content) in files {
            share.add(path, content);
        }
        share.settle();
        share
    }

    pub(in super::super) fn unsettled() -> Self {
        Self {
            list: Arc::default(),
            revision: Arc::new(watch::channel(0).0),
        }
    }

    pub(in super::super) fn settle(&self) {
        self.list.lock().unwrap().is_settled = true;
        // Progress changes wake readers without a change of the list.
        self.revision.send_modify(|_| {});
    }

    pub(in super::super) fn add(&self, path: &str, content: &str) {
        let hash = ContentHash::of(content.as_bytes());
        let file = Arc::new(SharedFile {
            id: FileId::of(&identity().id(), &hash),
            path: SharePath::new(path).unwrap(),
            root: PathBuf::from("/share"),
            relative: PathBuf::from(path),
            stamp: FileStamp {
                size_bytes: content.len() as u64,
                modified_ns: 0,
                changed_ns: 0,
                inode: 0,
            },
            hash,
            pieces_root: PiecesRoot::from_bytes([0; 32]),
            category: Category::Other,
            tags: Vec::new(),
        });
        let mut list = self.list.lock().unwrap();
        list.files.push(file.clone());
        list.changes.push(ShareChange::Added(file));
        drop(list);
        self.revision.send_modify(|revision| *revision += 1);
    }

    pub(in super::super) fn remove(&self, path: &str) {
        let mut list = self.list.lock().unwrap();
        let at = list
            .files
            .iter()
            .position(|file| file.path.as_str() == path)
            .unwrap();
        let file = list.files.remove(at);
        list.changes.push(ShareChange::Removed {
            id: file.id,
            path: file.path.clone(),
        });
        drop(list);
        self.revision.send_modify(|revision| *revision += 1);
    }
}

impl ShareSource for FakeShare {
    fn revision(&self) -> u64 {
        *self.revision.borrow()
    }

    fn count(&self) -> u64 {
        self.list.lock().unwrap().files.len() as u64
    }

    fn is_settled(&self) -> bool {
        self.list.lock().unwrap().is_settled
    }

    fn snapshot(&self) -> ShareSnapshot {
        let list = self.list.lock().unwrap();
        let mut digest = CatalogDigest::default();
        list.files
            .iter()
            .for_each(|file| digest.toggle(file.path.as_str(), &file.hash));
        ShareSnapshot {
            revision: list.changes.len() as u64,
            digest,
            files: list.files.clone(),
        }
    }

    fn holds(&self, hash: &ContentHash) -> bool {
        self.list
            .lock()
            .unwrap()
            .files
            .iter()
            .any(|file| file.hash == *hash)
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<ShareChange>> {
        let list = self.list.lock().unwrap();
        list.changes
            .get(usize::try_from(revision).ok()?..)
            .map(<[ShareChange]>::to_vec)
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }
}
