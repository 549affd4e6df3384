//! Sets of documents: sorted lists where they are few, one bit a document where they are many.
//!
//! A search makes a few of them for each segment, so they borrow what postings hold, and cutting
//! two large ones is a pass over an eighth of a byte a document. Knows nothing of what documents
//! hold.

mod gather;
mod iter;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::segment::Doc;
pub use gather::Gather;
pub use iter::Docs;

/// Numbers in one word of [`Bits`].
const WORD_BITS: usize = u64::BITS as usize;
/// So many words are counted at a time.
const COUNTED_WORDS: usize = 256;
/// A list that is shorter than another by this factor is looked up in it, not merged with it.
const SKEW: usize = 16;

/// One bit a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bits(Box<[u64]>);

impl Bits {
    /// None of the documents below `doc_count`.
    pub fn none(doc_count: Doc) -> Self {
        Self(vec![0; (doc_count as usize).div_ceil(WORD_BITS)].into())
    }

    /// All documents below `doc_count`.
    pub fn all(doc_count: Doc) -> Self {
        let mut words = vec![u64::MAX; (doc_count as usize).div_ceil(WORD_BITS)];
        let rest = doc_count as usize % WORD_BITS;
        if let Some(last) = words.last_mut().filter(|_| rest > 0) {
            *last = (1 << rest) - 1;
        }
        Self(words.into())
    }

    /// Puts a document in, which must be below the count that the set was made for.
    pub fn insert(&mut self, doc: Doc) {
        self.0[doc as usize / WORD_BITS] |= 1 << (doc as usize % WORD_BITS);
    }

    /// Takes a document out.
    pub fn remove(&mut self, doc: Doc) {
        if let Some(word) = self.0.get_mut(doc as usize / WORD_BITS) {
            *word &= !(1 << (doc as usize % WORD_BITS));
        }
    }

    /// Whether a document is in.
    pub fn contains(&self, doc: Doc) -> bool {
        let word = self.0.get(doc as usize / WORD_BITS);
        word.is_some_and(|word| word >> (doc as usize % WORD_BITS) & 1 == 1)
    }

    /// How many.
    pub fn count(&self) -> u64 {
        ones(self.0.iter().copied())
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    fn combine(&mut self, other: &Self, operation: impl Fn(u64, u64) -> u64) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own = operation(*own, *other);
        }
    }

    /// The same as a set of its own, made in one pass; what has no counterpart in `other` stays.
    fn combined(&self, other: &Self, operation: impl Fn(u64, u64) -> u64) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        let both = pairs.map(|(own, other)| operation(*own, *other));
        let rest = self.0.iter().skip(other.0.len()).copied();
        let mut words = Vec::with_capacity(self.0.len());
        words.extend(both);
        words.extend(rest);
        Self(words.into())
    }
}

/// Bits that are set. Many words are counted at a time, which checks for an overflow, that memory
/// rules out, would not let be.
fn ones(words: impl Iterator<Item = u64>) -> u64 {
    let counts = words.map(|word| u64::from(word.count_ones()));
    counts.fold(0, u64::wrapping_add)
}

/// `own` with what `operation` says of each word of both.
fn combine<'v>(
    own: Cow<'v, Bits>,
    other: &Bits,
    operation: impl Fn(u64, u64) -> u64,
) -> DocSet<'v> {
    DocSet::Bits(Cow::Owned(match own {
        Cow::Borrowed(own) => own.combined(other, operation),
        Cow::Owned(mut own) => {
            own.combine(other, operation);
            own
        }
    }))
}

