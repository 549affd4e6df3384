//! The Merkle tree of a file (BEP 52), which lets one piece be checked without the others.
//!
//! Leaves are SHA-256 of blocks of 16 KiB, the last one of what is left. A file of at most one
//! piece pads its leaves with zero hashes up to the next power of two; a larger file pads each
//! piece to a whole one, and its row of pieces with the root of a piece of zero leaves. Knows bytes
//! only: neither where they come from nor whom to believe.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::PieceLayout;
use super::lanes;
use super::whole::WholeHasher;
use crate::hash::{ContentHash, PieceHash, PiecesRoot};
use crate::limits::{BLOCK_BYTES, PIECES_TARGET_MAX_COUNT};

#[expect(
    clippy::cast_possible_truncation,
    reason = "16 KiB fit every pointer width"
)]
const BLOCK: usize = BLOCK_BYTES as usize;

type Node = [u8; 32];

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

/// The tree of a file without its whole-file hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTree {
    /// Root of the tree; all zero for the empty file.
    pub root: PiecesRoot,
    /// Piece hashes in order; empty for the empty file.
    pub pieces: Vec<PieceHash>,
    /// Bytes hashed.
    pub size_bytes: u64,
}

impl FileTree {
    /// Adds the whole-file hash, which another core may have made of the same bytes meanwhile.
    pub fn with_hash(self, hash: ContentHash) -> FileHashes {
        FileHashes {
            hash,
            root: self.root,
            pieces: self.pieces,
            size_bytes: self.size_bytes,
        }
    }

    /// The tree over piece hashes that were made one by one (by [`hash_piece`], on any number of
    /// cores); `None` when there are not as many as the layout has.
    pub fn of_pieces(layout: PieceLayout, pieces: Vec<PieceHash>) -> Option<Self> {
        Some(Self {
            root: root_of_pieces(layout, &pieces)?,
            pieces,
            size_bytes: layout.size_bytes(),
        })
    }
}

/// Hashes a file that comes in parts of any length: whole-file hash and tree in one pass.
#[derive(Debug, Clone)]
pub struct FileHasher {
    whole: WholeHasher,
    tree: TreeHasher,
}

impl FileHasher {
    /// For a file of a known size (it fixes the piece size).
    pub fn new(size_bytes: u64) -> Self {
        Self {
            whole: WholeHasher::new(),
            tree: TreeHasher::new(size_bytes),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.tree.take(bytes, Some(&mut self.whole));
    }

    /// The hashes; `None` when more or fewer bytes came than announced.
    pub fn finish(self) -> Option<FileHashes> {
        let tree = self.tree.finish()?;
        Some(tree.with_hash(self.whole.finish()))
    }
}

/// Makes the tree alone of a file that comes in parts of any length, so that two cores can share
/// one big file: this one the tree, another the plain SHA-256 (see [`FileTree::with_hash`]).
#[derive(Debug, Clone)]
pub struct TreeHasher {
    layout: PieceLayout,
    pieces: Vec<PieceHash>,
    piece: PieceHasher,
    taken_bytes: u64,
    is_too_long: bool,
}

impl TreeHasher {
    /// For a file of a known size (it fixes the piece size).
    pub fn new(size_bytes: u64) -> Self {
        let layout = PieceLayout::of_size(size_bytes);
        // A size that somebody claims takes no memory before its bytes come.
        let expected = u64::from(layout.count()).min(PIECES_TARGET_MAX_COUNT);
        Self {
            layout,
            pieces: Vec::with_capacity(usize::try_from(expected).unwrap_or(0)),
            piece: PieceHasher::new(layout),
            taken_bytes: 0,
            is_too_long: false,
        }
    }

    /// Takes the next bytes; those past the announced size are only noted.
    pub fn update(&mut self, bytes: &[u8]) {
        self.take(bytes, None);
    }

