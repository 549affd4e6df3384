//! One row a content, or a record: which of several documents stands for it.

use std::cmp::Reverse;

use protocol::search::Sort;
use rustc_hash::FxHashSet;

use super::{Found, Search};
use crate::catalog::docs::Bits;
use crate::catalog::layer::Spot;
use crate::catalog::lookup::spread;
use crate::catalog::matcher::Scratch;
use crate::catalog::owners::OwnerIndex;
use crate::catalog::plan::Classes;
use crate::catalog::rank::{self, Match};

/// What rows are one of a kind by: with `collapse` the number of a content, otherwise that of an
/// owner before it.
pub type Kind = u64;

/// The kinds that were met.
#[derive(Debug)]
pub enum Seen {
    /// By content.
    Contents(Bits),
    /// By record.
    Records(FxHashSet<Kind>),
}

impl Seen {
    /// None yet, of the kinds of `search`.
    pub fn none(search: &Search<'_>) -> Self {
        if search.params.collapse {
            search
                .budget
                .spend(u64::from(search.view.content_bound) / 2_000);
            Self::Contents(Bits::none(search.view.content_bound))
        } else {
            Self::Records(FxHashSet::default())
        }
    }

    /// Takes note of a kind; yields whether it is new.
    pub fn insert(&mut self, kind: Kind) -> bool {
        match self {
            Self::Contents(contents) => {
                let content = u32::try_from(kind).unwrap_or_default();
                let is_new = !contents.contains(content);
                if is_new {
                    contents.insert(content);
                }
                is_new
            }
            Self::Records(records) => records.insert(kind),
        }
    }
}

/// Steps to find a content in a layer.
const LAYER_STEPS: u64 = 10;
/// Steps to read one of its documents.
const HOLDER_STEPS: u64 = 5;

/// What makes one of several documents the one that is shown, the largest: online, how it meets the
/// words, what the sort is about, then the owner's reputation, a lot and the latest name.
type Goodness = (bool, Reverse<Match>, Reverse<u64>, u8, u64, u16);

impl Search<'_> {
    /// The kind of a document; none where it is the only one of its kind.
    pub fn kind(&self, spot: Spot) -> Option<Kind> {
        let scan = self.view.layers[spot.layer].segment.scan(spot.doc);
        let content = Kind::from(scan.content);
        if self.params.collapse {
            (!scan.is_alone()).then_some(content)
        } else {
            let is_only = scan.place == crate::catalog::columns::Place::Only;
            (!is_only).then_some(Kind::from(scan.owner) << 32 | content)
        }
    }

    /// Whether the second of two rows of one kind is shown rather than the first.
    pub fn is_better(&self, best: &Found, other: &Found) -> bool {
        let segment = &self.view.layers[best.spot.layer].segment;
        let lot = rank::lot(segment.detail(best.spot.doc).hash.as_bytes());
        let goodness = |found: &Found| {
            let scan = self.view.layers[found.spot.layer]
                .segment
                .scan(found.spot.doc);
            self.goodness(found, lot, scan.owner, scan.place.recency())
        };
        goodness(other) > goodness(best)
    }

    /// Of a document of the content with that lot; `owner` and `recency` are its own, which whoever
    /// asks has at hand.
    fn goodness(&self, found: &Found, lot: u64, owner: OwnerIndex, recency: u16) -> Goodness {
        let Found { spot, class, .. } = *found;
        let standing = self.view.owners.standing(owner);
        let worth = match self.ranking.sort {
            // Records of one content that differ in what the sort is about.
            Sort::Downloads | Sort::Rating | Sort::UploadTime => {
                let segment = &self.view.layers[spot.layer].segment;
                segment.key(spot.doc, self.ranking.sort).value
            }
            Sort::Relevance | Sort::Filename | Sort::Size => 0,
        };
        let draw = rank::draw(standing.lot, lot);
        (
            standing.is_online,
            Reverse(class),
            Reverse(worth),
            standing.reputation,
            draw,
            recency,
        )
    }

    /// Of all documents of the kind of `spot` that meet the question, the one that is shown; and how
    /// many online peers hold the content. `spot` meets it as one of `class`. None where `spot` is
    /// of somebody who is offline and another is not, who is met elsewhere on the walk.
    pub fn best(
        &self,
        classes: &[Classes<'_, '_>],
        spot: Spot,
        class: Match,
        scratch: &mut Scratch,
    ) -> Option<(Spot, u64)> {
        let layers = &self.view.layers;
        self.budget.spend(LAYER_STEPS * layers.len() as u64);
        let segment = &layers[spot.layer].segment;
        let (scan, hash) = (segment.scan(spot.doc), &segment.detail(spot.doc).hash);
        let (spread, lot) = (spread(hash.as_bytes()), rank::lot(hash.as_bytes()));
        let is_online = self.view.owners.is_online(scan.owner);
        let own = Found::new(spot, class);
        let mut best = (
            self.goodness(&own, lot, scan.owner, scan.place.recency()),
            spot,
        );
        let mut sources = 0;
        for (number, layer) in layers.iter().enumerate() {
            let complete_count = layer.segment.complete_count();
            for holder in layer.holders_of(scan.content, spread) {
                self.budget.spend(HOLDER_STEPS);
                let other = Spot {
                    layer: number,
                    doc: holder.doc,
                };
                if holder.doc >= complete_count {
                    continue;
                }
                let is_other_online = self.view.owners.is_online(holder.owner());
                sources += u64::from(holder.is_last() && is_other_online);
                let is_alike = self.params.collapse || holder.owner() == scan.owner;
                if !is_alike || other == spot || is_online && !is_other_online {
                    continue;
                }
                let all = &classes[number];
                if is_other_online && !is_online {
                    if all.plan().is_met(all.asker(), other.doc, scratch) {
                        return None;
                    }
                    continue;
                }
                let Some(class) = all.class_within(other.doc, class, scratch) else {
                    continue;
                };
                let recency = if holder.is_last() {
                    u16::MAX
                } else {
                    layer.segment.scan(other.doc).place.recency()
                };
                let found = Found::new(other, class);
                let goodness = self.goodness(&found, lot, holder.owner(), recency);
                if goodness > best.0 {
                    best = (goodness, other);
                }
            }
        }
        Some((best.1, sources))
    }

    /// How many online peers hold the content of a document whole.
    pub fn sources(&self, spot: Spot) -> u64 {
        let segment = &self.view.layers[spot.layer].segment;
        let scan = segment.scan(spot.doc);
        if scan.is_alone() {
            return u64::from(self.view.owners.is_online(scan.owner));
        }
        let spread = spread(segment.detail(spot.doc).hash.as_bytes());
        let layers = self.view.layers.iter();
        let counts = layers.map(|layer| {
            let complete_count = layer.segment.complete_count();
            let holders = layer.holders_of(scan.content, spread);
            let online = holders.filter(|holder| {
                let is_whole = holder.doc < complete_count && holder.is_last();
                is_whole && self.view.owners.is_online(holder.owner())
            });
            online.count() as u64
        });
        counts.sum()
    }
}
