//! The files of one peer folded into folders.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::file::FileInfo;

use super::cut;
use super::results::{self, Knowledge};
use crate::daemon::command::Window;
use crate::daemon::state::BrowseRow;
use crate::fetch::DownloadStatus;

/// What lies directly in `folder` (empty at the top): folders first, then files, both by name.
/// Rows of the window, position of the first, and rows in all.
pub fn rows(
    files: &[FileInfo],
    folder: &str,
    window: Window,
    downloads: &[Arc<DownloadStatus>],
    knowledge: &impl Knowledge,
) -> (usize, Vec<BrowseRow>, usize) {
    let listing = Listing::of(files, folder);
    let total = listing.folders.len() + listing.files.len();
    let entries: Vec<Entry<'_>> = listing
        .folders
        .into_iter()
        .map(|(name, sums)| Entry::Folder(name, sums))
        .chain(listing.files.into_iter().map(Entry::File))
        .collect();
    let (first, shown) = cut(entries, window);
    let shown_files: Vec<FileInfo> = shown
        .iter()
        .filter_map(|entry| match entry {
            Entry::File(file) => Some((*file).clone()),
            Entry::Folder(..) => None,
        })
        .collect();
    let folders = shown.iter().filter_map(|entry| match entry {
        Entry::Folder(name, sums) => Some(BrowseRow::Folder {
            name: (*name).to_owned(),
            path: join(folder, name),
            files: sums.files,
            size_bytes: sums.bytes,
        }),
        Entry::File(_) => None,
    });
    let rows = folders
        .chain(
            results::rows(&shown_files, downloads, knowledge)
                .into_iter()
                .map(BrowseRow::File),
        )
        .collect();
    (first, rows, total)
}

/// The part of `path` below `folder`, `None` when it does not lie there.
pub fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

enum Entry<'a> {
    Folder(&'a str, Sums),
    File(&'a FileInfo),
}

#[derive(Default, Clone, Copy)]
struct Sums {
    files: u64,
    bytes: u64,
}

struct Listing<'a> {
    folders: BTreeMap<&'a str, Sums>,
    files: Vec<&'a FileInfo>,
}

impl<'a> Listing<'a> {
    fn of(files: &'a [FileInfo], folder: &str) -> Self {
        let mut listing = Self {
            folders: BTreeMap::new(),
            files: Vec::new(),
        };
        for file in files {
            let Some(rest) = below(&file.path, folder) else {
                continue;
            };
            if let Some((name, _)) = rest.split_once('/') {
                let sums = listing.folders.entry(name).or_default();
                sums.files += 1;
                sums.bytes = sums.bytes.saturating_add(file.size);
            } else {
                listing.files.push(file);
            }
        }
        listing
            .files
            .sort_by(|one, other| one.path.cmp(&other.path));
        listing
    }
}
