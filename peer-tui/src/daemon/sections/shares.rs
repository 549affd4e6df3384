//! The tree of shared folders and files, as far as it is open.
//!
//! Walks only open folders and makes only the rows of the window, so that 100,000 files cost what is
//! looked at.

use std::collections::HashSet;
use std::path::Path;

use super::{holds, start};
use crate::daemon::command::{SharesWatch, Window};
use crate::daemon::state::{ShareKind, ShareRow};
use crate::share::{FolderTotals, RootStatus, ShareNode, ShareView, SharedFile};

/// What the tree is made from.
pub trait Shelf {
    /// Share folders.
    fn roots(&self) -> &[RootStatus];
    /// Everything below a share folder.
    fn totals(&self, root: &Path) -> FolderTotals;
    /// Rows right below `folder` of a share folder (empty for itself).
    fn list(&self, root: &Path, folder: &str) -> Vec<ShareNode>;
    /// Calls `look` with each file.
    fn each(&self, look: &mut dyn FnMut(&SharedFile));
}

impl Shelf for ShareView {
    fn roots(&self) -> &[RootStatus] {
        Self::roots(self)
    }
    fn totals(&self, root: &Path) -> FolderTotals {
        self.root_totals(root)
    }
    fn list(&self, root: &Path, folder: &str) -> Vec<ShareNode> {
        self.list_folder(root, folder)
    }
    fn each(&self, look: &mut dyn FnMut(&SharedFile)) {
        self.files().for_each(|file| look(file));
    }
}

/// Rows of the window, position of the first, and rows in all.
pub fn rows(shelf: &impl Shelf, watch: &SharesWatch) -> (usize, Vec<ShareRow>, usize) {
    let taken = walk(shelf, watch, watch.window);
    let first = start(taken.seen, watch.window);
    if first == watch.window.first {
        return (first, taken.rows, taken.seen);
    }
    // The list has become shorter than the window's start: its end is shown.
    let count = watch.window.count;
    let taken = walk(shelf, watch, Window { first, count });
    (first, taken.rows, taken.seen)
}

fn walk(shelf: &impl Shelf, watch: &SharesWatch, window: Window) -> Taken {
    let mut taken = Taken {
        window,
        seen: 0,
        rows: Vec::new(),
    };
    if watch.text.is_empty() {
        let open: HashSet<&str> = watch.open.iter().map(String::as_str).collect();
        for root in shelf.roots() {
            push_root(shelf, root, &open, &mut taken);
        }
    } else {
        shelf.each(&mut |file| {
            let key = file_key(file);
            if holds(&key, &watch.text) {
                taken.push(|| file_row(file, key, 0));
            }
        });
    }
    taken
}

/// Counts all rows, makes those of the window.
struct Taken {
    window: Window,
    seen: usize,
    rows: Vec<ShareRow>,
}

impl Taken {
    fn push(&mut self, make: impl FnOnce() -> ShareRow) {
        let is_shown = self.seen >= self.window.first && self.rows.len() < self.window.count;
        self.seen += 1;
        if is_shown {
            self.rows.push(make());
        }
    }
}

fn push_root(shelf: &impl Shelf, root: &RootStatus, open: &HashSet<&str>, taken: &mut Taken) {
    let key = root.root.to_string_lossy().into_owned();
    let is_open = open.contains(key.as_str());
    taken.push(|| {
        let totals = shelf.totals(&root.root);
        let note = root
            .trouble
            .clone()
            .or_else(|| root.is_downloads.then(|| "downloads".to_owned()));
        ShareRow {
            key: key.clone(),
            kind: ShareKind::Root,
            depth: 0,
            name: key.clone(),
            path: key.clone(),
            is_open,
            files: totals.files,
            size_bytes: totals.bytes,
            note,
            is_trouble: root.trouble.is_some(),
            hash: None,
        }
    });
    if is_open {
        push_folder(shelf, root, "", 1, open, taken);
    }
}

fn push_folder(
    shelf: &impl Shelf,
    root: &RootStatus,
    folder: &str,
    depth: usize,
    open: &HashSet<&str>,
    taken: &mut Taken,
) {
    for node in shelf.list(&root.root, folder) {
        match node {
            ShareNode::Folder {
                name,
                path,
                files,
                bytes,
            } => {
                let key = format!("{}/{path}", root.root.to_string_lossy());
                let is_open = open.contains(key.as_str());
                taken.push(|| ShareRow {
                    path: key.clone(),
                    key,
                    kind: ShareKind::Folder,
                    depth,
                    name,
                    is_open,
                    files,
                    size_bytes: bytes,
                    note: None,
                    is_trouble: false,
                    hash: None,
                });
                if is_open {
                    push_folder(shelf, root, &path, depth + 1, open, taken);
                }
            }
            ShareNode::File(file) => {
                taken.push(|| file_row(&file, file_key(&file), depth));
            }
        }
    }
}

fn file_key(file: &SharedFile) -> String {
    file.root
        .join(&file.relative)
        .to_string_lossy()
        .into_owned()
}

fn file_row(file: &SharedFile, key: String, depth: usize) -> ShareRow {
    ShareRow {
        path: key.clone(),
        key,
        kind: ShareKind::File,
        depth,
        name: file.path.file_name().to_owned(),
        is_open: false,
        files: 1,
        size_bytes: file.stamp.size_bytes,
        note: None,
        is_trouble: false,
        hash: Some(file.hash),
    }
}
