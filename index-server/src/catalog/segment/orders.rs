//! The orders in which results may be asked for, each a permutation of the complete documents.

use protocol::search::Sort;
use serde::{Deserialize, Serialize};

use super::{Doc, Segment};
use crate::catalog::rank;

/// The sorts that need a permutation: documents are numbered by relevance already.
pub const SORTS: [Sort; 5] = [
    Sort::Filename,
    Sort::Size,
    Sort::Downloads,
    Sort::Rating,
    Sort::UploadTime,
];

/// What a sort compares but for names, and the place in the order of names.
pub type Numbers = (u64, u32);

/// The place of a document under `sort`, where that is not by name.
pub fn numbers(segment: &Segment, doc: Doc, sort: Sort, name_place: u32) -> Numbers {
    let value = match sort {
        // Of what a sort does not compare nothing is read: each column is memory of its own.
        Sort::Size => rank::largest_first(segment.scan(doc).size_bytes),
        Sort::UploadTime => rank::newest_first(segment.detail(doc).uploaded_ms),
        _ => segment.values(doc).key(sort),
    };
    (value, name_place)
}

/// One permutation for each of [`SORTS`], in the sort's own direction. Nothing is stored where a sort
/// tells no two documents apart, as those by downloads and by rating mostly do: its order is then
/// that of file names.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Orders([Box<[Doc]>; 5]);

impl Orders {
    /// Sorts the complete documents of `segment` in every way; `by_name` is their order by file
    /// name, content and id. Texts are compared for that one alone: in all others ties go by the place in it.
    pub fn new(segment: &Segment, by_name: Box<[Doc]>) -> Self {
        let mut name_places = vec![0; by_name.len()];
        for (place, doc) in (0..).zip(&by_name) {
            name_places[*doc as usize] = place;
        }
        let mut by_name = Some(by_name);
        Self(SORTS.map(|sort| {
            if sort == Sort::Filename {
                return by_name.take().unwrap_or_default();
            }
            if segment.shared.is_all_alike(sort) {
                return Box::default();
            }
            let mut docs: Vec<(Numbers, Doc)> = (name_places.iter().zip(0..))
                .map(|(place, doc)| (numbers(segment, doc, sort, *place), doc))
                .collect();
            docs.sort_unstable();
            docs.into_iter().map(|(_, doc)| doc).collect()
        }))
    }

    /// From one list for each of [`SORTS`].
    pub fn from_lists(lists: [Box<[Doc]>; 5]) -> Self {
        Self(lists)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|order| size_of_val(&**order)).sum()
    }

    /// The permutation for `sort`.
    pub fn get(&self, sort: Sort) -> Option<&[Doc]> {
        let index = SORTS.iter().position(|own| *own == sort)?;
        let [by_name, ..] = &self.0;
        let own = &self.0[index];
        Some(if own.is_empty() { by_name } else { own })
    }
}