    /// The same, and `whole` takes them too.
    fn take(&mut self, mut bytes: &[u8], mut whole: Option<&mut WholeHasher>) {
        while !bytes.is_empty() {
            let left = self.layout.size_bytes() - self.taken_bytes;
            if left == 0 {
                self.is_too_long = true;
                return;
            }
            let piece_bytes = self.layout.piece_bytes();
            let room = (piece_bytes - self.taken_bytes % piece_bytes).min(left);
            let take = usize::try_from(room).map_or(bytes.len(), |room| room.min(bytes.len()));
            let (now, later) = bytes.split_at(take);
            self.piece.take(now, whole.as_deref_mut());
            self.taken_bytes += take as u64;
            bytes = later;
            let is_full = self.taken_bytes.is_multiple_of(piece_bytes);
            if is_full || self.taken_bytes == self.layout.size_bytes() {
                let next = PieceHasher::new(self.layout);
                let done = std::mem::replace(&mut self.piece, next);
                self.pieces.push(done.finish());
            }
        }
    }

    /// The tree; `None` when more or fewer bytes came than announced.
    pub fn finish(self) -> Option<FileTree> {
        if self.is_too_long || self.taken_bytes != self.layout.size_bytes() {
            return None;
        }
        FileTree::of_pieces(self.layout, self.pieces)
    }
}

/// Hashes the bytes of one piece that come in parts of any length.
#[derive(Debug, Clone)]
pub struct PieceHasher {
    /// Levels between the leaves and the root of the piece; `None` lets the blocks decide.
    height: Option<u32>,
    block: Sha256,
    block_bytes: usize,
    /// Roots of whole subtrees, the highest first; bit n of `leaf_count` says whether one of
    /// height n is there.
    open: Vec<Node>,
    leaf_count: u64,
}

impl PieceHasher {
    /// For a piece of this layout: a file of at most one piece is padded only to the next power of
    /// two of its blocks, other pieces to a whole piece.
    pub fn new(layout: PieceLayout) -> Self {
        Self {
            height: (layout.count() > 1).then(|| piece_height(layout)),
            block: Sha256::new(),
            block_bytes: 0,
            open: Vec::new(),
            leaf_count: 0,
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.take(bytes, None);
    }

    /// The same, and `whole` takes them too: both in little more time than one of them needs.
    pub fn update_with(&mut self, whole: &mut WholeHasher, bytes: &[u8]) {
        self.take(bytes, Some(whole));
    }

    fn take(&mut self, mut bytes: &[u8], mut whole: Option<&mut WholeHasher>) {
        while !bytes.is_empty() {
            if self.block_bytes == 0 && bytes.len() >= BLOCK {
                bytes = match &mut whole {
                    None => self.take_leaves(bytes),
                    Some(whole) => self.take_leaf_with(whole, bytes),
                };
                continue;
            }
            let take = (BLOCK - self.block_bytes).min(bytes.len());
            let (now, later) = bytes.split_at(take);
            self.block.update(now);
            if let Some(whole) = &mut whole {
                whole.update(now);
            }
            self.block_bytes += take;
            bytes = later;
            if self.block_bytes == BLOCK {
                self.close_block();
            }
        }
    }

    /// The hash of what came; bytes past a whole piece make it one that fits no piece.
    pub fn finish(mut self) -> PieceHash {
        if self.block_bytes > 0 {
            self.close_block();
        }
        let own_height = self.leaf_count.next_power_of_two().ilog2();
        let height = self.height.unwrap_or(0).max(own_height);
        if self.leaf_count == 0 {
            return PieceHash::from_bytes(zero_root(height));
        }
        // Climb from the lowest open subtree: its sibling is the next open one, on its left, or
        // zero leaves on its right.
        let lowest = self.leaf_count.trailing_zeros();
        let still_open = self.leaf_count & (self.leaf_count - 1);
        let mut root = self.open.pop().unwrap_or_default();
        for at in lowest..height {
            root = match self.open.pop_if(|_| still_open >> at & 1 == 1) {
                Some(left) => join(&left, &root),
                None => join(&root, &zero_root(at)),
            };
        }
        PieceHash::from_bytes(root)
    }

    /// Takes up to three whole blocks at once; yields the rest.
    fn take_leaves<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (blocks, _) = bytes.as_chunks::<BLOCK>();
        let count = match blocks {
            [one, two, three, ..] => self.push_leaves(lanes::digest([one, two, three])),
            [one, two] => self.push_leaves(lanes::digest([one, two])),
            [one] => self.push_leaves(lanes::digest([one])),
            [] => 0,
        };
        &bytes[count * BLOCK..]
    }

