//! The readers' side: one state of the catalog, for ever.

use std::collections::BTreeMap;

use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::query::Query;
use protocol::search::SearchParams;

use super::budget::{Budget, SEARCH_MAX_STEPS};
use super::contents::Content;
use super::layer::{self, Layer, Spot};
use super::listing;
use super::owners::Owners;
use super::remembered::Remembered;
use super::search::{self, Effort, Shown};
use super::segment::Doc;
use super::{CursorError, FileEntry, Hit, OwnerPage, SearchPage};

/// The readers' side: one state of the catalog, for ever.
#[derive(Debug, Default)]
pub struct CatalogView {
    pub(super) layers: Vec<Layer>,
    pub(super) owners: Owners,
    /// Numbers of contents are below this one.
    pub(super) content_bound: Content,
    pub(super) file_count: u64,
    pub(super) byte_count: u64,
    pub(super) remembered: Remembered,
}

impl CatalogView {
    /// The page that `params` asks for; `query` is `params.q` parsed.
    ///
    /// # Errors
    /// [`CursorError`] for a cursor of another search.
    pub fn search(
        &self,
        query: &Query,
        params: &SearchParams,
    ) -> Result<SearchPage<'_>, CursorError> {
        let budget = Budget::new(SEARCH_MAX_STEPS);
        let after = match search::cursor(params)? {
            None => None,
            Some(cursor) if cursor.corrected.is_none() => Some(cursor.position),
            Some(_) => return Err(CursorError),
        };
        let found = search::find(self, query, params, after, Effort::usual(&budget));
        Ok(found.page(self, params, None, budget.spent()))
    }

    /// What is shown of rows.
    pub(super) fn hits(&self, rows: &[Shown]) -> Vec<Hit<'_>> {
        for (number, layer) in self.layers.iter().enumerate() {
            let here = rows.iter().map(|row| row.spot());
            let here = here.filter(|spot| spot.layer == number);
            let docs: Vec<Doc> = here.map(|spot| spot.doc).collect();
            layer.segment.warm_rows(&docs);
        }
        let hit = |row: &Shown| {
            let Spot { layer, doc } = row.spot();
            Hit::of(&self.layers[layer], doc, &self.owners, row.sources())
        };
        rows.iter().filter_map(hit).collect()
    }

    /// One record.
    pub fn file(&self, id: &FileId) -> Option<FileEntry> {
        let spot = layer::find(&self.layers, id)?;
        self.layers[spot.layer].entry(spot.doc, &self.owners)
    }

    /// Every record of an owner, each once, in no order.
    pub fn entries_of(&self, owner: &PeerId) -> impl Iterator<Item = FileEntry> + '_ {
        let index = self.owners.index_of(owner);
        let layers = index
            .into_iter()
            .flat_map(|index| self.layers.iter().map(move |layer| (index, layer)));
        layers.flat_map(|(index, layer)| layer.entries_of(index, &self.owners))
    }

    /// Every record of a content, partial and offline ones too.
    pub fn holders(&self, hash: &ContentHash) -> Vec<FileEntry> {
        layer::holders(&self.layers, hash)
            .filter_map(|(spot, _)| self.layers[spot.layer].entry(spot.doc, &self.owners))
            .collect()
    }

    /// Online complete holders of a content.
    pub fn sources(&self, hash: &ContentHash) -> u64 {
        layer::holders(&self.layers, hash)
            .filter(|(_, scan)| !scan.is_partial && self.owners.is_online(scan.owner))
            .fold(0, |count, _| count + 1)
    }

    /// One owner's records below `prefix` (a text that paths start with), one row a name, by path.
    ///
    /// # Errors
    /// [`CursorError`] for a cursor of another listing.
    pub fn files_of(
        &self,
        owner: &PeerId,
        prefix: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<OwnerPage, CursorError> {
        listing::page(self, owner, prefix, cursor, limit)
    }

    /// Bytes held for records, by part; about.
    pub fn memory(&self) -> BTreeMap<&'static str, usize> {
        let mut parts = BTreeMap::new();
        for layer in &self.layers {
            for (part, bytes) in layer.segment.memory() {
                *parts.entry(part).or_default() += bytes;
            }
            *parts.entry("live and online").or_default() +=
                layer.live.bytes() + layer.online.bytes();
        }
        parts
    }

    /// Segments that a search visits.
    pub fn segment_count(&self) -> usize {
        self.layers.len()
    }

    /// Complete records of all owners.
    pub fn file_count(&self) -> u64 {
        self.file_count
    }

    /// Their bytes.
    pub fn byte_count(&self) -> u64 {
        self.byte_count
    }
}
