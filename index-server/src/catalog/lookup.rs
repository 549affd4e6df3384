//! Which documents of a segment have a key: a table of buckets, built once, eight bytes a document.
//!
//! Keys are spread with a secret of this process, since strangers choose them.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// Keys have at most so many words of eight bytes.
const WORDS_MAX_COUNT: usize = 4;

/// A number to begin with, and one for each word of a key.
static SECRET: LazyLock<[u128; WORDS_MAX_COUNT + 1]> = LazyLock::new(|| {
    let state = RandomState::new();
    let half = |number: usize| u128::from(state.hash_one(number));
    std::array::from_fn(|word| half(word * 2) << 64 | half(word * 2 + 1))
});

/// The spread of a key, for [`Lookup::new`] and [`Lookup::candidates`]: its words times secret
/// numbers, of which the upper half is kept. Whoever does not know the secret can do no better than
/// chance in finding two keys with one spread (multilinear hashing, strongly universal), and it takes
/// a few nanoseconds, where every record is looked for and merged many times.
pub fn spread<const BYTES: usize>(key: &[u8; BYTES]) -> u64 {
    const { assert!(BYTES.is_multiple_of(8) && BYTES <= WORDS_MAX_COUNT * 8) };
    let [start, factors @ ..] = &*SECRET;
    let (words, _) = key.as_chunks();
    let products = words.iter().zip(factors);
    let products =
        products.map(|(word, factor)| factor.wrapping_mul(u64::from_le_bytes(*word).into()));
    (products.fold(*start, u128::wrapping_add) >> 64) as u64
}

/// Documents by the spread of one of their columns.
#[derive(Debug, Default)]
pub struct Lookup {
    shift: u32,
    /// Where each bucket starts in `docs`, and one more for the end.
    starts: Box<[u32]>,
    docs: Box<[u32]>,
}

impl Lookup {
    /// Builds the table over documents `0..count`.
    pub fn new(count: u32, spread_of: impl Fn(u32) -> u64) -> Self {
        let bits = count.max(2).ilog2();
        let shift = u64::BITS - bits;
        let mut starts = vec![0_u32; (1 << bits) + 1];
        // Below the count of buckets, which 32 bits hold.
        #[expect(clippy::cast_possible_truncation, reason = "at most 31 bits are left")]
        let buckets: Vec<u32> = (0..count)
            .map(|doc| bucket(spread_of(doc), shift) as u32)
            .collect();
        for &bucket in &buckets {
            starts[bucket as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut docs = vec![0; buckets.len()];
        for (doc, bucket) in (0..).zip(buckets) {
            let place = &mut next[bucket as usize];
            docs[*place as usize] = doc;
            *place += 1;
        }
        Self {
            shift,
            starts: starts.into(),
            docs: docs.into(),
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.starts) + size_of_val(&*self.docs)
    }

    /// Documents that may have the key, ascending; those that do not must be sorted out by a look
    /// at the column.
    pub fn candidates(&self, spread: u64) -> &[u32] {
        if self.starts.is_empty() {
            return &[];
        }
        let bucket = bucket(spread, self.shift);
        &self.docs[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }
}

fn bucket(spread: u64, shift: u32) -> usize {
    usize::try_from(spread >> shift).unwrap_or_default()
}
