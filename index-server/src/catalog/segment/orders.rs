//! The orders in which results may be asked for, each a permutation of the complete documents.

use protocol::search::Sort;

use super::{Doc, Segment};
use crate::catalog::rank::Ranking;

/// The sorts that need a permutation: documents are numbered by relevance already.
pub const SORTS: [Sort; 5] = [
    Sort::Filename,
    Sort::Size,
    Sort::Downloads,
    Sort::Rating,
    Sort::UploadTime,
];

/// One permutation for each of [`SORTS`], in the sort's own direction.
#[derive(Debug, Default)]
pub struct Orders([Box<[Doc]>; 5]);

impl Orders {
    /// Sorts the complete documents of `segment` in every way.
    pub fn new(segment: &Segment) -> Self {
        Self(SORTS.map(|sort| {
            let ranking = Ranking::own(sort);
            let mut docs: Vec<_> = (0..segment.complete_count())
                .map(|doc| (segment.key(doc, sort), doc))
                .collect();
            docs.sort_unstable_by(|(left, _), (right, _)| ranking.compare(left, right));
            docs.into_iter().map(|(_, doc)| doc).collect()
        }))
    }

    /// From one list for each of [`SORTS`].
    pub fn from_lists(lists: [Box<[Doc]>; 5]) -> Self {
        Self(lists)
    }

    /// The permutation for `sort`.
    pub fn get(&self, sort: Sort) -> Option<&[Doc]> {
        let index = SORTS.iter().position(|own| *own == sort)?;
        Some(&self.0[index])
    }
}
