//! What the handle tells of unfinished downloads that others may read from.

use protocol::hash::{ContentHash, PiecesRoot};

use super::Fetch;
use crate::serve::PartialContent;

/// An unfinished download that others may read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Which content.
    pub hash: ContentHash,
    /// Bytes when it is whole.
    pub size_bytes: u64,
    /// Root that its pieces are checked against.
    pub root: PiecesRoot,
    /// Its safe name, with folders.
    pub name: String,
}

impl Unfinished {
    /// What is published of what is read from.
    pub fn of(hash: ContentHash, content: &PartialContent) -> Self {
        Self {
            hash,
            size_bytes: content.layout.size_bytes(),
            root: content.pieces_root,
            name: content.name.clone(),
        }
    }
}

impl Fetch {
    /// The unfinished downloads that others may read from now, those that do not run too.
    pub fn unfinished(&self) -> Vec<Unfinished> {
        let all = self.partials.all().into_iter();
        all.map(|(hash, content)| Unfinished::of(hash, &content))
            .collect()
    }
}
