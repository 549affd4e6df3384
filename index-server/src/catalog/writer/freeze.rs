//! From records that wait to a segment: how widely each content is held by now, and which records of
//! other segments must be written anew since that has changed.

use std::sync::Arc;

use compact_str::CompactString;

use super::Catalog;
use crate::catalog::columns::{Prepared, Row, Scan};
use crate::catalog::contents::Content;
use crate::catalog::layer::Layer;
use crate::catalog::lookup::spread;
use crate::catalog::segment::{Doc, Segment};

/// Room for so many is kept from one freeze to the next.
const WAITING_KEPT_COUNT: usize = 4 * 1024;

/// What is to be looked at again of one content.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Touched {
    /// Records of it that wait.
    pub(super) waiting: u32,
    /// Those of them that are complete.
    pub(super) complete: u32,
    /// Its crowd; set when all that waits is frozen.
    crowd: u8,
}

impl Catalog {
    /// Makes a segment of all records that wait, and of those whose content is held more or less
    /// widely than is written in their segment.
    pub(super) fn freeze(&mut self) {
        let mut lifted = self.recount();
        self.catch_up_beside(&mut lifted);
        if !self.waiting.is_empty() || !lifted.is_empty() {
            let (owners, contents, touched) = (&self.owners, &self.contents, &self.touched);
            let mut prepared: Vec<Prepared> = Vec::with_capacity(self.waiting.len());
            prepared.extend(self.waiting.drain().filter_map(|(_, entry)| {
                let owner = owners.index_of(&entry.owner)?;
                let content = spread(entry.hash.as_bytes());
                let crowd = touched.get(&content)?.crowd;
                let content = contents.get(content)?.number;
                Some(Prepared::new(entry, owner, content, crowd))
            }));
            let mut rows: Vec<Row<'_>> = Vec::with_capacity(prepared.len() + lifted.len());
            rows.extend(prepared.iter().flat_map(Prepared::rows));
            rows.extend(lifted.iter().map(Lifted::row));
            self.layers
                .push(Layer::new(Segment::new(&rows), &self.owners));
        }
        self.waiting.shrink_to(WAITING_KEPT_COUNT);
        self.touched.clear();
        self.touched.shrink_to(WAITING_KEPT_COUNT);
        self.compactor.tend(&mut self.layers, &self.owners);
    }

    /// Finds the crowd of every content that is touched; takes records out of their segments that
    /// have another one written there. Where many are touched, those stay for now that say of no
    /// document that it is alone.
    fn recount(&mut self) -> Vec<Lifted> {
        let mut lifted = Vec::new();
        let may_lag = self.lagging.may_grow(self.touched.len());
        let mut touched = std::mem::take(&mut self.touched);
        for (content, touched) in &mut touched {
            let Some(known) = self.contents.get(*content) else {
                continue;
            };
            touched.crowd = self.crowd_of(*content, known, *touched);
            let told = known.told_crowd();
            if known.record_count() != touched.waiting && told != Some(touched.crowd) {
                if may_lag && known.is_lagging() {
                    continue;
                }
                if may_lag && told.is_some_and(|told| told > 0) {
                    self.contents.lag(*content);
                    self.lagging.push(*content);
                    continue;
                }
                self.lift_others(*content, known.number, touched.crowd, &mut lifted);
            }
            self.contents.tell(*content, touched.crowd);
        }
        self.touched = touched;
        lifted
    }

    /// Complete records of a content that do not wait.
    pub(super) fn frozen_count(&self, content: u64, number: Content) -> u32 {
        let layers = self.layers.iter();
        let counts = layers.map(|layer| complete_holders(layer, content, number).count());
        u32::try_from(counts.sum::<usize>()).unwrap_or(u32::MAX)
    }

    /// Takes the complete records of a content that have another crowd out of their segments.
    pub(super) fn lift_others(
        &mut self,
        content: u64,
        number: Content,
        crowd: u8,
        lifted: &mut Vec<Lifted>,
    ) {
        for layer in &mut self.layers {
            let docs = complete_holders(layer, content, number);
            let others: Vec<Doc> = docs
                .filter(|&doc| layer.segment.scan(doc).crowd != crowd)
                .collect();
            for doc in others {
                let id = layer.segment.detail(doc).id;
                let names: Vec<Doc> = layer.docs_of_id(&id, spread(id.as_bytes())).collect();
                lifted.extend(names.iter().map(|doc| Lifted {
                    segment: Arc::clone(&layer.segment),
                    doc: *doc,
                    path: layer.segment.path(*doc).to_text(),
                    crowd,
                }));
                layer.bury(names);
            }
        }
    }
}

/// A document on its way from one segment to the next, where nothing but its crowd is new.
pub(super) struct Lifted {
    segment: Arc<Segment>,
    doc: Doc,
    path: CompactString,
    crowd: u8,
}

impl Lifted {
    fn row(&self) -> Row<'_> {
        let row = self.segment.row(self.doc);
        Row {
            scan: Scan {
                crowd: self.crowd,
                ..row.scan
            },
            whole_path: &self.path,
            ..row
        }
    }
}

/// The documents of a layer that stand for complete records of a content.
fn complete_holders(
    layer: &Layer,
    content: u64,
    number: Content,
) -> impl Iterator<Item = Doc> + '_ {
    let holders = layer.holders_of(number, content);
    let docs = holders
        .filter(|holder| holder.is_last())
        .map(|holder| holder.doc);
    docs.filter(|&doc| !layer.segment.scan(doc).is_partial)
}
