//! One row a content, or a record: which of several documents stands for it.

use std::cmp::Reverse;

use protocol::hash::ContentHash;
use protocol::ids::FileId;

use super::Search;
use crate::catalog::layer::{self, Spot};
use crate::catalog::matcher::Scratch;
use crate::catalog::plan::Plan;

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

    /// Of all documents of the kind of `spot` that meet the question, the one that is shown; and
    /// how many online peers hold the content.
    pub fn best(&self, plans: &[Plan<'_>], spot: Spot, scratch: &mut Scratch) -> (Spot, u64) {
        let layers = &self.view.layers;
        let detail = layers[spot.layer].segment.detail(spot.doc);
        let (mut best, mut best_goodness, mut sources) = (spot, None, 0);
        for (other, scan) in layer::of_hash(layers, &detail.hash) {
            let is_holder = !scan.is_partial && scan.place.is_last();
            sources += u64::from(is_holder && self.view.owners.is_online(scan.owner));
            let is_alike = self.params.collapse
                || layers[other.layer].segment.detail(other.doc).id == detail.id;
            let plan = &plans[other.layer];
            if is_alike && plan.is_met(&self.askers[other.layer], other.doc, scratch) {
                let goodness = Some(self.goodness(other));
                if goodness >= best_goodness {
                    (best, best_goodness) = (other, goodness);
                }
            }
        }
        (best, sources)
    }
}
