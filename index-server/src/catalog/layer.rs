//! A segment with its dead: the documents that were replaced or removed since it was built.
//!
//! A list of layers is one state of all records; both the writer and the views look things up here.

use std::sync::Arc;

use protocol::hash::ContentHash;
use protocol::ids::FileId;

use super::FileEntry;
use super::columns::Scan;
use super::contents::Content;
use super::docs::{Bits, DocSet};
use super::lookup::spread;
use super::owners::{OwnerIndex, Owners};
use super::segment::{Doc, Holder, Segment};

/// A segment and which of its documents no longer count.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// Documents.
    pub segment: Arc<Segment>,
    /// Those that still count.
    pub live: Arc<Bits>,
    live_count: u64,
    /// Complete documents that count, of owners that are online.
    pub online: Arc<Bits>,
    online_count: u64,
}

/// A document among several layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spot {
    /// Index of the layer.
    pub layer: usize,
    /// Document in its segment.
    pub doc: Doc,
}

impl Layer {
    /// A layer in which everything counts.
    pub fn new(segment: Segment, owners: &Owners) -> Self {
        Self::around(Arc::new(segment), owners)
    }

    /// The same of a segment that is shared already.
    pub fn around(segment: Arc<Segment>, owners: &Owners) -> Self {
        let mut online = Bits::none(segment.complete_count());
        let complete = 0..segment.complete_count();
        let mut online_count = 0;
        for doc in complete.filter(|&doc| owners.is_online(segment.scan(doc).owner)) {
            online.insert(doc);
            online_count += 1;
        }
        Self {
            live: Arc::new(Bits::all(segment.doc_count())),
            live_count: segment.doc_count().into(),
            segment,
            online: Arc::new(online),
            online_count,
        }
    }

    /// Takes note that an owner came or went.
    pub fn set_online(&mut self, owner: OwnerIndex, is_online: bool) {
        let docs = self.segment.docs_of_owner(owner).iter().copied();
        let (segment, live) = (&self.segment, &self.live);
        let is_wanted = |doc: &Doc| *doc < segment.complete_count() && live.contains(*doc);
        let mut complete = docs.filter(is_wanted);
        let Some(first) = complete.next() else {
            return;
        };
        let online = Arc::make_mut(&mut self.online);
        for doc in [first].into_iter().chain(complete) {
            self.online_count -= u64::from(online.contains(doc));
            if is_online {
                online.insert(doc);
                self.online_count += 1;
            } else {
                online.remove(doc);
            }
        }
    }

    /// Whether the document still counts.
    pub fn is_live(&self, doc: Doc) -> bool {
        self.live.contains(doc)
    }

    /// Documents that still count.
    pub fn live_count(&self) -> u64 {
        self.live_count
    }

    /// Those of `set`, which are complete documents, that count; of online owners where only those
    /// are asked for.
    #[must_use]
    pub fn counting<'s>(&self, set: DocSet<'s>, is_online_only: bool) -> DocSet<'s> {
        let (bits, count, all_count) = if is_online_only {
            let all_count = self.segment.complete_count();
            (&self.online, self.online_count, all_count)
        } else {
            (&self.live, self.live_count, self.segment.doc_count())
        };
        if count == u64::from(all_count) {
            set
        } else {
            set.within_bits(bits)
        }
    }

    /// The record that a document belongs to; none once its owner is gone.
    pub fn entry(&self, doc: Doc, owners: &Owners) -> Option<FileEntry> {
        let owner = owners.id_of(self.segment.scan(doc).owner)?;
        Some(self.segment.row(doc).entry(owner))
    }

    /// Takes documents out.
    pub fn bury(&mut self, docs: impl IntoIterator<Item = Doc>) {
        let mut docs = docs.into_iter().peekable();
        if docs.peek().is_none() {
            return;
        }
        let live = Arc::make_mut(&mut self.live);
        let online = Arc::make_mut(&mut self.online);
        for doc in docs {
            self.live_count -= u64::from(live.contains(doc));
            self.online_count -= u64::from(online.contains(doc));
            live.remove(doc);
            online.remove(doc);
        }
    }

    /// Live documents of a record; `spread` is that of its id.
    pub fn docs_of_id<'a>(&'a self, id: &'a FileId, spread: u64) -> impl Iterator<Item = Doc> + 'a {
        let docs = self.segment.docs_of_id(id, spread);
        docs.filter(|&doc| self.is_live(doc))
    }

    /// Live documents of a content, those of unfinished downloads too; `spread` is that of its hash.
    pub fn docs_of_hash<'a>(
        &'a self,
        hash: &'a ContentHash,
        spread: u64,
    ) -> impl Iterator<Item = Doc> + 'a {
        let docs = self.segment.docs_of_hash(hash, spread);
        docs.filter(|&doc| self.is_live(doc))
    }

    /// Live documents of a content by its number, ascending; `spread` is that of its hash.
    pub fn holders_of(&self, content: Content, spread: u64) -> impl Iterator<Item = &Holder> {
        let holders = self.segment.holders_of(content, spread).iter();
        holders.filter(|holder| self.is_live(holder.doc))
    }

    /// Live documents of an owner, by path.
    pub fn docs_of_owner(&self, owner: OwnerIndex) -> impl Iterator<Item = Doc> + '_ {
        let docs = self.segment.docs_of_owner(owner).iter().copied();
        docs.filter(|&doc| self.is_live(doc))
    }

    /// Records of an owner, each once, in no order.
    pub fn entries_of<'l>(
        &'l self,
        owner: OwnerIndex,
        owners: &'l Owners,
    ) -> impl Iterator<Item = FileEntry> + 'l {
        let docs = self.docs_of_owner(owner);
        let last_names = docs.filter(|&doc| self.segment.scan(doc).place.is_last());
        last_names.filter_map(|doc| self.entry(doc, owners))
    }
}

/// One live document of a record, the one of its last name.
pub fn find(layers: &[Layer], id: &FileId) -> Option<Spot> {
    let spread = spread(id.as_bytes());
    layers.iter().enumerate().find_map(|(index, layer)| {
        let mut docs = layer.docs_of_id(id, spread);
        let doc = docs.find(|&doc| layer.segment.scan(doc).place.is_last())?;
        Some(Spot { layer: index, doc })
    })
}

/// Live documents of a content in all layers.
pub fn of_hash<'a>(
    layers: &'a [Layer],
    hash: &'a ContentHash,
) -> impl Iterator<Item = (Spot, &'a Scan)> + 'a {
    let spread = spread(hash.as_bytes());
    layers.iter().enumerate().flat_map(move |(index, layer)| {
        layer.docs_of_hash(hash, spread).map(move |doc| {
            let spot = Spot { layer: index, doc };
            (spot, layer.segment.scan(doc))
        })
    })
}

/// Records of a content in all layers: the documents of their last names.
pub fn holders<'a>(
    layers: &'a [Layer],
    hash: &'a ContentHash,
) -> impl Iterator<Item = (Spot, &'a Scan)> + 'a {
    of_hash(layers, hash).filter(|(_, scan)| scan.place.is_last())
}
