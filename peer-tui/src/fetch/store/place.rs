//! The last step of a download: from `HASH.part` to its place, never over anything that is there.
//!
//! Bytes are safe on disk before the name is, and the folder after it. Below the download folder
//! nothing leads out of it, whatever the name and whatever links lie there. Blocking.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use protocol::names::SafePath;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::{Store, StoreError};

/// Names tried: `name`, `name (2)` and so on.
const NUMBERS_MAX_COUNT: u32 = 10_000;

/// Where a finished file goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Below the download folder.
    Below {
        /// The download folder.
        folder: PathBuf,
        /// Name with folders.
        path: SafePath,
    },
    /// Where a person said: a file name, or a folder that is there or ends with a slash.
    At {
        /// Absolute.
        path: PathBuf,
        /// Name to take in a folder.
        name: SafePath,
    },
}

impl Target {
    /// Where a wish goes.
    pub fn of(downloads: &Path, path: &str, save_as: Option<&Path>) -> Self {
        match save_as {
            None => Self::Below {
                folder: downloads.to_owned(),
                path: SafePath::from_untrusted(path),
            },
            Some(save_as) => Self::At {
                path: save_as.to_owned(),
                name: SafePath::name_from_untrusted(path),
            },
        }
    }

    /// The path when nothing stands in its way.
    pub fn path(&self) -> PathBuf {
        let (folder, path, _) = self.parts();
        folder.join(path)
    }

    /// Folder that is a person's own, the path below it that is made, and what gets a number where
    /// that is taken. The name that a person gives is taken as it is, a stranger's is made safe.
    fn parts(&self) -> (PathBuf, PathBuf, SafePath) {
        match self {
            Self::Below { folder, path } => {
                (folder.clone(), path.as_path().to_owned(), path.clone())
            }
            Self::At { path, name } => {
                use std::os::unix::ffi::OsStrExt as _;
                let is_folder = path.as_os_str().as_bytes().ends_with(b"/") || path.is_dir();
                match (is_folder, path.parent(), path.file_name()) {
                    (false, Some(parent), Some(own)) => {
                        let safe = SafePath::name_from_untrusted(&own.to_string_lossy());
                        (parent.to_owned(), PathBuf::from(own), safe)
                    }
                    _ => (path.clone(), name.as_path().to_owned(), name.clone()),
                }
            }
        }
    }
}

/// Makes the bytes safe and gives them their name; yields the path they got.
///
/// # Errors
/// [`StoreError::Unsafe`] when the bytes may be lost: then nothing has a name yet.
pub fn place(store: &Store, target: &Target) -> Result<PathBuf, StoreError> {
    store.sync()?;
    let mut places = Places::default();
    let destination = places.give(store.path(), target)?;
    places
        .sync()
        .map_err(|reason| StoreError::of("make safe", &destination, 0, reason))?;
    Ok(destination)
}

/// Folders that are open because files got names in them; they are not safe on disk before
/// [`Places::sync`].
#[derive(Debug, Default)]
pub struct Places {
    open: HashMap<(PathBuf, PathBuf), Folders>,
}

/// A person's own folder, and those below it on the way to a file.
#[derive(Debug)]
struct Folders {
    root: File,
    below: Vec<OwnedFd>,
}

impl Places {
    /// Gives bytes that are safe on disk their name; yields the path they got.
    ///
    /// # Errors
    /// When a folder cannot be made or the file cannot be moved there.
    pub fn give(&mut self, part: &Path, target: &Target) -> Result<PathBuf, StoreError> {
        let (folder, wanted, numbered) = target.parts();
        let parent = wanted.parent().unwrap_or(Path::new(""));
        let folders = match self.open.entry((folder.clone(), parent.to_owned())) {
            Slot::Occupied(open) => open.into_mut(),
            Slot::Vacant(new) => new.insert(Folders::open(&folder, parent)?),
        };
        let inner = folders
            .below
            .last()
            .map_or(folders.root.as_fd(), AsFd::as_fd);
        for number in 1..=NUMBERS_MAX_COUNT {
            let name = if number == 1 {
                wanted.clone()
            } else {
                numbered.numbered(number).as_path().to_owned()
            };
            let destination = folder.join(&name);
            let Some(last) = name.file_name() else {
                break;
            };
            match give_name(part, inner, Path::new(last)) {
                Ok(()) => return Ok(destination),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(reason) => return Err(unmoved(part, (&folder, inner), &destination, reason)),
            }
        }
        Err(StoreError::Io {
            operation: "name",
            reason: io::Error::other("too many files of that name are there"),
            path: folder.join(wanted),
        })
    }

    /// Makes all names safe: every folder from the files up to the download folder, since new
    /// folders have new names, too.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> io::Result<()> {
        for folders in self.open.values() {
            for folder in folders.below.iter().rev() {
                rustix::fs::fsync(folder)?;
            }
            folders.root.sync_all()?;
        }
        Ok(())
    }
}