    /// Takes one whole block, and `whole` takes it beside; yields the rest.
    fn take_leaf_with<'a>(&mut self, whole: &mut WholeHasher, bytes: &'a [u8]) -> &'a [u8] {
        let (block, rest) = bytes.split_at(BLOCK);
        if whole.is_even() {
            let (steps, _) = block.as_chunks();
            let mut states = [whole.state, lanes::START];
            lanes::compress(&mut states, [steps, steps]);
            whole.state = states[0];
            whole.length = whole.length.wrapping_add(BLOCK_BYTES);
            self.push_leaf(lanes::finish(states[1], &[], BLOCK_BYTES));
        } else {
            whole.update(block);
            self.push_leaves(lanes::digest([block]));
        }
        rest
    }

    fn push_leaves<const N: usize>(&mut self, leaves: [Node; N]) -> usize {
        for leaf in leaves {
            self.push_leaf(leaf);
        }
        N
    }

    fn close_block(&mut self) {
        let leaf = std::mem::take(&mut self.block).finalize().into();
        self.block_bytes = 0;
        self.push_leaf(leaf);
    }

    fn push_leaf(&mut self, mut node: Node) {
        for _ in 0..self.leaf_count.trailing_ones() {
            if let Some(left) = self.open.pop() {
                node = join(&left, &node);
            }
        }
        self.open.push(node);
        self.leaf_count += 1;
    }
}

/// The hash of one piece's bytes. `layout` tells how far its subtree is padded: a file of at most
/// one piece is padded only to the next power of two of its blocks, other pieces to a whole piece.
pub fn hash_piece(layout: PieceLayout, bytes: &[u8]) -> PieceHash {
    let mut hasher = PieceHasher::new(layout);
    hasher.update(bytes);
    hasher.finish()
}

/// The root over the piece hashes of a file; the caller compares it with the root it trusts.
///
/// `None` when there are not as many as the layout has.
pub fn root_of_pieces(layout: PieceLayout, pieces: &[PieceHash]) -> Option<PiecesRoot> {
    if pieces.len() != layout.count() as usize {
        return None;
    }
    let mut row: Vec<Node> = pieces.iter().map(|piece| *piece.as_bytes()).collect();
    let mut height = piece_height(layout);
    while row.len() > 1 {
        let padding = zero_root(height);
        row = row
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => join(left, right),
                [left, ..] => join(left, &padding),
                [] => padding,
            })
            .collect();
        height += 1;
    }
    Some(PiecesRoot::from_bytes(row.pop().unwrap_or([0; 32])))
}

fn piece_height(layout: PieceLayout) -> u32 {
    (layout.piece_bytes() / BLOCK_BYTES).ilog2()
}

fn join(left: &Node, right: &Node) -> Node {
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(left);
    pair[32..].copy_from_slice(right);
    Sha256::digest(pair).into()
}

/// The root of a subtree of this height whose leaves are all zero.
fn zero_root(height: u32) -> Node {
    static ROOTS: OnceLock<[Node; 64]> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut roots = [[0; 32]; 64];
        for height in 1..roots.len() {
            roots[height] = join(&roots[height - 1], &roots[height - 1]);
        }
        roots
    });
    // 2^63 leaves of 16 KiB are more than any size has.
    roots[(height as usize).min(roots.len() - 1)]
}

#[cfg(test)]
mod tests;
