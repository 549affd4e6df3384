//! A record with a checksum, so that a bit that turned on the disk is found and not believed.

use sha2::{Digest, Sha256};

const CHECKSUM_BYTES: usize = 8;

/// The record with its checksum in front: the first 8 bytes of its SHA-256.
pub fn seal(record: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(CHECKSUM_BYTES + record.len());
    framed.extend_from_slice(&checksum(record));
    framed.extend_from_slice(record);
    framed
}

/// The record inside, if it is the one that was sealed.
pub fn open(framed: &[u8]) -> Option<&[u8]> {
    let (sum, record) = framed.split_at_checked(CHECKSUM_BYTES)?;
    (sum == checksum(record)).then_some(record)
}

/// The checksum in front, of a record that need not be read for it.
pub fn checksum_of(framed: &[u8]) -> Option<u64> {
    let (sum, _) = framed.split_first_chunk()?;
    Some(u64::from_le_bytes(*sum))
}

fn checksum(record: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let full: [u8; 32] = Sha256::digest(record).into();
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&full[..CHECKSUM_BYTES]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_turned_bit_and_every_cut_is_found() {
        let framed = seal(b"a record of some length");
        assert_eq!(open(&framed), Some(&b"a record of some length"[..]));
        for bit in 0..framed.len() * 8 {
            let mut torn = framed.clone();
            torn[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&torn), None, "bit {bit}");
        }
        for length in 0..framed.len() {
            assert_eq!(open(&framed[..length]), None, "cut to {length}");
        }
    }
}
