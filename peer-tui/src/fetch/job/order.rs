//! In which order equally rare pieces are fetched.
//!
//! Alone, a file comes from front to back, so that it can be hashed as it comes. Where others fetch
//! the same file, everybody begins elsewhere: each piece has an order of its own among all who fetch
//! (rendezvous hashing), and one asks first for the pieces that it is the first for. Those who know
//! each other thus take different pieces from a seed, without a word between them.
//!
//! Pure: knows ids and numbers.

use protocol::ids::PeerId;
use protocol::pieces::PieceLayout;

/// Pieces taken from anywhere at first, before it is known whether others fetch the file.
pub(super) const SCATTERED_COUNT: u32 = 4;
/// Others that are told apart: with more of them few pieces fall to one anyway.
const OTHERS_MAX_COUNT: usize = 31;
/// Bits of a place that are chance.
const CHANCE_BITS: u32 = 24;

/// An order of pieces.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Nobody else fetches the file.
    FrontToBack,
    /// These fetch it too, as far as is known.
    Among(Vec<PeerId>),
}

impl Order {
    /// One number a piece, for `own`: the lower goes first. `seed` decides what nothing else does.
    pub(super) fn places(&self, layout: PieceLayout, own: &PeerId, seed: u64) -> Vec<u32> {
        match self {
            Self::FrontToBack => (0..layout.count()).collect(),
            Self::Among(others) => shared(layout, own, others, seed),
        }
    }
}

fn shared(layout: PieceLayout, own: &PeerId, others: &[PeerId], seed: u64) -> Vec<u32> {
    let own = key_of(own);
    let others = others.iter().take(OTHERS_MAX_COUNT).map(key_of);
    let others: Vec<u64> = others.collect();
    let numbers = (0..layout.count()).map(u64::from);
    let places = numbers.map(|piece| {
        let weight = mix(own ^ mix(piece));
        let before = others
            .iter()
            .filter(|other| mix(*other ^ mix(piece)) > weight);
        let rank = u32::try_from(before.count()).unwrap_or(u32::MAX);
        let chance = mix(seed ^ piece) >> (u64::BITS - CHANCE_BITS);
        (rank << CHANCE_BITS) | u32::try_from(chance).unwrap_or(0)
    });
    places.collect()
}

fn key_of(peer: &PeerId) -> u64 {
    let bytes = peer.as_bytes().first_chunk::<8>();
    bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood, 2014).
const fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_know_each_other_begin_with_different_pieces_of_about_equal_number() {
        let layout = PieceLayout::of_size(256 * 256 * 1024);
        let peers: Vec<_> = (1..=8)
            .map(|number| PeerId::from_bytes([number; 32]))
            .collect();
        let mut firsts = vec![0; 256];
        for own in &peers {
            let others: Vec<_> = peers
                .iter()
                .filter(|other| *other != own)
                .copied()
                .collect();
            let places = shared(layout, own, &others, 1);
            let own_ones = places
                .iter()
                .enumerate()
                .filter(|(_, place)| **place < 1 << 24);
            let own_ones: Vec<_> = own_ones.map(|(piece, _)| piece).collect();
            assert!((16..=48).contains(&own_ones.len()), "{}", own_ones.len());
            for piece in own_ones {
                firsts[piece] += 1;
            }
        }
        assert_eq!(
            firsts,
            vec![1; 256],
            "each piece is the first of exactly one"
        );
    }
}
