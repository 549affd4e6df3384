//! Looks at share folders: which files are there, in which state.
//!
//! Reads names and states, never bytes. Links are not followed, not even within the folder; hidden
//! names, pipes, sockets and devices are passed over in silence, what a person may miss is told.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use protocol::limits::SHARE_PATH_MAX_DEPTH;

use super::FileStamp;
use super::describe::{lossy, share_path};
use super::open::stamp_of;

/// Troubles kept of one look; past this they are only counted.
pub const TROUBLES_MAX_COUNT: usize = 200;

/// A file that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Below its share folder.
    pub relative: PathBuf,
    /// Device of its file system.
    pub device: u64,
    /// Its state.
    pub stamp: FileStamp,
}

/// What one look saw.
#[derive(Debug, Default)]
pub struct Looked {
    /// Files, by the bytes of their paths.
    pub files: Vec<Found>,
    /// What cannot be shared, and why.
    pub troubles: Vec<(PathBuf, String)>,
    /// Troubles past those kept.
    pub more_troubles: u64,
    /// Folders that could not be read this time for a passing reason: what is known below them
    /// stays.
    pub unseen: Vec<PathBuf>,
    /// The look was at one path, and a folder is there.
    pub is_folder: bool,
}

/// Why a share folder cannot be looked at.
#[derive(Debug)]
pub enum RootTrouble {
    /// Its files cannot be had.
    Gone(String),
    /// The look failed for a passing reason: what is known stays.
    Failed(String),
}

/// What applies to one share folder.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Larger files are told, not shared.
    pub max_file_size: Option<u64>,
    /// The download folder: unfinished files in it are passed over.
    pub is_downloads: bool,
    /// (device, inode) of the other share folders: where one lies inside another, its files are
    /// shared once, under their own folder.
    pub others: Vec<(u64, u64)>,
}

