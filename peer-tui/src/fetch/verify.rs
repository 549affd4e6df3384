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
    /// An empty piece. Memory grows with what really comes.
    pub fn new(layout: PieceLayout, piece: PieceIndex) -> Self {
        let wanted = usize::try_from(layout.range(piece).len()).unwrap_or(usize::MAX);
        Self {
            piece,
            bytes: Vec::with_capacity(wanted.min(1 << 20)),
            wanted,
        }
    }

    /// Takes what belongs to this piece; yields the rest.
    pub fn take<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let room = self.wanted - self.bytes.len();
        let (now, later) = chunk.split_at(room.min(chunk.len()));
        self.bytes.extend_from_slice(now);
        later
    }

    /// Which piece.
    pub const fn piece(&self) -> PieceIndex {
        self.piece
    }

    /// Whether all its bytes have come.
    pub const fn is_full(&self) -> bool {
        self.bytes.len() == self.wanted
    }

    /// The bytes; not verified yet.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
