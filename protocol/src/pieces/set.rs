//! Which pieces somebody holds: the bit field of GET `/content/{hash}/have` and of resume maps.
//!
//! Knows numbers of pieces, not their bytes.

use super::PieceIndex;

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
        if bytes.len() != (count as usize).div_ceil(8) {
            return None;
        }
        let spare = match (count % 8, bytes.last()) {
            (0, _) | (_, None) => 0,
            (used, Some(last)) => last & (0xFF >> used),
        };
        (spare == 0).then(|| Self {
            count,
            bits: bytes.to_vec(),
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_piece_is_the_highest_bit() {
        let mut set = PieceSet::none(10);
        set.insert(PieceIndex(0));
        set.insert(PieceIndex(9));
        set.insert(PieceIndex(10));
        assert_eq!(set.as_bytes(), [0b1000_0000, 0b0100_0000]);
        assert_eq!((set.held(), set.is_complete()), (2, false));
        assert!(!set.contains(PieceIndex(10)));
    }

    #[test]
    fn a_field_of_the_wrong_length_or_with_spare_bits_is_refused() {
        assert!(PieceSet::from_bytes(10, &[0xff, 0xc0]).is_some_and(|set| set.is_complete()));
        assert_eq!(PieceSet::from_bytes(10, &[0xff, 0xe0]), None);
        assert_eq!(PieceSet::from_bytes(10, &[0xff]), None);
        assert_eq!(PieceSet::from_bytes(10, &[0xff, 0xc0, 0]), None);
        assert_eq!(PieceSet::from_bytes(0, &[]), Some(PieceSet::all(0)));
    }

    proptest! {
        #[test]
        fn what_was_put_in_is_what_is_held(count in 0..200_u32, picks: Vec<u8>) {
            let mut set = PieceSet::none(count);
            let mut model = std::collections::BTreeSet::new();
            for pick in picks.into_iter().map(u32::from) {
                let piece = PieceIndex(pick);
                if pick % 3 == 0 {
                    set.remove(piece);
                    model.remove(&pick);
                } else {
                    set.insert(piece);
                    model.extend((pick < count).then_some(pick));
                }
            }
            for number in 0..300 {
                prop_assert_eq!(set.contains(PieceIndex(number)), model.contains(&number));
            }
            prop_assert_eq!(set.held() as usize, model.len());
            prop_assert_eq!(PieceSet::from_bytes(count, set.as_bytes()), Some(set));
        }
    }
}
