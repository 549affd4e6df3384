//! The tree against the definition of BEP 52 with all leaves in memory.

use proptest::prelude::*;

use super::*;

/// The tree of BEP 52 as its text has it, all leaves in memory.
fn naive(bytes: &[u8], piece_bytes: usize) -> (Node, Vec<Node>) {
    fn root(mut row: Vec<Node>) -> Node {
        while row.len() > 1 {
            row = row.chunks(2).map(|pair| join(&pair[0], &pair[1])).collect();
        }
        row[0]
    }
    let leaves = |part: &[u8]| -> Vec<Node> {
        part.chunks(BLOCK)
            .map(|block| Sha256::digest(block).into())
            .collect()
    };
    if bytes.is_empty() {
        return ([0; 32], Vec::new());
    }
    let mut all = leaves(bytes);
    if bytes.len() <= piece_bytes {
        all.resize(all.len().next_power_of_two(), [0; 32]);
        let root = root(all);
        return (root, vec![root]);
    }
    let in_piece = piece_bytes / BLOCK;
    let pieces = bytes
        .chunks(piece_bytes)
        .map(|part| {
            let mut row = leaves(part);
            row.resize(in_piece, [0; 32]);
            root(row)
        })
        .collect();
    all.resize(all.len().next_multiple_of(in_piece), [0; 32]);
    all.resize(all.len().next_power_of_two(), [0; 32]);
    (root(all), pieces)
}

fn sample(size: usize) -> Vec<u8> {
    (0..size)
        .map(|at| (at * 31 + at / 251).to_le_bytes()[0])
        .collect()
}

fn check(size: usize, step: usize) {
    let bytes = sample(size);
    let layout = PieceLayout::of_size(size as u64);
    let mut hasher = FileHasher::new(size as u64);
    bytes.chunks(step).for_each(|part| hasher.update(part));
    let found = hasher.finish().expect("as many bytes as announced");
    let piece_bytes = usize::try_from(layout.piece_bytes()).expect("small");
    let (root, pieces) = naive(&bytes, piece_bytes);
    assert_eq!(found.hash, ContentHash::of(&bytes), "hash of {size} bytes");
    assert_eq!(found.root.as_bytes(), &root, "root of {size} bytes");
    let list: Vec<_> = found.pieces.iter().map(|piece| *piece.as_bytes()).collect();
    assert_eq!(list, pieces, "pieces of {size} bytes");
    let single: Vec<_> = bytes
        .chunks(piece_bytes)
        .map(|part| hash_piece(layout, part))
        .collect();
    assert_eq!(single, found.pieces, "pieces one by one of {size} bytes");
    let tree = FileTree::of_pieces(layout, single).expect("all pieces");
    assert_eq!(tree.with_hash(found.hash), found);
}

#[test]
fn sizes_around_blocks_and_pieces_agree_with_the_definition() {
    const PIECE: usize = 256 * 1024;
    for edge in [
        0,
        BLOCK,
        3 * BLOCK,
        4 * BLOCK,
        PIECE,
        2 * PIECE,
        3 * PIECE,
        5 * PIECE,
    ] {
        for size in [edge.saturating_sub(1), edge, edge + 1] {
            check(size, 100_003);
        }
    }
}

#[test]
fn one_block_is_its_own_root() {
    let layout = PieceLayout::of_size(3);
    let expected = ContentHash::of(b"abc");
    assert_eq!(hash_piece(layout, b"abc").as_bytes(), expected.as_bytes());
}

#[test]
fn a_wrong_count_of_bytes_or_pieces_gives_no_hash() {
    for (announced, came) in [(0, 1), (1, 0), (5, 4), (5, 6), (300_000, 299_999)] {
        let mut hasher = FileHasher::new(announced);
        hasher.update(&sample(came));
        assert_eq!(hasher.finish(), None, "{announced} announced, {came} came");
    }
    assert!(FileHasher::new(u64::MAX).finish().is_none());
    let layout = PieceLayout::of_size(300_000);
    let piece = PieceHash::from_bytes([1; 32]);
    assert_eq!(root_of_pieces(layout, &[piece]), None);
    assert_eq!(root_of_pieces(layout, &[piece; 3]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_split_of_any_file_agrees_with_the_definition(
        size in 0..1_500_000_usize,
        step in 1..400_000_usize,
    ) {
        check(size, step);
    }

    #[test]
    fn a_changed_byte_changes_its_piece(size in 1..600_000_usize, at: usize) {
        let mut bytes = sample(size);
        let layout = PieceLayout::of_size(size as u64);
        let good = hash_piece(layout, &bytes);
        bytes[at % size] ^= 1;
        prop_assert_ne!(good, hash_piece(layout, &bytes));
    }
}
