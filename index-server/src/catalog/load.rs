//! A whole catalog at once, for a start: all holders of a content are known before anything is
//! built, so nothing is written twice, and large segments are built side by side.

use std::panic::resume_unwind;
use std::thread;

use protocol::ids::PeerId;
use rustc_hash::FxHashMap;

use super::columns::Prepared;
use super::contents::Contents;
use super::layer::Layer;
use super::lookup::spread;
use super::membership::Membership;
use super::owners::Owners;
use super::rank::crowd;
use super::segment::Segment;
use super::writer::{Catalog, Sign};
use super::{FileEntry, OwnerFacts};

/// Records of a segment: few segments to search, and work for each core from half of it on.
const SEGMENT_MAX_COUNT: usize = 256 * 1024;
/// Fewer records are not worth a thread.
const SEGMENT_MIN_COUNT: usize = 16 * 1024;

/// Complete holders by the spread of a content.
type Holders = FxHashMap<u64, u32>;

impl Catalog {
    /// A catalog of these owners and records, no two records with the same id. What has no name is
    /// not kept.
    pub fn of(
        owners: impl Iterator<Item = (PeerId, OwnerFacts)>,
        entries: impl Iterator<Item = FileEntry>,
    ) -> Self {
        let mut catalog = Self::default();
        for (id, facts) in owners {
            catalog.put_owner(id, facts);
        }
        let mut holders = Holders::default();
        let mut kept = Vec::new();
        for entry in entries.filter(|entry| !entry.names.is_empty()) {
            let owner = catalog.number(entry.owner);
            catalog.count(owner, &entry, Sign::Plus);
            let content = spread(entry.hash.as_bytes());
            catalog.contents.add(content, entry.is_partial);
            if !entry.is_partial {
                *holders.entry(content).or_default() += 1;
            }
            kept.push(entry);
        }
        catalog.ids = Membership::with_capacity(kept.len());
        for entry in &kept {
            catalog.ids.insert(spread(entry.id.as_bytes()));
        }
        catalog.layers = layers(kept, &catalog.contents, &holders, &catalog.owners);
        catalog
    }
}

/// The records as segments, a thread for each while there are cores.
fn layers(
    mut entries: Vec<FileEntry>,
    contents: &Contents,
    holders: &Holders,
    owners: &Owners,
) -> Vec<Layer> {
    let core_count = thread::available_parallelism().map_or(1, usize::from);
    let share = entries.len().div_ceil(core_count);
    let segment_count = share.clamp(SEGMENT_MIN_COUNT, SEGMENT_MAX_COUNT);
    let mut layers = Vec::new();
    while !entries.is_empty() {
        let portions: Vec<Vec<FileEntry>> = (0..core_count)
            .map(|_| entries.split_off(entries.len().saturating_sub(segment_count)))
            .filter(|portion| !portion.is_empty())
            .collect();
        // Records go as they become segments, so that both are never in memory whole.
        entries.shrink_to_fit();
        thread::scope(|threads| {
            let building: Vec<_> = portions
                .into_iter()
                .map(|portion| threads.spawn(move || layer(portion, contents, holders, owners)))
                .collect();
            for built in building {
                layers.push(built.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
        });
    }
    layers
}

fn layer(
    entries: Vec<FileEntry>,
    contents: &Contents,
    holders: &Holders,
    owners: &Owners,
) -> Layer {
    let prepared: Vec<Prepared> = entries
        .into_iter()
        .filter_map(|entry| {
            let owner = owners.index_of(&entry.owner)?;
            let spread = spread(entry.hash.as_bytes());
            let content = contents.get(spread)?.number;
            let holder_count = holders.get(&spread);
            let crowd = crowd(holder_count.map_or(0, |count| *count as usize));
            Some(Prepared::new(entry, owner, content, crowd))
        })
        .collect();
    let rows: Vec<_> = prepared.iter().flat_map(Prepared::rows).collect();
    Layer::new(Segment::new(&rows), owners)
}
