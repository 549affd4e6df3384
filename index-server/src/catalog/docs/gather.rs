//! The union of postings, made in one go once all of them are known.

use std::borrow::Cow;

use super::{Bits, DocSet};
use crate::catalog::postings::Posting;
use crate::catalog::segment::Doc;

/// A list of at most one document in so many is sorted; a longer one is quicker as bits.
const SORTED_MAX_SHARE: usize = 512;
/// So few are sorted in any case.
const SORTED_MIN_COUNT: usize = 256;

/// Postings whose documents are wanted together.
#[derive(Debug, Default)]
pub struct Gather<'v> {
    lists: Vec<&'v [Doc]>,
    bits: Vec<&'v Bits>,
    listed_count: usize,
}

impl<'v> Gather<'v> {
    /// Adds the documents of a posting.
    pub fn add(&mut self, posting: Posting<'v>) {
        match posting {
            Posting::List([]) => {}
            Posting::List(docs) => {
                self.listed_count += docs.len();
                self.lists.push(docs);
            }
            Posting::Bits(bits) => self.bits.push(bits),
        }
    }

    /// At most so many documents; `doc_count` where postings are too many to tell.
    pub fn estimate(&self, doc_count: Doc) -> u64 {
        if self.bits.is_empty() {
            (self.listed_count as u64).min(u64::from(doc_count))
        } else {
            u64::from(doc_count)
        }
    }

    /// Steps of about ten nanoseconds that [`Self::finish`] and a cut with the outcome take.
    pub fn steps(&self, doc_count: Doc) -> u64 {
        self.listed_count as u64 / 4 + (self.bits.len() as u64 + 2) * u64::from(doc_count) / 1_000
    }

    /// The documents of all postings, of a segment with `doc_count` of them.
    pub fn finish(self, doc_count: Doc) -> DocSet<'v> {
        match (&self.lists[..], &self.bits[..]) {
            ([docs], []) => return DocSet::List(Cow::Borrowed(docs)),
            ([], [bits]) => return DocSet::Bits(Cow::Borrowed(bits)),
            _ => {}
        }
        if self.bits.is_empty() && is_sorted_quickly(self.listed_count, doc_count) {
            let mut docs = self.lists.concat();
            docs.sort_unstable();
            docs.dedup();
            return DocSet::list(docs);
        }
        let join = |own: u64, other: u64| own | other;
        let (mut all, others) = match &self.bits[..] {
            [] => (Bits::none(doc_count), &[][..]),
            [first] => ((*first).clone(), &[][..]),
            [first, second, others @ ..] => (first.combined(second, join), others),
        };
        for other in others {
            all.combine(other, join);
        }
        for doc in self.lists.iter().copied().flatten() {
            all.insert(*doc);
        }
        DocSet::Bits(Cow::Owned(all))
    }
}

/// Whether so many documents, of a segment with `doc_count`, are rather sorted than made bits.
fn is_sorted_quickly(count: usize, doc_count: Doc) -> bool {
    count <= SORTED_MIN_COUNT.max(doc_count as usize / SORTED_MAX_SHARE)
}

impl DocSet<'_> {
    /// Different documents in any order, of a segment with `doc_count` of them.
    pub fn unordered(docs: &[Doc], doc_count: Doc) -> Self {
        if is_sorted_quickly(docs.len(), doc_count) {
            let mut docs = docs.to_vec();
            docs.sort_unstable();
            return Self::list(docs);
        }
        let mut bits = Bits::none(doc_count);
        for doc in docs {
            bits.insert(*doc);
        }
        Self::Bits(Cow::Owned(bits))
    }
}
