//! The files of a share in every order that is asked for, with what they add up to.
//!
//! One name and content that lies in two share folders counts once. Pure: knows no disk; what it
//! is told to put in and take out comes from the owner task.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::Arc;

use protocol::file::CatalogDigest;
use protocol::hash::ContentHash;
use protocol::ids::FileId;

use super::sorted::{FileOrder, SortedFiles};
use super::{FolderTotals, ShareChange, ShareNode, SharedFile};

/// By path, then content: what the index is told.
#[derive(Debug)]
pub struct ByPath;
/// By content, then path.
#[derive(Debug)]
pub struct ById;
/// By file name, then path.
#[derive(Debug)]
pub struct ByName;
/// By share folder, then path: where each lies.
#[derive(Debug)]
pub struct ByPlace;

impl FileOrder for ByPath {
    fn compare(a: &SharedFile, b: &SharedFile) -> Ordering {
        (&a.path, a.hash).cmp(&(&b.path, b.hash))
    }
}

impl FileOrder for ById {
    fn compare(a: &SharedFile, b: &SharedFile) -> Ordering {
        (a.id, &a.path).cmp(&(b.id, &b.path))
    }
}

impl FileOrder for ByName {
    fn compare(a: &SharedFile, b: &SharedFile) -> Ordering {
        let name = a.path.file_name().cmp(b.path.file_name());
        name.then_with(|| ByPath::compare(a, b))
    }
}

impl FileOrder for ByPlace {
    fn compare(a: &SharedFile, b: &SharedFile) -> Ordering {
        let root = bytes(&a.root).cmp(bytes(&b.root));
        root.then_with(|| a.path.cmp(&b.path))
            .then_with(|| bytes(&a.relative).cmp(bytes(&b.relative)))
    }
}

/// Paths are compared as bytes: by parts would take ten times as long.
fn bytes(path: &Path) -> &[u8] {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes()
}

/// All files; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    by_path: SortedFiles<ByPath>,
    by_id: SortedFiles<ById>,
    by_name: SortedFiles<ByName>,
    by_place: SortedFiles<ByPlace>,
    digest: CatalogDigest,
    total_bytes: u64,
}

impl Shelf {
    /// Puts a file in; yields the change that others see, none when it adds no new (path, hash).
    pub fn insert(&mut self, file: &Arc<SharedFile>) -> Option<ShareChange> {
        self.by_place.insert(Arc::clone(file));
        if !self.by_path.insert(Arc::clone(file)) {
            return None;
        }
        self.by_id.insert(Arc::clone(file));
        self.by_name.insert(Arc::clone(file));
        self.digest.toggle(file.path.as_str(), &file.hash);
        self.total_bytes += file.stamp.size_bytes;
        Some(ShareChange::Added(Arc::clone(file)))
    }

