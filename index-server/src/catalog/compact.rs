//! Keeps segments few: when enough of one size have gathered they become one of the next size, small
//! ones at once, large ones on a thread of their own while the writer goes on.
//!
//! Every record is merged once for each size below that of all records, and a search visits at most a
//! few segments of each size. While nobody writes much, what is left is made two segments or
//! one ([`Compactor::gather`]), since a search costs by the segment.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::layer::Layer;
use super::owners::Owners;
use super::postings::GONE;
use super::segment::{Doc, Merged, merge};

/// So many segments of one of the [`SMALL_SIZES`] are merged into one.
const SMALL_FAN_OUT: usize = 8;
const SMALL_SIZES: u32 = 2;
/// So many of a larger size: while they are merged they are in memory twice.
const FAN_OUT: usize = 4;
/// With more segments than this the writer waits for the smallest merge that is under way.
const LAYERS_MAX_COUNT: usize = 64;
/// At rest, the largest segment is merged again with all others when these are more than one in so
/// many of all documents.
const REST_SHARE: u64 = 8;
/// A merge of so many times more documents than a large one has at least takes tens of seconds.
const HUGE_FACTOR: u64 = 16;
/// Bytes of one column of a segment: half of what its 32-bit positions reach.
const ARENA_MAX_BYTES: usize = 1 << 31;

/// Documents at which sizes and ways of merging change.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Largest segment of the smallest size.
    pub smallest: u64,
    /// Merges of at most so many documents are done at once (about a microsecond each).
    pub inline_max: u64,
    /// Merges of more are large: one of them may run beside a small one, and beside one of more
    /// than [`HUGE_FACTOR`] times as many.
    pub large_min: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            smallest: 2_048,
            inline_max: 1_024,
            large_min: 65_536,
        }
    }
}

/// The merging of one catalog's layers.
#[derive(Debug, Default)]
pub struct Compactor {
    shape: Shape,
    /// At most one small, one large and one huge merge, so that none waits for a larger one.
    running: Vec<Running>,
}

/// A merge on its own thread.
#[derive(Debug)]
struct Running {
    /// As they were when it began.
    sources: Vec<Layer>,
    thread: JoinHandle<Merged>,
}

impl Compactor {
    /// A compactor with other sizes than the usual ones.
    #[cfg(test)]
    pub fn with_shape(shape: Shape) -> Self {
        Self {
            shape,
            running: Vec::new(),
        }
    }

    /// Whether a merge has ended that [`Self::tend`] would put in place.
    pub fn is_ready(&self) -> bool {
        let mut running = self.running.iter();
        running.any(|running| running.thread.is_finished())
    }

    /// Whether a merge is under way.
    pub fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// Whether a large merge is under way, whose sources go once it has ended.
    pub fn is_busy_with_many(&self) -> bool {
        let mut counts = (self.running.iter()).map(|running| live_count(&running.sources));
        counts.any(|count| count > self.shape.large_min)
    }

    /// Starts to merge what no size demands: for when the writer is at rest. Yields whether there
    /// was something to merge.
    pub fn gather(&mut self, layers: &mut Vec<Layer>, owners: &Owners) -> bool {
        if self.is_busy() {
            return false;
        }
        let mut by_size: Vec<&Layer> = layers.iter().collect();
        by_size.sort_by_key(|layer| layer.live_count());
        let mut bytes = 0;
        by_size.retain(|layer| {
            bytes += layer.segment.arena_bytes();
            bytes <= ARENA_MAX_BYTES
        });
        let all_count = live_count(layers);
        if let Some((largest, others)) = by_size.split_last()
            && largest.live_count() * REST_SHARE > all_count * (REST_SHARE - 1)
        {
            by_size = others.to_vec();
        }
        let is_worth = by_size.len() > 1;
        if is_worth {
            let sources = by_size.into_iter().cloned().collect();
            self.start(layers, sources, owners);
        }
        is_worth
    }

    /// Puts merges in place that have ended, and starts those that are due.
    pub fn tend(&mut self, layers: &mut Vec<Layer>, owners: &Owners) {
        layers.retain(|layer| layer.live_count() > 0);
        let is_done = |running: &mut Running| running.thread.is_finished();
        let done: Vec<Running> = self.running.extract_if(.., is_done).collect();
        for running in done {
            running.finish(layers, owners);
        }
        while let Some(sources) = self.due(layers) {
            if live_count(&sources) <= self.shape.inline_max {
                let merged = merge(&sources);
                install(layers, &sources, merged, owners);
            } else {
                self.start(layers, sources, owners);
            }
        }
        if layers.len() > LAYERS_MAX_COUNT {
            let running = self.running.iter().enumerate();
            let smallest = running.min_by_key(|(_, running)| live_count(&running.sources));
            if let Some(index) = smallest.map(|(index, _)| index) {
                self.running.swap_remove(index).finish(layers, owners);
            }
        }
    }