impl Folders {
    fn open(folder: &Path, parent: &Path) -> Result<Self, StoreError> {
        let fail = |operation, path: &Path, reason| StoreError::of(operation, path, 0, reason);
        fs::create_dir_all(folder).map_err(|reason| fail("make folder", folder, reason))?;
        let root = File::open(folder).map_err(|reason| fail("open folder", folder, reason))?;
        let below = open_folders(root.as_fd(), parent).map_err(|reason| {
            let reason = match reason.kind() {
                io::ErrorKind::NotADirectory => io::Error::other(
                    "a file or a link of that name is in the way: move it, then retry",
                ),
                _ => reason,
            };
            fail("make folder", &folder.join(parent), reason)
        })?;
        Ok(Self { root, below })
    }
}

/// Makes and opens the folders of `parent` below `root`, one by one, so that no link is followed.
fn open_folders(root: BorrowedFd<'_>, parent: &Path) -> io::Result<Vec<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut folders: Vec<OwnedFd> = Vec::new();
    for part in parent.components() {
        let Component::Normal(name) = part else {
            return Err(io::Error::other("the name leads out of the folder"));
        };
        let above = folders.last().map_or(root, AsFd::as_fd);
        match rustix::fs::mkdirat(above, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let folder = match rustix::fs::openat(above, name, flags, Mode::empty()) {
            Err(Errno::LOOP) => Err(Errno::NOTDIR),
            opened => opened,
        };
        folders.push(folder?);
    }
    Ok(folders)
}

/// Why a finished file did not get its name; of a full disk, how much that one lacks.
fn unmoved(
    part: &Path,
    (folder, inner): (&Path, BorrowedFd<'_>),
    destination: &Path,
    reason: io::Error,
) -> StoreError {
    let size = fs::metadata(part).map_or(0, |metadata| metadata.len());
    let wanted = bytes_short(inner, size);
    match StoreError::of("move the finished file to", destination, wanted, reason) {
        StoreError::Full { wanted_bytes, .. } => StoreError::Full {
            path: folder.to_owned(),
            wanted_bytes,
        },
        other => other,
    }
}

/// How much less than `size_bytes` is free on the disk of a folder; nothing where it does not tell.
fn bytes_short(folder: BorrowedFd<'_>, size_bytes: u64) -> u64 {
    match rustix::fs::fstatvfs(folder) {
        Ok(disk) if disk.f_blocks > 0 => {
            size_bytes.saturating_sub(disk.f_bavail.saturating_mul(disk.f_frsize))
        }
        _ => 0,
    }
}

/// Renames without overwriting, by whatever way this file system has.
fn give_name(part: &Path, folder: BorrowedFd<'_>, name: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, part, folder, name, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => link_name(part, folder, name),
        Err(Errno::XDEV) => copy_over(part, folder, name),
        Err(error) => Err(error.into()),
    }
}

fn link_name(part: &Path, folder: BorrowedFd<'_>, name: &Path) -> io::Result<()> {
    match rustix::fs::linkat(CWD, part, folder, name, AtFlags::empty()) {
        Ok(()) => fs::remove_file(part),
        Err(Errno::PERM | Errno::OPNOTSUPP) => copy_over(part, folder, name),
        Err(error) => Err(error.into()),
    }
}

/// To another file system: a hidden copy there, made safe, then given its name.
fn copy_over(part: &Path, folder: BorrowedFd<'_>, name: &Path) -> io::Result<()> {
    let hidden = part.file_name().unwrap_or_default().to_string_lossy();
    let hidden = PathBuf::from(format!(".{hidden}"));
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let copy = rustix::fs::openat(folder, &hidden, flags, Mode::from_raw_mode(0o644))?;
    let mut copy = File::from(copy);
    // Tried again and again while there is no room: that need not fill the disk each time.
    let copied = File::open(part).and_then(|mut part| {
        if bytes_short(folder, part.metadata()?.len()) > 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        io::copy(&mut part, &mut copy)?;
        copy.sync_all()
    });
    let named = copied.and_then(|()| {
        match rustix::fs::renameat_with(folder, &hidden, folder, name, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                // No file system that lacks both: without hard links the name is made first.
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                drop(rustix::fs::openat(
                    folder,
                    name,
                    flags,
                    Mode::from_raw_mode(0o644),
                )?);
                Ok(rustix::fs::renameat(folder, &hidden, folder, name)?)
            }
            named => Ok(named?),
        }
    });
    match named {
        Ok(()) => fs::remove_file(part),
        Err(error) => {
            // The copy is worth nothing; the part is still there.
            let _ = rustix::fs::unlinkat(folder, &hidden, AtFlags::empty());
            Err(error)
        }
    }
}
