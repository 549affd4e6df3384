//! Bytes and lists from strangers against what is trusted: a root, then piece hashes, then the
//! whole file.
//!
//! Knows hashes; knows neither sources nor the disk.

use protocol::hash::{PieceHash, PiecesRoot};
use protocol::pieces::{PieceIndex, PieceLayout, root_of_pieces};

/// The piece hashes that `bytes` (32 each) say, when they are those of `root`.
pub fn check_list(layout: PieceLayout, root: PiecesRoot, bytes: &[u8]) -> Option<Vec<PieceHash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() {
        return None;
    }
    let pieces: Vec<_> = hashes
        .iter()
        .map(|hash| PieceHash::from_bytes(*hash))
        .collect();
    (root_of_pieces(layout, &pieces)? == root).then_some(pieces)
}

/// The piece list that follows from the root alone: of a file of at most one piece.
pub fn list_of_root(layout: PieceLayout, root: PiecesRoot) -> Option<Vec<PieceHash>> {
    match layout.count() {
        0 => Some(Vec::new()),
        1 => Some(vec![PieceHash::from_bytes(*root.as_bytes())]),
        _ => None,
    }
}

/// One piece in the making: takes bytes as they come, never more than belong to it.
#[derive(Debug)]
pub struct Assembler {
    piece: PieceIndex,
    bytes: Vec<u8>,
    wanted: usize,
}

impl Assembler {
    /// An empty piece in `memory`, which grows with what really comes.
    pub fn new(layout: PieceLayout, piece: PieceIndex, mut memory: Vec<u8>) -> Self {
        let wanted = usize::try_from(layout.range(piece).len()).unwrap_or(usize::MAX);
        memory.clear();
        memory.reserve(wanted.min(1 << 20));
        Self {
            piece,
            bytes: memory,
            wanted,
        }
    }

    /// Where the next bytes are appended, and how many at most.
    pub const fn space(&mut self) -> (&mut Vec<u8>, usize) {
        let missing = self.wanted.saturating_sub(self.bytes.len());
        (&mut self.bytes, missing)
    }

    /// Which piece.
    pub const fn piece(&self) -> PieceIndex {
        self.piece
    }

    /// Whether all its bytes have come.
    pub const fn is_full(&self) -> bool {
        self.bytes.len() >= self.wanted
    }

    /// The bytes; not verified yet.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
