//! The file that tells programs of the same user on the same machine where the index is.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::{Pid, geteuid, test_kill_process};
use serde::{Deserialize, Serialize};

/// What stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalIndex {
    /// Base URL of the index.
    pub url: String,
    /// Its process.
    pub pid: u32,
}

/// Why the file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {}: {source}", path.display())]
pub struct LocalError {
    operation: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// A published file; taken away when dropped, unless another index has written its own since.
#[derive(Debug)]
pub struct LocalNotice {
    path: PathBuf,
    index: LocalIndex,
}

/// Where the file is: `$XDG_RUNTIME_DIR/peerdex/index.json`, or `/tmp/peerdex-UID/index.json`.
pub fn local_index_file() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute());
    let folder = match runtime {
        Some(runtime) => runtime.join("peerdex"),
        None => PathBuf::from(format!("/tmp/peerdex-{}", geteuid().as_raw())),
    };
    folder.join("index.json")
}

/// Tells programs of this user that an index answers at `url`.
///
/// # Errors
/// [`LocalError`] when the file cannot be written, or its folder is somebody else's.
pub fn publish_local(url: &str) -> Result<LocalNotice, LocalError> {
    publish_at(local_index_file(), url)
}

/// The index that told of itself, if its process is still there.
pub fn find_local() -> Option<LocalIndex> {
    find_at(&local_index_file())
}

fn publish_at(path: PathBuf, url: &str) -> Result<LocalNotice, LocalError> {
    let fail = |operation, path: &Path| {
        let path = path.to_owned();
        move |source| LocalError {
            operation,
            path,
            source,
        }
    };
    if let Some(folder) = path.parent() {
        let made = DirBuilder::new().mode(0o700).recursive(true).create(folder);
        made.map_err(fail("make folder", folder))?;
        check_private(folder).map_err(fail("use folder", folder))?;
    }
    let index = LocalIndex {
        url: url.to_owned(),
        pid: std::process::id(),
    };
    let text = serde_json::to_vec(&index).map_err(io::Error::from);
    let text = text.map_err(fail("encode", &path))?;
    // Written whole and then renamed: nobody reads half of it.
    let fresh = path.with_extension(format!("{}.new", index.pid));
    fs::write(&fresh, text).map_err(fail("write", &fresh))?;
    fs::rename(&fresh, &path).map_err(fail("replace", &path))?;
    Ok(LocalNotice { path, index })
}

fn find_at(path: &Path) -> Option<LocalIndex> {
    check_private(path.parent()?).ok()?;
    let index = read(path)?;
    let pid = Pid::from_raw(i32::try_from(index.pid).ok()?)?;
    test_kill_process(pid).is_ok().then_some(index)
}

fn read(path: &Path) -> Option<LocalIndex> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// In a folder that others may write to, anybody could name an index of theirs.
fn check_private(folder: &Path) -> io::Result<()> {
    let facts = fs::symlink_metadata(folder)?;
    let is_ours = facts.is_dir() && facts.uid() == geteuid().as_raw();
    if is_ours && facts.permissions().mode() & 0o022 == 0 {
        return Ok(());
    }
    let reason = "it is not a folder that only this user writes to";
    Err(io::Error::new(io::ErrorKind::PermissionDenied, reason))
}

impl Drop for LocalNotice {
    fn drop(&mut self) {
        if read(&self.path).as_ref() == Some(&self.index) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_found_while_it_runs_and_only_in_a_private_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peerdex").join("index.json");
        assert_eq!(find_at(&path), None);
        let notice = publish_at(path.clone(), "http://127.0.0.1:7070").unwrap();
        let found = find_at(&path).unwrap();
        assert_eq!(found.url, "http://127.0.0.1:7070");
        drop(notice);
        assert_eq!(find_at(&path), None);

        let gone = LocalIndex {
            url: "http://127.0.0.1:1".to_owned(),
            pid: 0x3fff_fff0,
        };
        fs::write(&path, serde_json::to_vec(&gone).unwrap()).unwrap();
        assert_eq!(find_at(&path), None, "its process is gone");

        let _notice = publish_at(path.clone(), "http://127.0.0.1:7071").unwrap();
        let open = fs::Permissions::from_mode(0o777);
        fs::set_permissions(path.parent().unwrap(), open).unwrap();
        assert_eq!(find_at(&path), None, "anybody could have written it");
        assert!(publish_at(path, "http://127.0.0.1:7072").is_err());
    }

    #[test]
    fn the_notice_of_a_later_index_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.json");
        let first = publish_at(path.clone(), "http://127.0.0.1:1").unwrap();
        let _second = publish_at(path.clone(), "http://127.0.0.1:2").unwrap();
        drop(first);
        assert_eq!(find_at(&path).unwrap().url, "http://127.0.0.1:2");
    }
}
