//! The writer's side: records that changed wait in memory until the next view freezes them into a
//! segment; segments are merged so that few are left.
//!
//! A change of anything in a record takes it out of its segment and puts it anew among those that
//! wait, so segments never change.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};

use super::columns::Prepared;
use super::compact::Compactor;
use super::contents::Contents;
use super::layer::{self, Layer, Spot};
use super::lookup::spread;
use super::membership::Membership;
use super::owners::{OwnerIndex, Owners};
use super::rank::crowd;
use super::segment::{Doc, Segment};
use super::view::CatalogView;
use super::{FileEntry, OwnerFacts, OwnerTotals};

/// So many waiting records are frozen without waiting for a view.
const WAITING_MAX_COUNT: usize = 32 * 1024;

/// The writer's side: owned by the world, changed only by applied records.
#[derive(Debug, Default)]
pub struct Catalog {
    pub(super) layers: Vec<Layer>,
    waiting: HashMap<FileId, FileEntry>,
    /// Records that wait, by content.
    waiting_by_hash: HashMap<ContentHash, Vec<FileId>>,
    /// Contents whose number of holders may have changed since the last freeze.
    touched: HashSet<ContentHash>,
    pub(super) contents: Contents,
    /// The ids of all records.
    pub(super) ids: Membership,
    compactor: Compactor,
    pub(super) owners: Owners,
    pub(super) totals: Vec<OwnerTotals>,
    pub(super) file_count: u64,
    pub(super) byte_count: u64,
    /// Records put in or taken out, ever.
    change_count: u64,
    /// The last view, while nothing has changed since.
    current: Option<Arc<CatalogView>>,
}

impl Catalog {
    /// Puts an owner in, or changes what is known of it; its records follow at once.
    pub fn put_owner(&mut self, owner: PeerId, facts: OwnerFacts) {
        self.current = None;
        let was_online = (self.owners.index_of(&owner)).map(|index| self.owners.is_online(index));
        let is_online = facts.is_online;
        let index = self.owners.put(owner, facts);
        if was_online.is_some_and(|was_online| was_online != is_online) {
            for layer in &mut self.layers {
                layer.set_online(index, is_online);
            }
        }
        self.totals
            .resize(self.owners.slot_count(), OwnerTotals::default());
    }

    /// Takes an owner out with all its records; hands each that went to `gone`.
    pub fn drop_owner(&mut self, owner: &PeerId, gone: &mut dyn FnMut(FileEntry)) {
        let Some(index) = self.owners.index_of(owner) else {
            return;
        };
        let mut ids: Vec<FileId> = (self.waiting.values())
            .filter(|entry| entry.owner == *owner)
            .map(|entry| entry.id)
            .collect();
        for layer in &self.layers {
            let docs = layer.docs_of_owner(index);
            let last_names = docs.filter(|&doc| layer.segment.scan(doc).place.is_last());
            ids.extend(last_names.map(|doc| layer.segment.detail(doc).id));
        }
        for id in &ids {
            self.remove(id).into_iter().for_each(&mut *gone);
        }
        self.current = None;
        self.owners.free(owner);
    }

    /// Puts a record in, in place of one with the same id. A record without a name is not kept.
    pub fn put(&mut self, entry: FileEntry) {
        self.remove(&entry.id);
        if entry.names.is_empty() {
            return;
        }
        self.current = None;
        self.change_count += 1;
        self.ids.insert(spread(entry.id.as_bytes()));
        self.contents.add(spread(entry.hash.as_bytes()));
        let owner = self.number(entry.owner);
        self.count(owner, &entry, Sign::Plus);
        self.touched.insert(entry.hash);
        self.wait(entry);
        if self.waiting.len() >= WAITING_MAX_COUNT {
            self.freeze();
        }
    }

    /// Takes a record out; yields it.
    pub fn remove(&mut self, id: &FileId) -> Option<FileEntry> {
        let entry = self.take(id)?;
        self.change_count += 1;
        let owner = self.number(entry.owner);
        self.count(owner, &entry, Sign::Minus);
        self.touched.insert(entry.hash);
        self.ids.remove(spread(id.as_bytes()));
        self.contents.take(spread(entry.hash.as_bytes()));
        Some(entry)
    }

    /// The record as it stands.
    pub fn get(&self, id: &FileId) -> Option<FileEntry> {
        if let Some(entry) = self.waiting.get(id) {
            return Some(entry.clone());
        }
        let spot = self.find(id)?;
        self.layers[spot.layer].entry(spot.doc, &self.owners)
    }

