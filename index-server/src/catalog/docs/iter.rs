//! The documents of a set, one after the other.

use super::{DocSet, WORD_BITS};
use crate::catalog::segment::Doc;

/// Documents, ascending.
#[derive(Debug, Clone)]
pub struct Docs<'v> {
    set: DocSet<'v>,
    /// Of a list: the next one. Of bits: the word that is being read.
    index: usize,
    /// What is left of that word.
    left: u64,
}

impl<'v> Docs<'v> {
    /// Those of `set` from `start` on.
    pub(super) fn new(set: DocSet<'v>, start: Doc) -> Self {
        let (index, left) = match &set {
            DocSet::List(docs) => (docs.partition_point(|doc| *doc < start), 0),
            DocSet::Bits(bits) => {
                let index = start as usize / WORD_BITS;
                let word = bits.0.get(index).copied().unwrap_or_default();
                (index, word & (u64::MAX << (start as usize % WORD_BITS)))
            }
        };
        Self { set, index, left }
    }

    /// Fills `block` from its start as far as there are documents; yields the filled part.
    pub fn next_block<'b>(&mut self, block: &'b mut [Doc]) -> &'b [Doc] {
        let mut count = 0;
        for (slot, doc) in block.iter_mut().zip(self) {
            *slot = doc;
            count += 1;
        }
        &block[..count]
    }
}

impl Iterator for Docs<'_> {
    type Item = Doc;

    fn next(&mut self) -> Option<Doc> {
        match &self.set {
            DocSet::List(docs) => {
                let doc = docs.get(self.index).copied();
                self.index += 1;
                doc
            }
            DocSet::Bits(bits) => {
                while self.left == 0 {
                    self.index += 1;
                    self.left = *bits.0.get(self.index)?;
                }
                let bit = self.left.trailing_zeros();
                self.left &= self.left - 1;
                Some(Doc::try_from(self.index * WORD_BITS).ok()? + bit)
            }
        }
    }
}
