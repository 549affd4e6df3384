//! Which documents of a segment hold a content: a table of buckets by the spread of its hash, built
//! once, in which those of one content stand side by side with what a search asks of each.

use crate::catalog::contents::Content;
use crate::catalog::docs::Bits;
use crate::catalog::owners::OwnerIndex;
use crate::catalog::segment::Doc;

/// One document of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// Which.
    pub content: Content,
    /// Document.
    pub doc: Doc,
    /// Whose, times two; one more where the name stands for its record
    /// ([`super::super::columns::Place::is_last`]).
    owner: u32,
}

impl Holder {
    /// A document of `owner`; `is_last` where its name stands for the record.
    pub fn new(content: Content, doc: Doc, owner: OwnerIndex, is_last: bool) -> Self {
        Self {
            content,
            doc,
            owner: owner << 1 | u32::from(is_last),
        }
    }

    /// Whose.
    pub fn owner(&self) -> OwnerIndex {
        self.owner >> 1
    }

    /// Whether the name stands for the record.
    pub fn is_last(&self) -> bool {
        self.owner & 1 == 1
    }
}

/// Documents by content.
#[derive(Debug, Default)]
pub struct Holders {
    shift: u32,
    /// Where each bucket starts in `all`, and one more for the end.
    starts: Box<[u32]>,
    /// Within a bucket by content and document.
    all: Box<[Holder]>,
}

impl Holders {
    /// The table of `count` documents; `spread_of` yields the spread of the content of each.
    pub fn new(
        count: Doc,
        spread_of: impl Fn(Doc) -> u64,
        holder_of: impl Fn(Doc) -> Holder,
    ) -> Self {
        let bits = count.max(2).ilog2();
        let shift = u64::BITS - bits;
        let mut starts = vec![0_u32; (1 << bits) + 1];
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
        let mut all = vec![Holder::new(0, 0, 0, false); buckets.len()];
        for (doc, bucket) in (0..).zip(buckets) {
            let place = &mut next[bucket as usize];
            all[*place as usize] = holder_of(doc);
            *place += 1;
        }
        for ends in starts.windows(2) {
            all[ends[0] as usize..ends[1] as usize].sort_unstable();
        }
        Self {
            shift,
            starts: starts.into(),
            all: all.into(),
        }
    }

    /// All documents in the bucket of a hash: those of its content, and of few others.
    pub fn bucket(&self, spread: u64) -> &[Holder] {
        if self.starts.is_empty() {
            return &[];
        }
        let bucket = bucket(spread, self.shift);
        &self.all[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }

    /// The documents of a content, ascending.
    pub fn of(&self, content: Content, spread: u64) -> &[Holder] {
        let bucket = self.bucket(spread);
        let start = bucket.partition_point(|holder| holder.content < content);
        let rest = &bucket[start..];
        &rest[..rest.partition_point(|holder| holder.content == content)]
    }

    /// Reads a little of the buckets of some hashes, so that they are in the caches.
    pub fn warm(&self, spreads: &[u64]) {
        let start = |spread: &u64| self.starts.get(bucket(*spread, self.shift)).copied();
        let starts = spreads.iter().filter_map(start);
        std::hint::black_box(starts.fold(0, u32::wrapping_add));
        let first = |spread| self.all.get(start(spread)? as usize);
        let firsts = spreads.iter().filter_map(first).map(|holder| holder.doc);
        std::hint::black_box(firsts.fold(0, u32::wrapping_add));
    }

    /// Of the documents below `doc_count` that `is_wanted`, the first of each content.
    pub fn firsts(&self, doc_count: Doc, is_wanted: impl Fn(Doc) -> bool) -> Bits {
        let mut firsts = Bits::none(doc_count);
        for alike in (self.all).chunk_by(|left, right| left.content == right.content) {
            let docs = alike.iter().map(|holder| holder.doc);
            let mut wanted = docs.filter(|&doc| doc < doc_count && is_wanted(doc));
            if let Some(first) = wanted.next() {
                firsts.insert(first);
            }
        }
        firsts
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.starts) + size_of_val(&*self.all)
    }
}

fn bucket(spread: u64, shift: u32) -> usize {
    usize::try_from(spread >> shift).unwrap_or_default()
}
