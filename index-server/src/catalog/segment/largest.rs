//! The largest documents of a segment as sets, however many are asked for: a few such sets are
//! kept, and one between two of them differs from the nearer by few documents.
//!
//! Knows nothing of sizes but the order by them.

use std::borrow::Cow;
use std::iter::once;

use super::{Doc, doc_count};
use crate::catalog::docs::{Bits, DocSet};

/// So many parts of the order, and a set kept for each end between two: an eighth of a byte a
/// document each.
const PART_COUNT: usize = if cfg!(test) { 3 } else { 8 };
/// Parts of fewer documents than this are put into a set as quickly as a set is copied.
const PART_MIN_COUNT: usize = if cfg!(test) { 1 } else { 512 };

/// Sets of the first documents of an order.
#[derive(Debug, Default)]
pub struct Largest {
    /// Of the first part, of the first two, and so on.
    kept: Vec<Bits>,
    part_len: usize,
}

impl Largest {
    /// Of all complete documents, `largest_first`.
    pub fn new(largest_first: &[Doc]) -> Self {
        let part_len = largest_first.len() / PART_COUNT;
        if part_len < PART_MIN_COUNT {
            return Self::default();
        }
        let mut bits = Bits::none(doc_count(largest_first.len()));
        let parts = largest_first.chunks(part_len).take(PART_COUNT - 1);
        let kept = parts.map(|part| {
            for doc in part {
                bits.insert(*doc);
            }
            bits.clone()
        });
        Self {
            kept: kept.collect(),
            part_len,
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.kept.iter().map(Bits::bytes).sum()
    }

    /// How many documents the set of the first `count` of `all_count` differs by from one that is
    /// there already.
    pub fn distance(&self, all_count: usize, count: usize) -> u64 {
        let (_, end) = self.nearest(all_count, count);
        end.abs_diff(count) as u64
    }

    /// The first `count` of `largest_first`.
    pub fn first(&self, largest_first: &[Doc], count: usize) -> DocSet<'_> {
        let all_count = largest_first.len();
        let (index, end) = self.nearest(all_count, count);
        let mut bits = match index.checked_sub(1) {
            None => Cow::Owned(Bits::none(doc_count(all_count))),
            Some(index) => match self.kept.get(index) {
                Some(kept) => Cow::Borrowed(kept),
                None => Cow::Owned(Bits::all(doc_count(all_count))),
            },
        };
        for doc in largest_first.iter().take(count).skip(end) {
            bits.to_mut().insert(*doc);
        }
        for doc in largest_first.iter().take(end).skip(count) {
            bits.to_mut().remove(*doc);
        }
        DocSet::Bits(bits)
    }

    /// Of the sets that are there, none and all among them, the one that differs least from the
    /// first `count`: which, and of how many documents.
    fn nearest(&self, all_count: usize, count: usize) -> (usize, usize) {
        let kept = (1..=self.kept.len()).map(|parts| parts * self.part_len);
        let ends = once(0).chain(kept).chain(once(all_count));
        let by_distance = ends.enumerate().min_by_key(|(_, end)| end.abs_diff(count));
        by_distance.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_yields_its_first_documents() {
        for all_count in [0, 1, 2, 3, 7, 200] {
            let order: Vec<Doc> = (0..all_count).rev().collect();
            let largest = Largest::new(&order);
            for count in 0..=order.len() {
                let mut wanted = order[..count].to_vec();
                wanted.sort_unstable();
                let found: Vec<Doc> = largest.first(&order, count).iter_from(0).collect();
                assert_eq!(found, wanted, "{count} of {all_count}");
            }
        }
    }

    #[test]
    fn no_set_differs_by_more_than_half_a_part_from_one_that_is_kept() {
        let order: Vec<Doc> = (0..300).collect();
        let largest = Largest::new(&order);
        assert!((0..=300).all(|count| largest.distance(300, count) <= 50));
    }
}