/// Documents, ascending.
#[derive(Debug, Clone)]
pub enum DocSet<'v> {
    /// Few.
    List(Cow<'v, [Doc]>),
    /// Many.
    Bits(Cow<'v, Bits>),
}

impl<'v> DocSet<'v> {
    /// A set of ascending documents.
    pub fn list(docs: Vec<Doc>) -> Self {
        Self::List(Cow::Owned(docs))
    }

    /// All documents below `doc_count`.
    pub fn all(doc_count: Doc) -> Self {
        Self::Bits(Cow::Owned(Bits::all(doc_count)))
    }

    /// How many.
    pub fn len(&self) -> u64 {
        match self {
            Self::List(docs) => docs.len() as u64,
            Self::Bits(bits) => bits.count(),
        }
    }

    /// Whether there are at most `count`, told without counting all.
    pub fn is_at_most(&self, count: u64) -> bool {
        match self {
            Self::List(docs) => docs.len() as u64 <= count,
            Self::Bits(bits) => {
                let mut left = count;
                (bits.0.iter()).all(|word| {
                    let ones = u64::from(word.count_ones());
                    let fits = ones <= left;
                    left = left.saturating_sub(ones);
                    fits
                })
            }
        }
    }

    /// Whether a document is in.
    pub fn contains(&self, doc: Doc) -> bool {
        match self {
            Self::List(docs) => docs.binary_search(&doc).is_ok(),
            Self::Bits(bits) => bits.contains(doc),
        }
    }

    /// The same, quick to ask for documents in any order.
    #[must_use]
    pub fn into_bits(self, doc_count: Doc) -> Cow<'v, Bits> {
        match self {
            Self::Bits(bits) => bits,
            Self::List(docs) => {
                let mut bits = Bits::none(doc_count);
                docs.iter().for_each(|doc| bits.insert(*doc));
                Cow::Owned(bits)
            }
        }
    }

    /// The documents from `start` on, ascending.
    pub fn iter_from(&self, start: Doc) -> Docs<'_> {
        Docs::new(self.borrowed(), start)
    }

    /// The same, of which nothing is copied.
    pub fn borrowed(&self) -> DocSet<'_> {
        match self {
            Self::List(docs) => DocSet::List(Cow::Borrowed(docs)),
            Self::Bits(bits) => DocSet::Bits(Cow::Borrowed(bits)),
        }
    }

    /// How many are in `bits` too; beyond `max`, perhaps only some of them are counted.
    pub fn count_within(&self, bits: &Bits, max: u64) -> u64 {
        match self {
            Self::List(docs) => docs.iter().filter(|doc| bits.contains(**doc)).count() as u64,
            Self::Bits(own) => {
                let blocks = own
                    .0
                    .chunks(COUNTED_WORDS)
                    .zip(bits.0.chunks(COUNTED_WORDS));
                let mut count = 0;
                for (own, other) in blocks {
                    count += ones(own.iter().zip(other).map(|(own, other)| own & other));
                    if count > max {
                        break;
                    }
                }
                count
            }
        }
    }

    /// Those that are in `other` too.
    #[must_use]
    pub fn within(self, other: &DocSet<'_>) -> Self {
        match (self, other) {
            (Self::Bits(own), DocSet::Bits(other)) => combine(own, other, |own, other| own & other),
            (Self::Bits(own), DocSet::List(docs)) => {
                let docs = docs.iter().copied();
                Self::list(docs.filter(|doc| own.contains(*doc)).collect())
            }
            (Self::List(docs), other) => Self::list(match other {
                DocSet::List(others) => both(&docs, others),
                DocSet::Bits(bits) => {
                    let docs = docs.iter().copied();
                    docs.filter(|doc| bits.contains(*doc)).collect()
                }
            }),
        }
    }

    /// Those that are in `bits` too.
    #[must_use]
    pub fn within_bits(self, bits: &Bits) -> Self {
        match self {
            Self::Bits(own) => combine(own, bits, |own, other| own & other),
            Self::List(docs) => {
                let docs = docs.iter().copied();
                Self::list(docs.filter(|doc| bits.contains(*doc)).collect())
            }
        }
    }

    /// Those that are not in `other`.
    #[must_use]
    pub fn without(self, other: &DocSet<'_>) -> Self {
        match (self, other) {
            (Self::Bits(own), DocSet::Bits(other)) => {
                combine(own, other, |own, other| own & !other)
            }
            (Self::Bits(mut own), DocSet::List(docs)) => {
                let bits = own.to_mut();
                docs.iter().for_each(|doc| bits.remove(*doc));
                Self::Bits(own)
            }
            (Self::List(docs), other) => {
                let docs = docs.iter().copied();
                Self::list(docs.filter(|doc| !other.contains(*doc)).collect())
            }
        }
    }

    /// Those that are not in `bits`.
    #[must_use]
    pub fn without_bits(self, bits: &Bits) -> Self {
        self.without(&DocSet::Bits(Cow::Borrowed(bits)))
    }
}

/// What is in two ascending lists.
fn both(left: &[Doc], right: &[Doc]) -> Vec<Doc> {
    let (few, many) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    if few.len() * SKEW < many.len() {
        let few = few.iter().copied();
        return few.filter(|doc| many.binary_search(doc).is_ok()).collect();
    }
    let mut many = many.iter().copied().peekable();
    let few = few.iter().copied();
    few.filter(|doc| {
        while many.next_if(|other| other < doc).is_some() {}
        many.peek() == Some(doc)
    })
    .collect()
}

#[cfg(test)]
mod tests;
