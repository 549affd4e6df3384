//! An unfinished download that does not run: what others may read of it, looked at without touching
//! anything.

use std::path::{Path, PathBuf};

use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::pieces::{PieceLayout, PieceSet};

use super::super::verify::check_list;
use super::{map, part_path};

/// What lies on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct AtRest {
    /// Where the bytes are.
    pub path: PathBuf,
    /// Root that the pieces were checked against.
    pub root: PiecesRoot,
    /// All piece hashes.
    pub pieces: Vec<PieceHash>,
    /// Verified pieces, at least one.
    pub held: PieceSet,
}

impl AtRest {
    /// What its map vouches for; `None` where there is none that says everything, or the bytes are
    /// not as long as they should be. Blocking.
    pub fn read(folder: &Path, hash: &ContentHash, layout: PieceLayout) -> Option<Self> {
        let map = map::read(folder, hash)?;
        let path = part_path(folder, hash);
        let metadata = std::fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len() != layout.size_bytes() {
            return None;
        }
        let held = PieceSet::from_bytes(layout.count(), &map.held)?;
        let pieces = check_list(layout, map.root, &map.pieces)?;
        (held.held() > 0).then_some(Self {
            path,
            root: map.root,
            pieces,
            held,
        })
    }
}
