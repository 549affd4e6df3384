//! One row a content, or a record: which of several documents stands for it.

use rustc_hash::FxHashSet;

use super::Search;
use crate::catalog::docs::Bits;
use crate::catalog::layer::Spot;
use crate::catalog::lookup::spread;
use crate::catalog::matcher::Scratch;
use crate::catalog::plan::Plan;
use crate::catalog::rank;

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

/// What makes one of several documents the one that is shown, the largest.
type Goodness = (bool, u8, u64, u16);

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

    /// Whether the second of two documents of one kind is shown rather than the first.
    pub fn is_better(&self, best: Spot, other: Spot) -> bool {
        let segment = &self.view.layers[best.layer].segment;
        let lot = rank::lot(segment.detail(best.doc).hash.as_bytes());
        let goodness = |spot: Spot| {
            let scan = self.view.layers[spot.layer].segment.scan(spot.doc);
            self.goodness(scan.owner, lot, scan.place.recency())
        };
        goodness(other) > goodness(best)
    }

    fn goodness(&self, owner: u32, lot: u64, recency: u16) -> Goodness {
        let standing = self.view.owners.standing(owner);
        let draw = rank::draw(standing.lot, lot);
        (standing.is_online, standing.reputation, draw, recency)
    }

    /// Of all documents of the kind of `spot` that meet the question, the one that is shown; and
    /// how many online peers hold the content.
    pub fn best(&self, plans: &[Plan<'_>], spot: Spot, scratch: &mut Scratch) -> (Spot, u64) {
        let layers = &self.view.layers;
        self.budget.spend(LAYER_STEPS * layers.len() as u64);
        let segment = &layers[spot.layer].segment;
        let (scan, hash) = (segment.scan(spot.doc), &segment.detail(spot.doc).hash);
        let (spread, lot) = (spread(hash.as_bytes()), rank::lot(hash.as_bytes()));
        let (mut alike, mut sources) = (Vec::new(), 0);
        for (number, layer) in layers.iter().enumerate() {
            let complete_count = layer.segment.complete_count();
            for holder in layer.holders_of(scan.content, spread) {
                self.budget.spend(HOLDER_STEPS);
                if holder.doc >= complete_count {
                    continue;
                }
                let doc = holder.doc;
                let recency = if holder.is_last() {
                    u16::MAX
                } else {
                    layer.segment.scan(doc).place.recency()
                };
                let goodness = self.goodness(holder.owner(), lot, recency);
                sources += u64::from(holder.is_last() && goodness.0);
                if self.params.collapse || holder.owner() == scan.owner {
                    alike.push((goodness, Spot { layer: number, doc }));
                }
            }
        }
        while let Some(index) = largest(&alike) {
            let (_, other) = alike.swap_remove(index);
            let asker = &self.askers[other.layer];
            if other == spot || plans[other.layer].is_met(asker, other.doc, scratch) {
                return (other, sources);
            }
        }
        (spot, sources)
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

fn largest(alike: &[(Goodness, Spot)]) -> Option<usize> {
    let goodness = |index: &usize| alike[*index].0;
    (0..alike.len()).max_by_key(goodness)
}
