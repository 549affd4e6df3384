//! What is stored of a file, in the present form and in the one before it.
//!
//! The form before knew no change time. Such an entry still counts where the file cannot have
//! changed since it was seen last, so that an update hashes next to nothing again.

use std::io;

use protocol::hash::{ContentHash, PiecesRoot};
use serde::{Deserialize, Serialize};

use crate::share::FileStamp;

/// What is known of a file in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The state that was hashed.
    pub stamp: FileStamp,
    /// Whole-file hash.
    pub hash: ContentHash,
    /// Merkle root.
    pub pieces_root: PiecesRoot,
    /// When it was seen last, seconds since 1970; up to a day may be missing.
    pub(super) seen_secs: u64,
}

impl Entry {
    /// From what `files-2` holds; `None` for what cannot be read.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        postcard::from_bytes(value).ok()
    }

    /// What `files-2` holds of it.
    pub(super) fn to_value(self) -> io::Result<Vec<u8>> {
        postcard::to_stdvec(&self).map_err(io::Error::other)
    }
}

/// The form before, in `files-1`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OldEntry {
    /// Bytes, modification time, inode.
    pub(super) stamp: (u64, i128, u64),
    pub(super) hash: ContentHash,
    pub(super) pieces_root: PiecesRoot,
    pub(super) seen_secs: u64,
}

impl OldEntry {
    /// From what `files-1` holds; `None` for what cannot be read.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        postcard::from_bytes(value).ok()
    }

    /// The entry of a file that is in this state now; `None` where it may have changed since it
    /// was seen.
    pub(super) fn renew(self, stamp: FileStamp) -> Option<Entry> {
        let is_same = self.stamp == (stamp.size_bytes, stamp.modified_ns, stamp.inode);
        let is_unchanged = stamp.changed_ns / 1_000_000_000 <= i128::from(self.seen_secs);
        (is_same && is_unchanged).then_some(Entry {
            stamp,
            hash: self.hash,
            pieces_root: self.pieces_root,
            // Seen long ago: it is written in the present form then.
            seen_secs: 0,
        })
    }
}