    /// Waits until no merge is under way or due.
    pub fn settle(&mut self, layers: &mut Vec<Layer>, owners: &Owners) {
        self.tend(layers, owners);
        while let Some(running) = self.running.pop() {
            running.finish(layers, owners);
            self.tend(layers, owners);
        }
    }

    fn start(&mut self, layers: &mut Vec<Layer>, sources: Vec<Layer>, owners: &Owners) {
        let own = sources.clone();
        let builder = thread::Builder::new().name("catalog-merge".to_owned());
        match builder.spawn(move || merge(&own)) {
            Ok(thread) => self.running.push(Running { sources, thread }),
            // No thread to be had: slower, but right.
            Err(_) => install(layers, &sources, merge(&sources), owners),
        }
    }

    /// The layers to merge next, of those that are not being merged: the smallest first.
    fn due(&self, layers: &[Layer]) -> Option<Vec<Layer>> {
        let free = layers.iter().filter(|layer| !self.is_source(layer));
        let mut by_size: Vec<(u32, &Layer)> = free.map(|layer| (self.size(layer), layer)).collect();
        by_size.sort_by_key(|(size, _)| *size);
        for alike in by_size.chunk_by(|(left, _), (right, _)| left == right) {
            let mut sources = Vec::new();
            let mut bytes = 0;
            for (_, layer) in alike {
                bytes += layer.segment.arena_bytes();
                if bytes <= ARENA_MAX_BYTES {
                    sources.push((*layer).clone());
                }
            }
            let is_enough = |(size, _): &(u32, &Layer)| sources.len() >= fan_out(*size);
            if alike.first().is_some_and(is_enough) && self.may_start(&sources) {
                return Some(sources);
            }
        }
        let is_mostly_dead = |layer: &Layer| {
            let count = u64::from(layer.segment.doc_count());
            count > self.shape.smallest && layer.live_count() * 2 < count
        };
        let mut alone = by_size.into_iter().map(|(_, layer)| vec![layer.clone()]);
        alone.find(|sources| is_mostly_dead(&sources[0]) && self.may_start(sources))
    }

    /// Whether no other merge of this kind is under way.
    fn may_start(&self, sources: &[Layer]) -> bool {
        let kind = |sources: &[Layer]| {
            let (count, large_min) = (live_count(sources), self.shape.large_min);
            (count > large_min, count / HUGE_FACTOR > large_min)
        };
        let mut running = self.running.iter();
        live_count(sources) <= self.shape.inline_max
            || !running.any(|running| kind(&running.sources) == kind(sources))
    }

    fn is_source(&self, layer: &Layer) -> bool {
        let sources = self.running.iter().flat_map(|running| &running.sources);
        let mut segments = sources.map(|source| &source.segment);
        segments.any(|segment| Arc::ptr_eq(segment, &layer.segment))
    }

    /// How many sizes there are below that of a layer.
    fn size(&self, layer: &Layer) -> u32 {
        let (mut size, mut largest) = (0, self.shape.smallest);
        while layer.live_count() > largest {
            largest = largest.saturating_mul(fan_out(size) as u64);
            size += 1;
        }
        size
    }
}

/// How many segments of a size become one of the next.
const fn fan_out(size: u32) -> usize {
    if size < SMALL_SIZES {
        SMALL_FAN_OUT
    } else {
        FAN_OUT
    }
}

impl Running {
    /// Waits for the end of the merge and puts it in place.
    fn finish(self, layers: &mut Vec<Layer>, owners: &Owners) {
        // A merge that panicked leaves its sources as they are.
        if let Ok(merged) = self.thread.join() {
            install(layers, &self.sources, merged, owners);
        }
    }
}

fn live_count(layers: &[Layer]) -> u64 {
    layers.iter().map(Layer::live_count).sum()
}

/// Puts `merged` in place of its sources; what died in them since it began is dead in it too.
fn install(layers: &mut Vec<Layer>, sources: &[Layer], merged: Merged, owners: &Owners) {
    let mut layer = Layer::new(merged.segment, owners);
    for (source, moved) in sources.iter().zip(&merged.moved) {
        let place = layers
            .iter()
            .position(|layer| Arc::ptr_eq(&layer.segment, &source.segment));
        // Without a place all of it died and it was let go.
        let now = place.map(|place| layers.swap_remove(place));
        let is_live = |doc: Doc| now.as_ref().is_some_and(|now| now.is_live(doc));
        let moved = (0..).zip(moved).filter(|(_, new)| **new != GONE);
        layer.bury(moved.filter(|(doc, _)| !is_live(*doc)).map(|(_, new)| *new));
    }
    layers.push(layer);
}
