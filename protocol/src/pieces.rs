//! How a file is cut into pieces, and the Merkle tree that lets one piece be checked (BEP 52).
//!
//! Leaves are SHA-256 of blocks of 16 KiB; missing leaves up to the next power of two are zero
//! hashes; a piece is a power of two of blocks and its hash the root of its subtree.

use crate::byte_range::ByteRange;
use crate::hash::{ContentHash, PieceHash, PiecesRoot};

/// The number of a piece inside one layout; only [`PieceLayout`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PieceIndex(u32);

impl PieceIndex {
    /// As a position in a list of pieces.
    pub const fn as_usize(self) -> usize {
        self.0 as usize
    }

    /// As a number.
    pub const fn as_u32(self) -> u32 {
        self.0
    }
}

/// How a file of a given size is cut: the piece size is a power of two of at least 256 KiB, chosen
/// so that there are at most 4,096 pieces where that can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PieceLayout {
    size_bytes: u64,
    piece_bytes: u64,
}

impl PieceLayout {
    /// The layout of a file of `size_bytes`.
    pub fn of_size(size_bytes: u64) -> Self {
        let _ = size_bytes;
        unimplemented!("helper")
    }

    /// Bytes of the file.
    pub const fn size_bytes(self) -> u64 {
        self.size_bytes
    }

    /// Bytes of each piece but the last.
    pub const fn piece_bytes(self) -> u64 {
        self.piece_bytes
    }

    /// How many pieces; 0 for the empty file.
    pub fn count(self) -> u32 {
        unimplemented!("helper")
    }

    /// The piece with this number, if there is one.
    pub fn piece(self, number: u32) -> Option<PieceIndex> {
        (number < self.count()).then_some(PieceIndex(number))
    }

    /// All pieces in order.
    pub fn pieces(self) -> impl Iterator<Item = PieceIndex> {
        (0..self.count()).map(PieceIndex)
    }

    /// Where a piece lies in the file.
    pub fn range(self, piece: PieceIndex) -> ByteRange {
        let _ = piece;
        unimplemented!("helper")
    }

    /// The pieces that a byte range touches.
    pub fn pieces_of(self, range: ByteRange) -> impl Iterator<Item = PieceIndex> {
        let _ = range;
        std::iter::empty()
    }
}

/// Both hashes of a file and its pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHashes {
    /// SHA-256 of all bytes.
    pub hash: ContentHash,
    /// Root of the tree; all zero for the empty file.
    pub root: PiecesRoot,
    /// Piece hashes in order; empty for the empty file.
    pub pieces: Vec<PieceHash>,
    /// Bytes hashed.
    pub size_bytes: u64,
}

/// Hashes a file that comes in parts of any length: whole-file hash and tree in one pass.
#[derive(Debug, Clone)]
pub struct FileHasher {}

impl FileHasher {
    /// For a file of a known size (it fixes the piece size).
    pub fn new(size_bytes: u64) -> Self {
        let _ = size_bytes;
        unimplemented!("helper")
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let _ = bytes;
        unimplemented!("helper")
    }

    /// The hashes; `None` when more or fewer bytes came than announced.
    pub fn finish(self) -> Option<FileHashes> {
        unimplemented!("helper")
    }
}

/// The hash of one piece's bytes. `layout` tells how far its subtree is padded: a file of at most
/// one piece is padded only to the next power of two of its blocks, other pieces to a whole piece.
pub fn hash_piece(layout: PieceLayout, bytes: &[u8]) -> PieceHash {
    let _ = (layout, bytes);
    unimplemented!("helper")
}

/// The root over the piece hashes of a file; the caller compares it with the root it trusts.
pub fn root_of_pieces(layout: PieceLayout, pieces: &[PieceHash]) -> Option<PiecesRoot> {
    let _ = (layout, pieces);
    unimplemented!("helper")
}

/// Which pieces are held: a bit field, most significant bit of the first byte first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceSet {
    count: u32,
    bits: Vec<u8>,
}

impl PieceSet {
    /// None of `count` pieces.
    pub fn none(count: u32) -> Self {
        Self {
            count,
            bits: vec![0; (count as usize).div_ceil(8)],
        }
    }

    /// All of `count` pieces.
    pub fn all(count: u32) -> Self {
        let mut set = Self::none(count);
        for number in 0..count {
            set.insert(PieceIndex(number));
        }
        set
    }

    /// From the wire; `None` when the length is wrong or spare bits are set.
    pub fn from_bytes(count: u32, bytes: &[u8]) -> Option<Self> {
        let set = Self {
            count,
            bits: bytes.to_vec(),
        };
        let spare = (count..).take_while(|n| (*n as usize) < bytes.len() * 8);
        let clean = spare.into_iter().all(|n| !set.bit(n));
        (bytes.len() == (count as usize).div_ceil(8) && clean).then_some(set)
    }

    /// The bit field.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bits
    }

    /// How many pieces there are.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// How many are held.
    pub fn held(&self) -> u32 {
        self.bits.iter().map(|byte| byte.count_ones()).sum()
    }

    /// Whether all are held.
    pub fn is_complete(&self) -> bool {
        self.held() == self.count
    }

    /// Whether this one is held.
    pub fn contains(&self, piece: PieceIndex) -> bool {
        piece.0 < self.count && self.bit(piece.0)
    }

    /// Adds a piece.
    pub fn insert(&mut self, piece: PieceIndex) {
        if piece.0 < self.count {
            self.bits[piece.as_usize() / 8] |= 0x80 >> (piece.0 % 8);
        }
    }

    /// Takes a piece out.
    pub fn remove(&mut self, piece: PieceIndex) {
        if piece.0 < self.count {
            self.bits[piece.as_usize() / 8] &= !(0x80 >> (piece.0 % 8));
        }
    }

    fn bit(&self, number: u32) -> bool {
        self.bits[number as usize / 8] & (0x80 >> (number % 8)) != 0
    }
}
