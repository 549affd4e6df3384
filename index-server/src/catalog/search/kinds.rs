//! One row a content, or a record: which of several documents stands for it.

use std::cmp::Reverse;

use protocol::hash::ContentHash;
use protocol::ids::FileId;

use super::Search;
use crate::catalog::layer::{self, Spot};
use crate::catalog::matcher::Scratch;

/// What rows are one of a kind by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// With `collapse`.
    Content(ContentHash),
    /// Without.
    Record(FileId),
}

impl Search<'_> {
    /// The kind of a document; none where it is the only one of its kind.
    pub fn kind(&self, spot: Spot) -> Option<Kind> {
        let segment = &self.view.layers[spot.layer].segment;
        if segment.scan(spot.doc).is_alone() {
            return None;
        }
        let detail = segment.detail(spot.doc);
        Some(if self.params.collapse {
            Kind::Content(detail.hash)
        } else {
            Kind::Record(detail.id)
        })
    }

    /// Which of several documents of one kind is shown: the largest.
    pub fn goodness(&self, spot: Spot) -> impl Ord + use<> {
        let segment = &self.view.layers[spot.layer].segment;
        let (scan, detail) = (segment.scan(spot.doc), segment.detail(spot.doc));
        let standing = self.view.owners.standing(scan.owner);
        (
            standing.is_online,
            standing.reputation,
            detail.downloads,
            Reverse(detail.id),
            scan.place.recency(),
        )
    }

    /// Of all documents of the kind of `spot` that meet the question, the one that is shown.
    pub fn best(&self, spot: Spot, scratch: &mut Scratch) -> Spot {
        let layers = &self.view.layers;
        let detail = layers[spot.layer].segment.detail(spot.doc);
        let mut meets = |spot: Spot| {
            let is_alike =
                self.params.collapse || layers[spot.layer].segment.detail(spot.doc).id == detail.id;
            is_alike && self.askers[spot.layer].meet(spot.doc, scratch).is_some()
        };
        layer::of_hash(layers, &detail.hash)
            .filter(|(other, scan)| !scan.is_partial && meets(*other))
            .map(|(other, _)| other)
            .max_by_key(|other| self.goodness(*other))
            .unwrap_or(spot)
    }
}
