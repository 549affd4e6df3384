//! Keeps segments few: when enough of one size have gathered they become one of the next size, small
//! ones at once, large ones on a thread of their own while the writer goes on.
//!
//! Every record is merged once for each power of [`FAN_OUT`] of all records, and a search visits at
//! most a few segments of each size.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::layer::Layer;
use super::postings::GONE;
use super::segment::{Merged, merge};

/// So many segments of one size are merged into one.
const FAN_OUT: usize = 4;
/// With more segments than this the writer waits for the merge that is under way.
const LAYERS_MAX_COUNT: usize = 40;
/// Bytes of one column of a segment: half of what its 32-bit positions reach.
const ARENA_MAX_BYTES: usize = 1 << 31;

/// Documents at which sizes and ways of merging change.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Largest segment of the smallest size.
    pub smallest_count: u64,
    /// Merges of at most so many documents are done at once (about a microsecond each).
    pub inline_max_count: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            smallest_count: 1_024,
            inline_max_count: 4_096,
        }
    }
}

/// The merging of one catalog's layers.
#[derive(Debug, Default)]
pub struct Compactor {
    shape: Shape,
    running: Option<Running>,
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
            running: None,
        }
    }

    /// Whether a merge has ended that [`Self::tend`] would put in place.
    pub fn is_ready(&self) -> bool {
        (self.running.as_ref()).is_some_and(|running| running.thread.is_finished())
    }

    /// Puts a merge in place that has ended, and starts those that are due.
    pub fn tend(&mut self, layers: &mut Vec<Layer>) {
        layers.retain(|layer| layer.live_count() > 0);
        if self.is_ready() {
            self.finish(layers);
        }
        while let Some(sources) = self.due(layers) {
            let count: u64 = sources.iter().map(Layer::live_count).sum();
            if count <= self.shape.inline_max_count {
                let merged = merge(&sources);
                install(layers, &sources, merged);
                continue;
            }
            if self.running.is_some() {
                if layers.len() <= LAYERS_MAX_COUNT {
                    break;
                }
                self.finish(layers);
            } else {
                self.start(layers, sources);
            }
        }
    }

    /// Waits until no merge is under way or due.
    pub fn settle(&mut self, layers: &mut Vec<Layer>) {
        self.tend(layers);
        while self.running.is_some() {
            self.finish(layers);
            self.tend(layers);
        }
    }

    fn start(&mut self, layers: &mut Vec<Layer>, sources: Vec<Layer>) {
        let own = sources.clone();
        let builder = thread::Builder::new().name("catalog-merge".to_owned());
        match builder.spawn(move || merge(&own)) {
            Ok(thread) => self.running = Some(Running { sources, thread }),
            // No thread to be had: slower, but right.
            Err(_) => install(layers, &sources, merge(&sources)),
        }
    }

    fn finish(&mut self, layers: &mut Vec<Layer>) {
        let Some(running) = self.running.take() else {
            return;
        };
        // A merge that panicked leaves its sources as they are.
        if let Ok(merged) = running.thread.join() {
            install(layers, &running.sources, merged);
        }
    }

    /// The layers to merge next, of those that are not being merged: the smallest first.
    fn due(&self, layers: &[Layer]) -> Option<Vec<Layer>> {
        let free = layers.iter().filter(|layer| !self.is_running(layer));
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
            if sources.len() >= FAN_OUT {
                return Some(sources);
            }
        }
        let is_mostly_dead = |layer: &Layer| {
            let count = u64::from(layer.segment.doc_count());
            count > self.shape.smallest_count && layer.live_count() * 2 < count
        };
        let mut all = by_size.into_iter().map(|(_, layer)| layer);
        let layer = all.find(|layer| is_mostly_dead(layer))?;
        Some(vec![layer.clone()])
    }

    fn is_running(&self, layer: &Layer) -> bool {
        let sources = self.running.iter().flat_map(|running| &running.sources);
        let mut segments = sources.map(|source| &source.segment);
        segments.any(|segment| Arc::ptr_eq(segment, &layer.segment))
    }

    /// Powers of [`FAN_OUT`] over the smallest size.
    fn size(&self, layer: &Layer) -> u32 {
        let ratio = layer.live_count().div_ceil(self.shape.smallest_count);
        // 1 is the smallest; 2 to FAN_OUT the next.
        ratio
            .max(1)
            .saturating_sub(1)
            .checked_ilog(FAN_OUT as u64)
            .map_or(0, |log| log + 1)
    }
}

/// Puts `merged` in place of its sources; what died in them since it began is dead in it too.
fn install(layers: &mut Vec<Layer>, sources: &[Layer], merged: Merged) {
    let mut layer = Layer::new(merged.segment);
    for (source, moved) in sources.iter().zip(&merged.moved) {
        let place = layers
            .iter()
            .position(|layer| Arc::ptr_eq(&layer.segment, &source.segment));
        let new_places = |docs: roaring::RoaringBitmap| {
            let docs = docs.into_iter().map(|doc| moved[doc as usize]);
            docs.filter(|doc| *doc != GONE).collect::<Vec<_>>()
        };
        match place {
            Some(place) => {
                let now = layers.swap_remove(place);
                layer.bury(new_places(&*now.dead - &*source.dead));
            }
            // All of it died and it was let go.
            None => layer.bury(moved.iter().copied().filter(|doc| *doc != GONE)),
        }
    }
    layers.push(layer);
}