    /// Takes a file out; yields the change that others see, none when the same (path, hash) lies in
    /// another of `roots` as well.
    pub fn remove<'a>(
        &mut self,
        file: &SharedFile,
        roots: impl Iterator<Item = &'a Path>,
    ) -> Option<ShareChange> {
        self.by_place.remove(file)?;
        let shown = self.by_path.get(file)?;
        let is_shown = ByPlace::compare(shown, file).is_eq();
        if !is_shown {
            return None;
        }
        self.by_path.remove(file);
        self.by_id.remove(file);
        self.by_name.remove(file);
        let twin = roots.into_iter().find_map(|root| self.twin(root, file));
        if let Some(twin) = twin {
            self.by_id.insert(Arc::clone(&twin));
            self.by_name.insert(Arc::clone(&twin));
            self.by_path.insert(twin);
            return None;
        }
        self.digest.toggle(file.path.as_str(), &file.hash);
        self.total_bytes -= file.stamp.size_bytes;
        Some(ShareChange::Removed {
            id: file.id,
            path: file.path.clone(),
        })
    }

    /// A file of the same path and content in `root`.
    fn twin(&self, root: &Path, file: &SharedFile) -> Option<Arc<SharedFile>> {
        self.at_path(root, file.path.as_str())
            .find(|other| other.hash == file.hash)
            .cloned()
    }

    /// The files in `root` that are published under this path (two when their real names differ
    /// in bytes that are not text).
    pub fn at_path<'a>(
        &'a self,
        root: &'a Path,
        path: &'a str,
    ) -> impl Iterator<Item = &'a Arc<SharedFile>> {
        self.by_place
            .iter_from(move |other| is_before(other, root, path))
            .take_while(move |other| other.root == root && other.path.as_str() == path)
    }

    /// How many (path, hash).
    pub const fn count(&self) -> usize {
        self.by_path.len()
    }

    /// Their bytes.
    pub const fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Over all (path, hash).
    pub const fn digest(&self) -> CatalogDigest {
        self.digest
    }

    /// All by path.
    pub fn files(&self) -> impl Iterator<Item = &Arc<SharedFile>> {
        self.by_path.iter()
    }

    /// The files after this (path, hash), by path.
    pub fn files_after(
        &self,
        path: &str,
        hash: &ContentHash,
    ) -> impl Iterator<Item = &Arc<SharedFile>> {
        self.by_path
            .iter_from(move |file| (file.path.as_str(), file.hash) <= (path, *hash))
    }

    /// Any name of this file.
    pub fn by_id(&self, id: FileId) -> Option<&Arc<SharedFile>> {
        self.names_of(id).next()
    }

    /// Every name of this file.
    pub fn names_of(&self, id: FileId) -> impl Iterator<Item = &Arc<SharedFile>> {
        self.by_id
            .iter_from(move |file| file.id < id)
            .take_while(move |file| file.id == id)
    }

    /// A file with this whole path, or else this name.
    pub fn by_name(&self, name: &str) -> Option<&Arc<SharedFile>> {
        let at_path = self.by_path.first_from(|file| file.path.as_str() < name);
        let at_path = at_path.filter(|file| file.path.as_str() == name);
        at_path.or_else(|| {
            let found = self
                .by_name
                .first_from(|file| file.path.file_name() < name)?;
            (found.path.file_name() == name).then_some(found)
        })
    }

    /// Everything below `folder` of `root`, at any depth.
    pub fn totals(&self, root: &Path, folder: &str) -> FolderTotals {
        let (start, end) = bounds(folder);
        self.by_place.totals(
            |file| is_before(file, root, &start),
            |file| match &end {
                Some(end) => is_before(file, root, end),
                None => bytes(&file.root) <= bytes(root),
            },
        )
    }

    /// The rows right below `folder`: folders by name, then files by name.
    pub fn list_folder(&self, root: &Path, folder: &str) -> Vec<ShareNode> {
        let (start, _) = bounds(folder);
        let mut folders = Vec::new();
        let mut files = Vec::new();
        let mut next = self
            .by_place
            .iter_from(|file| is_before(file, root, &start))
            .next();
        while let Some(file) = next {
            let Some(rest) = path_below(file, root, &start) else {
                break;
            };
            if let Some((name, _)) = rest.split_once('/') {
                let path = format!("{start}{name}");
                let totals = self.totals(root, &path);
                let (_, end) = bounds(&path);
                folders.push(ShareNode::Folder {
                    name: name.to_owned(),
                    path,
                    files: totals.files,
                    bytes: totals.bytes,
                });
                let end = end.unwrap_or_default();
                next = self.by_place.first_from(|file| is_before(file, root, &end));
            } else {
                files.push(ShareNode::File(Arc::clone(file)));
                let here = Arc::clone(file);
                next = self
                    .by_place
                    .first_from(|other| ByPlace::compare(other, &here).is_le());
            }
        }
        folders.append(&mut files);
        folders
    }
}

/// The text that all paths below a folder start with, and the first text past them.
fn bounds(folder: &str) -> (String, Option<String>) {
    if folder.is_empty() {
        return (String::new(), None);
    }
    // `0` is the character after `/`.
    (format!("{folder}/"), Some(format!("{folder}0")))
}

fn is_before(file: &SharedFile, root: &Path, path: &str) -> bool {
    (bytes(&file.root), file.path.as_str()) < (bytes(root), path)
}

fn path_below<'a>(file: &'a SharedFile, root: &Path, start: &str) -> Option<&'a str> {
    if file.root != root {
        return None;
    }
    file.path.as_str().strip_prefix(start)
}

#[cfg(test)]
mod tests;
