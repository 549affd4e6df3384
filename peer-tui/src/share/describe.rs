//! What a file on disk is called and sorted as on the network.
//!
//! Pure: knows names, not files.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::category::Category;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use protocol::names::{PathError, SharePath};
use protocol::tags::derive_tags;

use super::{FileStamp, SharedFile};

/// The path that `relative` is published under: each byte that is no text becomes U+FFFD.
///
/// # Errors
/// When no share path can hold it.
pub fn share_path(relative: &Path) -> Result<SharePath, PathError> {
    SharePath::new(&lossy(relative))
}

/// A path as text, each bad byte as U+FFFD.
pub fn lossy(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// A shared file out of where it lies and what its bytes hash to.
pub fn describe(
    owner: &PeerId,
    root: &Path,
    (path, relative): (SharePath, PathBuf),
    stamp: FileStamp,
    (hash, pieces_root): (ContentHash, PiecesRoot),
) -> Arc<SharedFile> {
    Arc::new(SharedFile {
        id: FileId::of(owner, &hash),
        category: Category::of_name(path.file_name()),
        tags: derive_tags(path.as_str()),
        path,
        root: root.to_owned(),
        relative,
        stamp,
        hash,
        pieces_root,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn each_bad_byte_is_one_replacement_character() {
        for (bytes, text) in [
            (&b"a/\xff\xfe.txt"[..], "a/\u{fffd}\u{fffd}.txt"),
            (b"\xf0\x9f\x98", "\u{fffd}\u{fffd}\u{fffd}"),
            ("n\u{e4}me/\u{1f600}".as_bytes(), "n\u{e4}me/\u{1f600}"),
        ] {
            let path = share_path(Path::new(OsStr::from_bytes(bytes)));
            assert_eq!(path.as_ref().map(SharePath::as_str), Ok(text));
        }
    }
}
