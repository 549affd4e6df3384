//! The compression function of SHA-256 by the SHA instructions of x86-64, several streams at once.
//!
//! The only unsafe step is the call of a function that needs those instructions, right behind the
//! check that this processor has them; no memory is touched but through references.
#![expect(
    unsafe_code,
    reason = "instructions beyond the baseline are called only after the processor was asked"
)]

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_set_epi8, _mm_set_epi32,
    _mm_set_epi64x, _mm_setzero_si128, _mm_sha256msg1_epu32, _mm_sha256msg2_epu32,
    _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
};

use super::{Block, State};

/// Constants of the rounds, four a row.
const CONSTANTS: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

/// The same as the instructions take them. No closure may stand in the functions below: it would be
/// compiled for another processor and called for every step.
const K: [[i32; 4]; 16] = {
    let mut signed = [[0; 4]; 16];
    let mut at = 0;
    while at < 64 {
        signed[at / 4][at % 4] = CONSTANTS[at / 4][at % 4].cast_signed();
        at += 1;
    }
    signed
};

/// Works off as many blocks of each stream as the shortest has; false where this processor cannot.
pub(super) fn compress<const N: usize>(states: &mut [State; N], blocks: [&[Block]; N]) -> bool {
    let is_able = std::arch::is_x86_feature_detected!("sha")
        && std::arch::is_x86_feature_detected!("sse4.1")
        && std::arch::is_x86_feature_detected!("ssse3");
    if is_able {
        // SAFETY: the processor has all instructions that the function is compiled for.
        unsafe { compress_able(states, blocks) };
    }
    is_able
}

/// The two halves of a state as the instructions want them.
#[derive(Clone, Copy)]
struct Halves {
    abef: __m128i,
    cdgh: __m128i,
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
#[expect(
    clippy::needless_range_loop,
    reason = "all lanes are at the same step: an iterator would belong to one of them"
)]
fn compress_able<const N: usize>(states: &mut [State; N], blocks: [&[Block]; N]) {
    let mut shortest = usize::MAX;
    for blocks in &blocks {
        shortest = shortest.min(blocks.len());
    }
    let zero = _mm_setzero_si128();
    let mut all = [Halves {
        abef: zero,
        cdgh: zero,
    }; N];
    for lane in 0..N {
        all[lane] = load(&states[lane]);
    }
    for at in 0..shortest {
        let before = all;
        let mut words = [[zero; 4]; N];
        for lane in 0..N {
            words[lane] = load_block(&blocks[lane][at]);
        }
        first(0, &mut all, &words);
        first(1, &mut all, &words);
        first(2, &mut all, &words);
        first(3, &mut all, &words);
        further(1, &mut all, &mut words);
        further(2, &mut all, &mut words);
        further(3, &mut all, &mut words);
        for lane in 0..N {
            all[lane].abef = _mm_add_epi32(all[lane].abef, before[lane].abef);
            all[lane].cdgh = _mm_add_epi32(all[lane].cdgh, before[lane].cdgh);
        }
    }
    for lane in 0..N {
        states[lane] = store(all[lane]);
    }
}

/// Rounds 4 `row` to 4 `row` + 3, whose words are those of the block.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn first<const N: usize>(row: usize, all: &mut [Halves; N], words: &[[__m128i; 4]; N]) {
    for lane in 0..N {
        four_rounds(row, &mut all[lane], words[lane][row]);
    }
}

/// Sixteen rounds whose words follow from those before.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn further<const N: usize>(group: usize, all: &mut [Halves; N], words: &mut [[__m128i; 4]; N]) {
    for row in 0..4 {
        for lane in 0..N {
            let w = &mut words[lane];
            let sum = _mm_add_epi32(
                _mm_sha256msg1_epu32(w[row], w[(row + 1) % 4]),
                _mm_alignr_epi8::<4>(w[(row + 3) % 4], w[(row + 2) % 4]),
            );
            w[row] = _mm_sha256msg2_epu32(sum, w[(row + 3) % 4]);
            four_rounds(4 * group + row, &mut all[lane], w[row]);
        }
    }
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn four_rounds(row: usize, state: &mut Halves, words: __m128i) {
    let k = &K[row];
    let sum = _mm_add_epi32(words, _mm_set_epi32(k[3], k[2], k[1], k[0]));
    state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
    let upper = _mm_shuffle_epi32::<0x0e>(sum);
    state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, upper);
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn load_block(block: &Block) -> [__m128i; 4] {
    let (halves, _) = block.as_chunks::<8>();
    let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    let mut words = [_mm_setzero_si128(); 4];
    for (row, word) in words.iter_mut().enumerate() {
        let low = i64::from_le_bytes(halves[2 * row]);
        let high = i64::from_le_bytes(halves[2 * row + 1]);
        *word = _mm_shuffle_epi8(_mm_set_epi64x(high, low), order);
    }
    words
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn load(state: &State) -> Halves {
    let mut s = [0; 8];
    for (signed, word) in s.iter_mut().zip(state) {
        *signed = word.cast_signed();
    }
    Halves {
        abef: _mm_set_epi32(s[0], s[1], s[4], s[5]),
        cdgh: _mm_set_epi32(s[2], s[3], s[6], s[7]),
    }
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn store(halves: Halves) -> State {
    let (abef, cdgh) = (halves.abef, halves.cdgh);
    [
        _mm_extract_epi32::<3>(abef).cast_unsigned(),
        _mm_extract_epi32::<2>(abef).cast_unsigned(),
        _mm_extract_epi32::<3>(cdgh).cast_unsigned(),
        _mm_extract_epi32::<2>(cdgh).cast_unsigned(),
        _mm_extract_epi32::<1>(abef).cast_unsigned(),
        _mm_extract_epi32::<0>(abef).cast_unsigned(),
        _mm_extract_epi32::<1>(cdgh).cast_unsigned(),
        _mm_extract_epi32::<0>(cdgh).cast_unsigned(),
    ]
}
