//! How a file is cut into pieces (BEP 52): the layout that follows from its size alone.
//!
//! A piece is a power of two of blocks of 16 KiB. What the pieces hash to stands in [`tree`], who
//! holds which in [`set`]. Knows no file and no source.

mod lanes;
pub mod set;
pub mod tree;
pub mod whole;

pub use set::PieceSet;
pub use tree::{
    FileHasher, FileHashes, FileTree, PieceHasher, TreeHasher, hash_piece, root_of_pieces,
};
pub use whole::WholeHasher;

use crate::byte_range::ByteRange;
use crate::limits::{PIECE_MAX_BYTES, PIECE_MIN_BYTES, PIECES_TARGET_MAX_COUNT};

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
    ///
    /// Pieces stop growing at 1 GiB (4 TiB files), since one is verified in memory; past 4 EiB,
    /// which no disk has, they grow again so that every size has a layout.
    pub fn of_size(size_bytes: u64) -> Self {
        let mut piece_bytes = PIECE_MIN_BYTES;
        while Self::is_too_small(piece_bytes, size_bytes) {
            piece_bytes *= 2;
        }
        Self {
            size_bytes,
            piece_bytes,
        }
    }

    fn is_too_small(piece_bytes: u64, size_bytes: u64) -> bool {
        let count = size_bytes.div_ceil(piece_bytes);
        (count > PIECES_TARGET_MAX_COUNT && piece_bytes < PIECE_MAX_BYTES)
            || u32::try_from(count).is_err()
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
        // `of_size` grows the piece until the count fits.
        u32::try_from(self.size_bytes.div_ceil(self.piece_bytes)).unwrap_or(u32::MAX)
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
    ///
    /// # Panics
    /// When the piece is one of another layout and lies behind the end of this file: a defect of
    /// the caller, since a [`PieceIndex`] only comes from a layout.
    pub fn range(self, piece: PieceIndex) -> ByteRange {
        let first = u64::from(piece.0).saturating_mul(self.piece_bytes);
        let last = first.saturating_add(self.piece_bytes - 1);
        let Some(range) = ByteRange::new(first, last, self.size_bytes) else {
            panic!("piece {} is not one of {self:?}", piece.0);
        };
        range
    }

    /// The pieces that a byte range touches.
    pub fn pieces_of(self, range: ByteRange) -> impl Iterator<Item = PieceIndex> {
        let number = |position: u64| {
            u32::try_from(position / self.piece_bytes)
                .unwrap_or(u32::MAX)
                .min(self.count())
        };
        let last = number(range.last());
        (number(range.first())..last.saturating_add(1).min(self.count())).map(PieceIndex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KIB: u64 = 1024;

    fn check(size_bytes: u64, piece_bytes: u64, count: u32) {
        let layout = PieceLayout::of_size(size_bytes);
        assert_eq!(
            (layout.piece_bytes(), layout.count()),
            (piece_bytes, count),
            "layout of {size_bytes} bytes"
        );
    }

    #[test]
    fn the_piece_size_follows_from_the_file_size() {
        check(0, 256 * KIB, 0);
        check(1, 256 * KIB, 1);
        check(256 * KIB, 256 * KIB, 1);
        check(256 * KIB + 1, 256 * KIB, 2);
        check(1024 * 1024 * KIB, 256 * KIB, 4096);
        check(1024 * 1024 * KIB + 1, 512 * KIB, 2049);
        check(4 << 40, 1 << 30, 4096);
        check((4 << 40) + 1, 1 << 30, 4097);
        check(i64::MAX as u64, 1 << 32, 1 << 31);
        check(u64::MAX, 1 << 33, 1 << 31);
    }

    fn sizes() -> impl Strategy<Value = u64> {
        prop_oneof![0..4_000_000_u64, 0..u64::from(u32::MAX) * 8, any::<u64>()]
    }

    proptest! {
        #[test]
        fn pieces_cover_the_file_without_gap_or_overlap(size in 0..9_000_000_u64) {
            let layout = PieceLayout::of_size(size);
            let mut next = 0;
            for piece in layout.pieces() {
                let range = layout.range(piece);
                prop_assert_eq!(range.first(), next);
                next = range.last() + 1;
            }
            prop_assert_eq!(next, size);
        }

        #[test]
        fn a_range_touches_the_pieces_it_has_bytes_of(size in sizes(), a: u64, b in 0..3_000_000_u64) {
            let layout = PieceLayout::of_size(size);
            let first = a % size.max(1);
            let Some(range) = ByteRange::new(first, first.saturating_add(b), size) else {
                return Ok(());
            };
            let touched: Vec<_> = layout.pieces_of(range).collect();
            let (Some(head), Some(tail)) = (touched.first(), touched.last()) else {
                return Err(TestCaseError::fail("a range touches at least one piece"));
            };
            let inside = |piece: &PieceIndex, position| {
                layout.range(*piece).first() <= position && position <= layout.range(*piece).last()
            };
            prop_assert!(inside(head, range.first()) && inside(tail, range.last()));
            prop_assert_eq!(touched.len() as u64, u64::from(tail.0 - head.0) + 1);
        }
    }
}
