//! What is known of one share folder and of one file in it.
//!
//! Values and the comparison with a look; knows no disk.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::Bound;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Scope;
use crate::share::scan::Looked;
use crate::share::settle::Settling;
use crate::share::{FileStamp, SharedFile};

/// The number of a share folder.
pub type RootId = u32;

/// A file that was seen.
#[derive(Debug)]
pub struct Known {
    /// Device of its file system.
    pub device: u64,
    /// Where it stands.
    pub state: State,
}

/// Where a file stands.
#[derive(Debug)]
pub enum State {
    /// Written to lately; looked at again at this time.
    Settling(Settling, Duration),
    /// Waits for its hashes.
    Queued(FileStamp),
    /// Shared.
    Shared(Arc<SharedFile>),
    /// Cannot be read.
    Failed(FileStamp),
}

impl State {
    /// The state of the file on disk that this is about.
    pub fn stamp(&self) -> FileStamp {
        match self {
            Self::Settling(settling, _) => settling.stamp(),
            Self::Queued(stamp) | Self::Failed(stamp) => *stamp,
            Self::Shared(file) => file.stamp,
        }
    }

    /// Its bytes, where it waits to be still or hashed.
    pub const fn waiting_bytes(&self) -> Option<u64> {
        match self {
            Self::Settling(settling, _) => Some(settling.stamp().size_bytes),
            Self::Queued(stamp) => Some(stamp.size_bytes),
            Self::Shared(_) | Self::Failed(_) => None,
        }
    }
}

/// A share folder.
#[derive(Debug)]
pub struct RootState {
    /// Where it is.
    pub path: Arc<Path>,
    /// Its files, by the bytes of their paths below it.
    pub files: BTreeMap<OsString, Known>,
    /// Files that could not be read, and why.
    pub failures: BTreeMap<OsString, String>,
    troubles: BTreeMap<PathBuf, String>,
    more_troubles: u64,
}

impl RootState {
    /// Nothing is known of what is in it.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path: path.into(),
            files: BTreeMap::new(),
            failures: BTreeMap::new(),
            troubles: BTreeMap::new(),
            more_troubles: 0,
        }
    }

    /// What cannot be shared (path below the folder, why), and how many more there are.
    pub fn troubles(&self) -> (impl Iterator<Item = (&Path, &str)>, u64) {
        let failures = self.failures.iter();
        let failures = failures.map(|(key, reason)| (Path::new(key), reason.as_str()));
        let seen = self.troubles.iter();
        let seen = seen.map(|(path, reason)| (path.as_path(), reason.as_str()));
        (failures.chain(seen), self.more_troubles)
    }

    /// Forgets what could not be shared.
    pub fn clear_troubles(&mut self) {
        self.troubles.clear();
        self.more_troubles = 0;
    }

    /// Takes the troubles of a look, and tells which files it did not see any more.
    pub fn take_look(&mut self, scope: &Scope, looked: &Looked) -> Vec<OsString> {
        let top = match scope {
            Scope::All => {
                self.clear_troubles();
                OsStr::new("")
            }
            Scope::Below(path) => {
                let top = path.as_os_str();
                self.troubles
                    .retain(|path, _| !is_below(path.as_os_str(), top));
                top
            }
        };
        self.more_troubles += looked.more_troubles;
        self.troubles.extend(looked.troubles.iter().cloned());
        let is_unseen = |key: &OsStr| {
            let mut unseen = looked.unseen.iter();
            unseen.any(|folder| is_below(key, folder.as_os_str()))
        };
        let mut seen = looked.files.iter().peekable();
        let mut gone = Vec::new();
        let from = (Bound::Included(top), Bound::Unbounded);
        for key in self.files.range::<OsStr, _>(from).map(|(key, _)| key) {
            if !key.as_bytes().starts_with(top.as_bytes()) {
                break;
            }
            if !is_below(key, top) {
                continue;
            }
            while seen
                .next_if(|found| found.relative.as_os_str() < key)
                .is_some()
            {}
            let is_seen = seen
                .peek()
                .is_some_and(|found| found.relative.as_os_str() == key);
            if !is_seen && !is_unseen(key) {
                gone.push(key.clone());
            }
        }
        gone
    }
}

/// Whether `key` is `folder` or lies below it.
fn is_below(key: &OsStr, folder: &OsStr) -> bool {
    let Some(rest) = key.as_bytes().strip_prefix(folder.as_bytes()) else {
        return false;
    };
    rest.is_empty() || rest.starts_with(b"/") || folder.is_empty()
}