/// Device and inode of a folder.
///
/// # Errors
/// When it is not there or cannot be reached.
pub fn identity_of(folder: &Path) -> io::Result<(u64, u64)> {
    let metadata = std::fs::metadata(folder)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Looks at all of a share folder.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn look_at_root(root: &Path, rules: &Rules) -> Result<Looked, RootTrouble> {
    if let Err(error) = std::fs::read_dir(root) {
        return Err(match error.kind() {
            io::ErrorKind::NotFound => RootTrouble::Gone(
                "not there; its files are shared again once it is back".to_owned(),
            ),
            io::ErrorKind::PermissionDenied => RootTrouble::Gone(
                "may not be read; allow this user to read and enter it".to_owned(),
            ),
            io::ErrorKind::NotADirectory => {
                RootTrouble::Gone("no folder; share the folder that the file lies in".to_owned())
            }
            _ => RootTrouble::Failed(format!("read the folder: {error}")),
        });
    }
    let mut look = Look::new(root, rules);
    look.walk(PathBuf::new());
    Ok(look.finish())
}

/// Looks at one path below a share folder: a file, all of a folder, or nothing.
pub fn look_below(root: &Path, relative: &Path, rules: &Rules) -> Looked {
    let mut look = Look::new(root, rules);
    if relative
        .components()
        .any(|part| is_hidden(part.as_os_str()))
    {
        return look.finish();
    }
    match is_reached_without_links(root, relative) {
        Ok(Some(metadata)) if metadata.is_dir() => {
            look.looked.is_folder = true;
            if !rules.others.contains(&(metadata.dev(), metadata.ino())) {
                look.walk(relative.to_owned());
            }
        }
        Ok(Some(metadata)) if metadata.is_file() => look.take(relative.to_owned(), &metadata),
        Ok(_) => {}
        Err(error) => look.fail(relative.to_owned(), &error),
    }
    look.finish()
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

/// The metadata of a path, `None` when it is not there or reached through a link.
fn is_reached_without_links(root: &Path, relative: &Path) -> io::Result<Option<Metadata>> {
    let mut path = root.to_owned();
    let mut found = None;
    for part in relative.components() {
        path.push(part);
        match std::fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => return Ok(None),
            Ok(metadata) => found = Some(metadata),
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

struct Look<'a> {
    root: &'a Path,
    rules: &'a Rules,
    looked: Looked,
}

impl<'a> Look<'a> {
    fn new(root: &'a Path, rules: &'a Rules) -> Self {
        Self {
            root,
            rules,
            looked: Looked::default(),
        }
    }

    fn finish(mut self) -> Looked {
        let bytes = |found: &Found| found.relative.as_os_str().as_bytes().to_owned();
        self.looked.files.sort_by_cached_key(bytes);
        self.looked
    }

    /// One folder is open at a time, however deep the tree.
    fn walk(&mut self, top: PathBuf) {
        let mut folders = vec![top];
        while let Some(folder) = folders.pop() {
            let entries = match std::fs::read_dir(self.root.join(&folder)) {
                Ok(entries) => entries,
                Err(error) => {
                    self.fail(folder, &error);
                    continue;
                }
            };
            for entry in entries {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        self.fail(folder.clone(), &error);
                        break;
                    }
                };
                let name = entry.file_name();
                if is_hidden(&name) {
                    continue;
                }
                let relative = folder.join(&name);
                let seen = entry.file_type().and_then(|kind| {
                    let is_wanted = kind.is_dir() || kind.is_file();
                    is_wanted.then(|| entry.metadata()).transpose()
                });
                match seen {
                    Ok(Some(metadata)) if metadata.is_dir() => {
                        if self.may_enter(&relative, &metadata) {
                            folders.push(relative);
                        }
                    }
                    Ok(Some(metadata)) => self.take(relative, &metadata),
                    Ok(None) => {}
                    Err(error) => self.fail(relative, &error),
                }
            }
        }
    }

    fn may_enter(&mut self, folder: &Path, metadata: &Metadata) -> bool {
        if self
            .rules
            .others
            .contains(&(metadata.dev(), metadata.ino()))
        {
            return false;
        }
        if folder.components().count() > SHARE_PATH_MAX_DEPTH {
            let reason = format!("more than {SHARE_PATH_MAX_DEPTH} folders deep: not shared");
            self.trouble(folder.to_owned(), reason);
            return false;
        }
        true
    }

    fn take(&mut self, relative: PathBuf, metadata: &Metadata) {
        if !metadata.is_file() {
            return;
        }
        if self.rules.is_downloads && relative.extension() == Some(OsStr::new("part")) {
            return;
        }
        if let Err(error) = share_path(&relative) {
            self.trouble(
                relative,
                format!("cannot be shared under this name: {error}"),
            );
            return;
        }
        if let Some(max) = self.rules.max_file_size.filter(|max| metadata.len() > *max) {
            let size = metadata.len();
            let reason = format!("larger than --max-file-size ({size} of {max} bytes): not shared");
            self.trouble(relative, reason);
            return;
        }
        self.looked.files.push(Found {
            relative,
            device: metadata.dev(),
            stamp: stamp_of(metadata),
        });
    }

    fn fail(&mut self, relative: PathBuf, error: &io::Error) {
        if is_absent(error) {
            return;
        }
        if error.kind() == io::ErrorKind::PermissionDenied {
            let reason = "this user may not read it; allow it, or move it out of the share folder";
            self.trouble(relative, reason.to_owned());
            return;
        }
        self.trouble(relative.clone(), format!("look at it: {error}"));
        self.looked.unseen.push(relative);
    }

    fn trouble(&mut self, relative: PathBuf, reason: String) {
        if self.looked.troubles.len() < TROUBLES_MAX_COUNT {
            tracing::debug!(path = lossy(&relative), reason, "cannot be shared");
            self.looked.troubles.push((relative, reason));
        } else {
            self.looked.more_troubles += 1;
        }
    }
}

#[cfg(test)]
mod tests;
