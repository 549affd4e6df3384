//! Which documents of a segment have a key: a table of buckets, built once, eight bytes a document.
//!
//! Keys are spread by a hasher with a secret of this process, since strangers choose them.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The spread of a key, for [`Lookup::new`] and [`Lookup::candidates`].
pub fn spread(key: &[u8]) -> u64 {
    SECRET.hash_one(key)
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