    /// A record of `owner` that goes by `path`. Records that wait are looked at one by one: behind a
    /// view none do.
    pub fn find_name(&self, owner: &PeerId, path: &str) -> Option<FileId> {
        let has_name = |entry: &&FileEntry| {
            entry.owner == *owner && entry.names.iter().any(|name| name.path == path)
        };
        if let Some(entry) = self.waiting.values().find(has_name) {
            return Some(entry.id);
        }
        let index = self.owners.index_of(owner)?;
        let mut layers = self.layers.iter();
        layers.find_map(|layer| layer.find_name(index, path))
    }

    /// Sets the redirect count of a record.
    pub fn set_downloads(&mut self, id: &FileId, downloads: u64) {
        if let Some(mut entry) = self.take(id) {
            entry.downloads = downloads;
            self.wait(entry);
        }
    }

    /// Sets the votes of a record.
    pub fn set_rating(&mut self, id: &FileId, sum: u64, votes: u64) {
        if let Some(mut entry) = self.take(id) {
            entry.rating_sum = sum;
            entry.rating_votes = votes;
            self.wait(entry);
        }
    }

    /// Sums over an owner's complete records; kept, not counted anew.
    pub fn totals(&self, owner: &PeerId) -> OwnerTotals {
        let index = self.owners.index_of(owner);
        let totals = index.and_then(|index| self.totals.get(index as usize));
        totals.copied().unwrap_or_default()
    }

