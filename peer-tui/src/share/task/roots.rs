//! What the owner keeps of each share folder besides its files.
//!
//! Values only: knows no disk.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::share::crew::WatchReport;
use crate::share::ledger::{Ledger, RootId};
use crate::share::scan::Rules;
use crate::share::{RootStatus, ShareConfig};

/// One share folder.
#[derive(Debug, Default)]
struct Root {
    is_downloads: bool,
    trouble: Option<String>,
    watch: WatchReport,
    is_seen: bool,
    second_looks: BTreeSet<PathBuf>,
}

/// All share folders.
#[derive(Debug, Default)]
pub struct Roots {
    roots: BTreeMap<RootId, Root>,
}

impl Roots {
    /// The folders of the settings, each once.
    pub fn new(config: &ShareConfig, ledger: &mut Ledger) -> Self {
        let mut roots = Self::default();
        let downloads = config.downloads.iter();
        for path in config.roots.iter().chain(downloads) {
            let path = absolute(path);
            let is_downloads = config.downloads.as_deref().map(absolute).as_ref() == Some(&path);
            if ledger.root_of(&path).is_none() {
                let id = ledger.add_root(path);
                roots.add(id);
                if let Some(root) = roots.roots.get_mut(&id) {
                    root.is_downloads = is_downloads;
                }
            }
        }
        roots
    }

    /// One more.
    pub fn add(&mut self, id: RootId) {
        self.roots.insert(id, Root::default());
    }

    /// One less.
    pub fn remove(&mut self, id: RootId) {
        self.roots.remove(&id);
    }

    /// The share folder that a path lies in (the innermost), and the rest of the path; none for
    /// hidden things.
    pub fn place(&self, ledger: &Ledger, path: &Path) -> Option<(RootId, PathBuf)> {
        let (id, relative) = ledger
            .roots()
            .iter()
            .filter_map(|(id, root)| Some((*id, path.strip_prefix(&root.path).ok()?)))
            .min_by_key(|(_, relative)| relative.as_os_str().len())?;
        let is_hidden = |part: &OsStr| part.as_bytes().starts_with(b".");
        let is_visible = !relative.iter().any(is_hidden);
        is_visible.then(|| (id, relative.to_owned()))
    }

    /// What applies to looks at it.
    pub fn rules(&self, id: RootId, max_file_size: Option<u64>) -> Rules {
        Rules {
            max_file_size,
            is_downloads: self.roots.get(&id).is_some_and(|root| root.is_downloads),
            others: Vec::new(),
        }
    }

    /// Whether all of it was looked at once.
    pub fn is_seen(&self, id: RootId) -> bool {
        self.roots.get(&id).is_some_and(|root| root.is_seen)
    }

    /// Whether all of all was looked at once.
    pub fn are_all_seen(&self) -> bool {
        self.roots.values().all(|root| root.is_seen)
    }

    /// All of it was looked at.
    pub fn set_seen(&mut self, id: RootId) {
        if let Some(root) = self.roots.get_mut(&id) {
            root.is_seen = true;
        }
    }

    /// Device and inode of the watched folder.
    pub fn watched(&self, id: RootId) -> Option<(u64, u64)> {
        self.roots.get(&id)?.watch.watched
    }

    /// How watching it stands now.
    pub fn set_watch(&mut self, (id, folder): (RootId, &Path), report: WatchReport) {
        let Some(root) = self.roots.get_mut(&id) else {
            return;
        };
        if let Some(trouble) = &report.trouble {
            tracing::warn!(folder = %folder.display(), trouble, "watch a share folder");
        }
        let trouble = if report.is_new || report.watched.is_none() {
            report.trouble
        } else {
            root.watch.trouble.take()
        };
        root.watch = WatchReport { trouble, ..report };
    }

    /// Why it cannot be read, if so; told in the log when that changes.
    pub fn set_trouble(&mut self, (id, folder): (RootId, &Path), trouble: Option<String>) {
        let Some(root) = self.roots.get_mut(&id) else {
            return;
        };
        if root.trouble != trouble {
            let folder = folder.display();
            if let Some(trouble) = &trouble {
                tracing::warn!(%folder, trouble, "look at a share folder");
            } else {
                tracing::info!(%folder, "a share folder can be read again");
            }
        }
        root.trouble = trouble;
    }

    /// Remembers that a folder will be looked at a second time.
    pub fn note_second_look(&mut self, id: RootId, path: PathBuf) {
        if let Some(root) = self.roots.get_mut(&id) {
            root.second_looks.insert(path);
        }
    }

    /// Whether a second look at the folder was due, which this one is then.
    pub fn take_second_look(&mut self, id: RootId, path: &Path) -> bool {
        let root = self.roots.get_mut(&id);
        root.is_some_and(|root| root.second_looks.remove(path))
    }

    /// As shown.
    pub fn statuses(&self, ledger: &Ledger) -> Vec<RootStatus> {
        let shown = ledger.roots().iter().filter_map(|(id, state)| {
            let root = self.roots.get(id)?;
            Some(RootStatus {
                root: state.path.to_path_buf(),
                trouble: root.trouble.clone(),
                is_downloads: root.is_downloads,
            })
        });
        shown.collect()
    }

    /// Why a folder cannot be read.
    pub fn trouble(&self, id: RootId) -> Option<&str> {
        self.roots.get(&id)?.trouble.as_deref()
    }

    /// Why changes of a folder are seen late.
    pub fn watch_trouble(&self, id: RootId) -> Option<&str> {
        self.roots.get(&id)?.watch.trouble.as_deref()
    }
}

/// A path from the root on, without `.` and doubled slashes; links stay.
pub fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.components().collect()
}
