//! Opens a file below a share folder, whatever its name: never through a link, never outside,
//! never waiting.
//!
//! The one door to the bytes of shared files, for hashing and serving alike. Stricter than opening
//! in a sandboxed folder: no link is followed at all, so what is served is what was scanned.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path};

use rustix::fs::{Mode, OFlags};

use super::FileStamp;

/// An open regular file with what it was when it was opened.
#[derive(Debug)]
pub struct OpenFile {
    /// The descriptor.
    pub file: File,
    /// Its state then.
    pub stamp: FileStamp,
}

/// Non-blocking, so that a pipe put in the place of a file cannot make the reader wait.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::RDONLY)
    .union(OFlags::CLOEXEC);

/// Opens `relative` below `root` for reading.
///
/// # Errors
/// When it is not there, may not be read, is no regular file, or when any part of `relative` is a
/// link or leads out of `root`.
pub fn open_below(root: &Path, relative: &Path) -> io::Result<OpenFile> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if relative.as_os_str().is_empty() || !relative.components().all(is_plain) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path leads out of the share folder",
        ));
    }
    let folder = rustix::fs::open(root, FOLDER, Mode::empty())?;
    let file = File::from(open_beneath(&folder, relative)?);
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no regular file",
        ));
    }
    let stamp = stamp_of(&metadata);
    Ok(OpenFile { file, stamp })
}

/// The state that metadata tells of.
pub fn stamp_of(metadata: &Metadata) -> FileStamp {
    FileStamp {
        size_bytes: metadata.len(),
        modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
    }
}

fn nanoseconds(seconds: i64, rest: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(rest)
}

#[cfg(target_os = "linux")]
fn open_beneath(folder: &rustix::fd::OwnedFd, relative: &Path) -> io::Result<rustix::fd::OwnedFd> {
    use rustix::fs::ResolveFlags;
    use rustix::io::Errno;

    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    // A rename at the same moment makes the kernel give up on a lookup: once more is enough.
    for _ in 0..3 {
        match rustix::fs::openat2(folder, relative, READ, Mode::empty(), resolve) {
            Ok(file) => return Ok(file),
            Err(Errno::AGAIN | Errno::INTR) => {}
            // Kernels before 5.6, and containers that forbid the call.
            Err(Errno::NOSYS | Errno::PERM) => break,
            Err(error) => return Err(error.into()),
        }
    }
    walk_beneath(folder, relative)
}

#[cfg(not(target_os = "linux"))]
use walk_beneath as open_beneath;

/// Part by part, each one refused when it is a link.
fn walk_beneath(folder: &rustix::fd::OwnedFd, relative: &Path) -> io::Result<rustix::fd::OwnedFd> {
    let mut folder = folder.try_clone()?;
    let mut parts = relative.components().peekable();
    while let Some(part) = parts.next() {
        let name = part.as_os_str();
        if parts.peek().is_none() {
            return Ok(rustix::fs::openat(&folder, name, READ, Mode::empty())?);
        }
        let flags = FOLDER | OFlags::NOFOLLOW;
        folder = rustix::fs::openat(&folder, name, flags, Mode::empty())?;
    }
    Err(io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_outside_the_folder_is_opened_and_nothing_waits() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        std::fs::create_dir(at("in")).unwrap();
        std::fs::write(at("in/good"), "good").unwrap();
        symlink(outside.path().join("secret"), at("link")).unwrap();
        symlink(outside.path(), at("folder")).unwrap();
        symlink(at("in"), at("loop")).unwrap();
        symlink("in/good", at("inner")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe"),
            rustix::fs::FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        let secret = outside.path().join("secret");
        for name in [
            "link",
            "folder/secret",
            "loop/good",
            "inner",
            "pipe",
            "in",
            "",
            ".",
            "..",
            "../secret",
            "in/../../secret",
            "/etc/passwd",
            "in/good/x",
            "missing",
            secret.to_str().unwrap(),
        ] {
            let opened = open_below(root.path(), Path::new(name));
            assert!(opened.is_err(), "{name:?} was opened");
            let folder = rustix::fs::open(root.path(), FOLDER, Mode::empty()).unwrap();
            if !name.is_empty() && !name.contains("..") && !name.starts_with(['/', '.']) {
                let walked = walk_beneath(&folder, Path::new(name)).map(File::from);
                let is_file = walked.is_ok_and(|file| file.metadata().unwrap().is_file());
                assert!(!is_file, "{name:?} was walked to");
            }
        }
        let good = open_below(root.path(), Path::new("in/good")).unwrap();
        assert_eq!(good.stamp.size_bytes, 4);
    }
}
