//! SHA-256 of several streams side by side (FIPS 180-4).
//!
//! The SHA instructions of a core wait for their own results most of the time: a second stream that
//! does not depend on the first fills the gaps, so that two cost little more than one. Where those
//! instructions are missing, the streams follow each other.

#[cfg(target_arch = "x86_64")]
mod x86;

use sha2::block_api::compress256;

/// What a stream comes to so far.
pub(super) type State = [u32; 8];
/// What is worked off in one step.
pub(super) type Block = [u8; BLOCK];
/// Bytes of a step.
pub(super) const BLOCK: usize = 64;

/// Before the first byte.
pub(super) const START: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Works off as many blocks of each stream as the shortest has.
pub(super) fn compress<const N: usize>(states: &mut [State; N], blocks: [&[Block]; N]) {
    #[cfg(target_arch = "x86_64")]
    if x86::compress(states, blocks) {
        return;
    }
    let shortest = blocks.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
    for (state, blocks) in states.iter_mut().zip(blocks) {
        compress256(state, &blocks[..shortest]);
    }
}

/// The hash of a stream of `length` bytes, of which the last `rest` (less than a block) are not
/// worked off yet.
pub(super) fn finish(mut state: State, rest: &[u8], length: u64) -> [u8; 32] {
    let mut tail = [[0; BLOCK]; 2];
    let bytes = tail.as_flattened_mut();
    let used = rest.len().min(BLOCK - 1);
    bytes[..used].copy_from_slice(&rest[..used]);
    bytes[used] = 0x80;
    let count = if used < BLOCK - 8 { 1 } else { 2 };
    let bits = length.wrapping_mul(8).to_be_bytes();
    bytes[count * BLOCK - 8..count * BLOCK].copy_from_slice(&bits);
    compress256(&mut state, &tail[..count]);
    let mut hash = [0; 32];
    for (part, word) in hash.chunks_exact_mut(4).zip(state) {
        part.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

/// The hashes of as many pieces of bytes, all of the same length.
pub(super) fn digest<const N: usize>(streams: [&[u8]; N]) -> [[u8; 32]; N] {
    let mut states = [START; N];
    let mut blocks: [&[Block]; N] = [&[]; N];
    let mut rests: [&[u8]; N] = [&[]; N];
    for (lane, stream) in streams.into_iter().enumerate() {
        (blocks[lane], rests[lane]) = stream.as_chunks();
    }
    compress(&mut states, blocks);
    let mut hashes = [[0; 32]; N];
    for lane in 0..N {
        hashes[lane] = finish(states[lane], rests[lane], streams[lane].len() as u64);
    }
    hashes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    proptest! {
        #[test]
        fn streams_side_by_side_are_what_each_is_alone(
            bytes in proptest::collection::vec(any::<u8>(), 0..1_500),
        ) {
            let third = bytes.len() / 3;
            let parts = [&bytes[..third], &bytes[third..2 * third], &bytes[2 * third..3 * third]];
            let expected = parts.map(|part| <[u8; 32]>::from(Sha256::digest(part)));
            prop_assert_eq!(digest(parts), expected);
            prop_assert_eq!(digest([parts[1], parts[2]]), [expected[1], expected[2]]);
            prop_assert_eq!(digest([parts[0]]), [expected[0]]);
        }
    }
}