    /// Every record, for a snapshot, in no particular order.
    pub fn entries(&self) -> Box<dyn Iterator<Item = FileEntry> + '_> {
        let frozen = self.layers.iter().flat_map(|layer| {
            let docs = 0..layer.segment.doc_count();
            docs.filter(|&doc| layer.segment.scan(doc).place.is_last() && layer.is_live(doc))
                .filter_map(|doc| layer.entry(doc, &self.owners))
        });
        Box::new(frozen.chain(self.waiting.values().cloned()))
    }

    /// What readers see from now on; cheap after a small change.
    pub fn view(&mut self) -> Arc<CatalogView> {
        if let Some(view) = &self.current
            && !self.compactor.is_ready()
        {
            return Arc::clone(view);
        }
        self.freeze();
        let view = Arc::new(CatalogView {
            layers: self.layers.clone(),
            owners: self.owners.clone(),
            content_bound: self.contents.bound(),
            file_count: self.file_count,
            byte_count: self.byte_count,
        });
        self.current = Some(Arc::clone(&view));
        view
    }

    /// Bytes held for records, by part; about. Those that wait for the next view aside.
    pub fn memory(&mut self) -> BTreeMap<&'static str, usize> {
        let mut parts = self.view().memory();
        parts.insert("contents", self.contents.bytes());
        parts.insert("ids", self.ids.bytes());
        parts
    }

    /// How many records were put in or taken out, ever.
    pub fn change_count(&self) -> u64 {
        self.change_count
    }

    /// Whether segments are being merged; once that has ended, the next view has fewer.
    pub fn is_merging(&self) -> bool {
        self.compactor.is_busy()
    }

    /// Begins to merge even what no rule of sizes demands, so that searches visit few segments; for
    /// when little is written. Yields whether there is anything to merge.
    pub fn gather(&mut self) -> bool {
        self.compactor.gather(&mut self.layers, &self.owners)
    }

    /// Waits until all merging that is due is done: after a replay, and before a measurement.
    pub fn settle(&mut self) {
        self.freeze();
        self.compactor.settle(&mut self.layers, &self.owners);
        self.current = None;
    }

    /// A catalog whose segments are merged at other sizes than the usual ones.
    #[cfg(test)]
    pub(super) fn with_shape(shape: super::compact::Shape) -> Self {
        Self {
            compactor: Compactor::with_shape(shape),
            ..Self::default()
        }
    }

    pub(super) fn number(&mut self, owner: PeerId) -> OwnerIndex {
        let index = self.owners.number(owner);
        self.totals
            .resize(self.owners.slot_count(), OwnerTotals::default());
        index
    }

    /// Takes a record from where it is, its sums untouched.
    fn take(&mut self, id: &FileId) -> Option<FileEntry> {
        if let Some(entry) = self.waiting.remove(id) {
            if let Some(ids) = self.waiting_by_hash.get_mut(&entry.hash) {
                ids.retain(|waiting| waiting != id);
            }
            self.current = None;
            return Some(entry);
        }
        let spot = self.find(id)?;
        let layer = &mut self.layers[spot.layer];
        let entry = layer.entry(spot.doc, &self.owners)?;
        let docs: Vec<Doc> = layer.docs_of_id(id).collect();
        layer.bury(docs);
        self.current = None;
        Some(entry)
    }

    /// Where a record stands that does not wait.
    fn find(&self, id: &FileId) -> Option<Spot> {
        let is_there = self.ids.may_hold(spread(id.as_bytes()));
        is_there.then(|| layer::find(&self.layers, id)).flatten()
    }

    fn wait(&mut self, entry: FileEntry) {
        let ids = self.waiting_by_hash.entry(entry.hash).or_default();
        ids.push(entry.id);
        self.waiting.insert(entry.id, entry);
    }

    /// Keeps the sums.
    pub(super) fn count(&mut self, owner: OwnerIndex, entry: &FileEntry, sign: Sign) {
        if entry.is_partial {
            return;
        }
        let totals = &mut self.totals[owner as usize];
        for name in &entry.names {
            totals.digest.toggle(&name.path, &entry.hash);
        }
        sign.apply(&mut totals.files, 1);
        sign.apply(&mut totals.bytes, entry.size_bytes);
        sign.apply(&mut self.file_count, 1);
        sign.apply(&mut self.byte_count, entry.size_bytes);
    }

    /// Makes a segment of all records that wait, and of those whose content is held more or less
    /// widely than is written in their segment.
    fn freeze(&mut self) {
        let crowds = self.recount();
        if !self.waiting.is_empty() {
            let (owners, contents) = (&self.owners, &self.contents);
            let prepared: Vec<Prepared> = std::mem::take(&mut self.waiting)
                .into_values()
                .filter_map(|entry| {
                    let owner = owners.index_of(&entry.owner)?;
                    let crowd = crowds.get(&entry.hash).copied().unwrap_or_default();
                    let content = contents.get(spread(entry.hash.as_bytes()))?.number;
                    Some(Prepared::new(entry, owner, content, crowd))
                })
                .collect();
            let rows: Vec<_> = prepared.iter().flat_map(Prepared::rows).collect();
            self.layers
                .push(Layer::new(Segment::new(&rows), &self.owners));
        }
        self.waiting_by_hash.clear();
        self.compactor.tend(&mut self.layers, &self.owners);
    }

    /// The crowd of every content that is touched or waits; takes records out of their segments
    /// that have another one written there.
    fn recount(&mut self) -> HashMap<ContentHash, u8> {
        let mut hashes = std::mem::take(&mut self.touched);
        hashes.extend(self.waiting_by_hash.keys());
        let mut crowds = HashMap::with_capacity(hashes.len());
        for hash in hashes {
            let waiting = self.waiting_by_hash.get(&hash);
            let waiting_count = waiting.into_iter().flatten().filter(|id| {
                let entry = self.waiting.get(*id);
                entry.is_some_and(|entry| !entry.is_partial)
            });
            let mut holder_count = waiting_count.count();
            let waiting_count = waiting.map_or(0, Vec::len);
            let known = self.contents.get(spread(hash.as_bytes()));
            if known.is_some_and(|known| known.record_count as usize == waiting_count) {
                crowds.insert(hash, crowd(holder_count));
                continue;
            }
            let mut frozen = Vec::new();
            for (spot, scan) in layer::holders(&self.layers, &hash) {
                if !scan.is_partial {
                    holder_count += 1;
                    frozen.push((spot, scan.crowd));
                }
            }
            let crowd = crowd(holder_count);
            frozen.retain(|(_, stored)| *stored != crowd);
            for (spot, _) in frozen {
                let id = self.layers[spot.layer].segment.detail(spot.doc).id;
                if let Some(entry) = self.take(&id) {
                    self.waiting.insert(id, entry);
                }
            }
            crowds.insert(hash, crowd);
        }
        crowds
    }
}

/// Whether sums grow or shrink.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sign {
    Plus,
    Minus,
}

impl Sign {
    fn apply(self, sum: &mut u64, amount: u64) {
        *sum = match self {
            Self::Plus => sum.saturating_add(amount),
            Self::Minus => sum.saturating_sub(amount),
        };
    }
}
