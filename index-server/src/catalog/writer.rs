//! The writer's side: records that changed wait in memory until the next view freezes them into a
//! segment; segments are merged so that few are left.
//!
//! A change of anything in a record takes it out of its segment and puts it anew among those that
//! wait, so segments never change.

mod freeze;
mod lagging;
mod naming;

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use protocol::ids::{FileId, PeerId};
use rustc_hash::FxHashMap;

use super::compact::Compactor;
use super::contents::Contents;
use super::layer::{self, Layer, Spot};
use super::lookup::spread;
use super::membership::Membership;
use super::owners::{OwnerIndex, Owners};
use super::remembered::Remembered;
use super::segment::Doc;
use super::view::CatalogView;
use super::{FileEntry, OwnerFacts, OwnerTotals};
use freeze::Touched;
pub(super) use lagging::Lagging;

/// So many waiting records are frozen without waiting for a view.
const WAITING_MAX_COUNT: usize = 32 * 1024;

/// The writer's side: owned by the world, changed only by applied records.
#[derive(Debug, Default)]
pub struct Catalog {
    pub(super) layers: Vec<Layer>,
    waiting: HashMap<FileId, FileEntry>,
    /// Contents of records that wait, and those whose number of holders may have changed since the
    /// last freeze, by the spread of their hash.
    touched: FxHashMap<u64, Touched>,
    pub(super) contents: Contents,
    pub(super) lagging: Lagging,
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
        if self.ids.may_hold(spread(entry.id.as_bytes())) {
            self.remove(&entry.id);
        }
        self.insert(entry);
    }

    /// Puts in a record that is not there.
    fn insert(&mut self, entry: FileEntry) {
        if entry.names.is_empty() {
            return;
        }
        self.current = None;
        self.change_count += 1;
        self.ids.insert(spread(entry.id.as_bytes()));
        let content = spread(entry.hash.as_bytes());
        self.contents.add(content, entry.is_partial);
        let owner = self.number(entry.owner);
        self.count(owner, &entry, Sign::Plus);
        self.wait(content, entry);
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
        let content = spread(entry.hash.as_bytes());
        self.touched.entry(content).or_default();
        self.ids.remove(spread(id.as_bytes()));
        self.contents.take(content);
        Some(entry)
    }

    /// The record as it stands.
    pub fn get(&self, id: &FileId) -> Option<FileEntry> {
        if !self.ids.may_hold(spread(id.as_bytes())) {
            return None;
        }
        if let Some(entry) = self.waiting.get(id) {
            return Some(entry.clone());
        }
        let spot = layer::find(&self.layers, id)?;
        self.layers[spot.layer].entry(spot.doc, &self.owners)
    }

    /// Sets the redirect count of a record.
    pub fn set_downloads(&mut self, id: &FileId, downloads: u64) {
        if let Some(mut entry) = self.take(id) {
            entry.downloads = downloads;
            self.wait(spread(entry.hash.as_bytes()), entry);
        }
    }

    /// Sets the votes of a record.
    pub fn set_rating(&mut self, id: &FileId, sum: u64, votes: u64) {
        if let Some(mut entry) = self.take(id) {
            entry.rating_sum = sum;
            entry.rating_votes = votes;
            self.wait(spread(entry.hash.as_bytes()), entry);
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

    /// Every record of `owner`, in no particular order.
    pub fn entries_of(&self, owner: &PeerId) -> Vec<FileEntry> {
        let waiting = self.waiting.values();
        let mut entries: Vec<FileEntry> = waiting
            .filter(|entry| entry.owner == *owner)
            .cloned()
            .collect();
        if let Some(index) = self.owners.index_of(owner) {
            let layers = self.layers.iter();
            entries.extend(layers.flat_map(|layer| layer.entries_of(index, &self.owners)));
        }
        entries
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
            remembered: Remembered::default(),
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

    /// Whether many records are being merged: most of the segments that there are will soon be gone.
    pub fn is_merging_many(&self) -> bool {
        self.compactor.is_busy_with_many()
    }

    /// Begins to merge even what no rule of sizes demands, so that searches visit few segments; for
    /// when little is written. Yields whether there is anything to merge.
    pub fn gather(&mut self) -> bool {
        self.compactor.gather(&mut self.layers, &self.owners)
    }

    /// Waits until all merging that is due is done, and all that was put off: after a replay, and
    /// before a measurement.
    pub fn settle(&mut self) {
        self.freeze();
        while self.is_lagging() {
            self.catch_up();
            self.freeze();
        }
        self.compactor.settle(&mut self.layers, &self.owners);
        self.current = None;
    }

    /// A catalog whose segments are merged at other sizes than the usual ones, and that puts off what
    /// can wait with more than so many contents.
    #[cfg(test)]
    pub(super) fn with_shape(shape: super::compact::Shape, many_count: usize) -> Self {
        Self {
            compactor: Compactor::with_shape(shape),
            lagging: Lagging::beyond(many_count),
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
            let content = spread(entry.hash.as_bytes());
            if let Some(touched) = self.touched.get_mut(&content) {
                touched.waiting -= 1;
                touched.complete -= u32::from(!entry.is_partial);
            }
            self.current = None;
            return Some(entry);
        }
        let spot = self.find(id)?;
        self.current = None;
        self.lift(spot)
    }

    /// Takes a record out of its segment.
    fn lift(&mut self, spot: Spot) -> Option<FileEntry> {
        let layer = &mut self.layers[spot.layer];
        let entry = layer.entry(spot.doc, &self.owners)?;
        let spread = spread(entry.id.as_bytes());
        let docs: Vec<Doc> = layer.docs_of_id(&entry.id, spread).collect();
        layer.bury(docs);
        Some(entry)
    }

    /// Where a record stands that does not wait.
    fn find(&self, id: &FileId) -> Option<Spot> {
        let is_there = self.ids.may_hold(spread(id.as_bytes()));
        is_there.then(|| layer::find(&self.layers, id)).flatten()
    }

    /// `content` is the spread of its hash.
    fn wait(&mut self, content: u64, entry: FileEntry) {
        let touched = self.touched.entry(content).or_default();
        touched.waiting += 1;
        touched.complete += u32::from(!entry.is_partial);
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
