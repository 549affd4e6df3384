//! A segment: documents in columns with all that finds them, never changed once built.
//!
//! Complete documents come first, in the order of relevance without the class; behind them those of
//! unfinished downloads, which no search finds. Knows nothing of which documents were replaced
//! since ([`super::layer`]).

mod build;
mod holders;
mod largest;
mod merge;
mod orders;
mod shared;
mod sweep;
mod warm;

use protocol::category::Category;
use protocol::hash::ContentHash;
use protocol::ids::FileId;
use protocol::search::Sort;
use serde::{Deserialize, Serialize};

pub use holders::Holder;
pub use merge::{Merged, merge};

use super::columns::{Detail, Row, Scan, Tally};
use super::contents::Content;
use super::docs::{Bits, DocSet};
use super::lookup::Lookup;
use super::owners::OwnerIndex;
use super::paths::PathText;
use super::postings::{Posting, Postings};
use super::rank::{self, Match, RowKey, Values};
use super::words::Words;
use holders::Holders;
use largest::Largest;
use orders::Orders;
use shared::Shared;

/// Number of a document in its segment.
pub type Doc = u32;

/// Documents, fixed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Segment {
    #[serde(with = "super::stored::whole")]
    scans: Box<[Scan]>,
    #[serde(with = "super::stored::whole")]
    details: Box<[Detail]>,
    /// Folded file names.
    names: Box<str>,
    /// File names as given, where that is another text.
    given: Box<str>,
    shared: Shared,
    complete_count: Doc,
    #[serde(skip)]
    by_id: Lookup,
    #[serde(skip)]
    holders: Holders,
    /// All documents, by owner, path and id.
    #[serde(with = "super::stored::whole")]
    by_owner: Box<[Doc]>,
    orders: Orders,
    /// Complete documents by the words of their file names.
    name_words: Words,
    /// Complete documents by the words of their folders.
    folder_words: Words,
    /// Complete documents that are certainly the only one of their content.
    #[serde(skip)]
    alone: Bits,
    /// Of the others, one document of each content.
    #[serde(skip)]
    firsts: Bits,
    #[serde(skip)]
    largest: Largest,
    extensions: Postings<str>,
    tags: Postings<str>,
    categories: Postings<Category>,
}

impl Segment {
    /// Documents, dead ones too.
    pub fn doc_count(&self) -> Doc {
        doc_count(self.scans.len())
    }

    /// Documents `0..` so many are complete.
    pub fn complete_count(&self) -> Doc {
        self.complete_count
    }

    /// Bytes of the longest column: what 32-bit positions must reach.
    pub fn arena_bytes(&self) -> usize {
        let names = self.names.len().max(self.given.len());
        names.max(self.shared.arena_bytes())
    }

    /// Columns read by a search.
    pub fn scan(&self, doc: Doc) -> &Scan {
        &self.scans[doc as usize]
    }

    /// Says which content each document is of; the lookups must be made anew after it.
    pub fn number_contents(&mut self, contents: &[Content]) {
        for (scan, content) in self.scans.iter_mut().zip(contents) {
            scan.content = *content;
        }
    }

    /// Columns of a row.
    pub fn detail(&self, doc: Doc) -> &Detail {
        &self.details[doc as usize]
    }

    /// Puts the folded folder and file name into `text`, in place of what is there; yields where the
    /// file name starts.
    pub fn copy_text(&self, doc: Doc, text: &mut Vec<u8>) -> usize {
        text.clear();
        let folder = self.folder(doc);
        if !folder.is_empty() {
            text.extend_from_slice(folder.as_bytes());
            text.push(b'/');
        }
        let name_at = text.len();
        text.extend_from_slice(self.name(doc).as_bytes());
        name_at
    }

    /// Folded file name.
    pub fn name(&self, doc: Doc) -> &str {
        let start = self.scan(doc).name_at as usize;
        let next = self.scans.get(doc as usize + 1);
        let end = next.map_or(self.names.len(), |scan| scan.name_at as usize);
        &self.names[start..end]
    }

    /// Folded folder.
    pub fn folder(&self, doc: Doc) -> &str {
        self.shared.folder(self.scan(doc).folder)
    }

    /// Path as given.
    pub fn path(&self, doc: Doc) -> PathText<'_> {
        let given = match self.given(doc) {
            "" => self.name(doc),
            given => given,
        };
        let scan = self.scan(doc);
        let folder = self.shared.given_folder(scan.folder);
        PathText::new(folder, given, scan.is_named_apart)
    }

    /// File name as given; empty where it is the folded one.
    fn given(&self, doc: Doc) -> &str {
        let start = self.detail(doc).given_at as usize;
        let next = self.details.get(doc as usize + 1);
        let end = next.map_or(self.given.len(), |detail| detail.given_at as usize);
        &self.given[start..end]
    }

    /// Packed rest of its record.
    fn rest(&self, doc: Doc) -> &[u8] {
        self.shared.rest(self.detail(doc).rest_at)
    }

    fn values(&self, doc: Doc) -> Values {
        let (scan, detail) = (self.scan(doc), self.detail(doc));
        values(scan, detail, &self.shared.tally(detail.tally))
    }

    /// The document as it was stored.
    pub fn row(&self, doc: Doc) -> Row<'_> {
        let (scan, detail) = (*self.scan(doc), *self.detail(doc));
        let shared = &self.shared;
        Row {
            scan,
            detail,
            tally: shared.tally(detail.tally),
            pieces_root: shared.root(detail.root, &detail.hash),
            whole_path: "",
            folder: (
                shared.given_folder(scan.folder),
                Some(shared.folder(scan.folder)),
            ),
            given: self.given(doc),
            name: self.name(doc),
            rest: self.rest(doc),
        }
    }

    /// Its place under `sort`, class aside.
    pub fn key(&self, doc: Doc, sort: Sort) -> RowKey<'_> {
        let detail = self.detail(doc);
        RowKey {
            class: Match::Whole,
            value: self.values(doc).key(sort),
            name: self.name(doc),
            content: rank::lot(detail.hash.as_bytes()),
            id: detail.id,
        }
    }

    /// Documents of a record, ascending; `spread` is that of its id.
    pub fn docs_of_id<'a>(&'a self, id: &'a FileId, spread: u64) -> impl Iterator<Item = Doc> + 'a {
        let candidates = self.by_id.candidates(spread);
        let docs = candidates.iter().copied();
        docs.filter(move |&doc| self.detail(doc).id == *id)
    }

    /// Documents of a content, ascending; `spread` is that of its hash.
    pub fn docs_of_hash<'a>(
        &'a self,
        hash: &'a ContentHash,
        spread: u64,
    ) -> impl Iterator<Item = Doc> + 'a {
        let bucket = self.holders.bucket(spread);
        let docs = bucket.iter().map(|holder| holder.doc);
        docs.filter(move |&doc| self.detail(doc).hash == *hash)
    }

    /// Documents of a content by its number, ascending; also of what had the number before, where
    /// that is dead. `spread` is that of its hash.
    pub fn holders_of(&self, content: Content, spread: u64) -> &[Holder] {
        self.holders.of(content, spread)
    }

    /// Documents of an owner, by path.
    pub fn docs_of_owner(&self, owner: OwnerIndex) -> &[Doc] {
        let owner_of = |doc: &Doc| self.scan(*doc).owner;
        let start = self.by_owner.partition_point(|doc| owner_of(doc) < owner);
        let end = self.by_owner.partition_point(|doc| owner_of(doc) <= owner);
        &self.by_owner[start..end]
    }

    /// Complete documents in the own direction of `sort`; none where that is the order of their
    /// numbers.
    pub fn order(&self, sort: Sort) -> Option<&[Doc]> {
        self.orders.get(sort)
    }

    /// The `count` largest complete documents.
    pub fn largest(&self, count: usize) -> DocSet<'_> {
        let order = self.order(Sort::Size).unwrap_or_default();
        self.largest.first(order, count)
    }

    /// How many documents are put into a set or taken out of it to make that of [`Self::largest`].
    pub fn largest_work(&self, count: usize) -> u64 {
        self.largest.distance(self.complete_count as usize, count)
    }

    /// Complete documents by the words of their file names.
    pub fn name_words(&self) -> &Words {
        &self.name_words
    }

    /// Complete documents by the words of their folders.
    pub fn folder_words(&self) -> &Words {
        &self.folder_words
    }

    /// Complete documents that are certainly the only one of their content.
    pub fn alone(&self) -> &Bits {
        &self.alone
    }

    /// Complete documents whose name ends in a dot and `extension`, which has no dot in it.
    pub fn with_extension(&self, extension: &str) -> Posting<'_> {
        self.extensions.get(extension)
    }

    /// Complete documents with a tag, folded.
    pub fn with_tag(&self, tag: &str) -> Posting<'_> {
        self.tags.get(tag)
    }

    /// Complete documents of a kind.
    pub fn of_category(&self, category: Category) -> Posting<'_> {
        self.categories.get(&category)
    }

    /// Of the other complete documents, one of each content.
    pub fn firsts(&self) -> &Bits {
        &self.firsts
    }

    /// Bytes held, by part, for whoever measures.
    pub fn memory(&self) -> Vec<(&'static str, usize)> {
        let mut parts = vec![
            ("scan columns", size_of_val(&*self.scans)),
            ("detail columns", size_of_val(&*self.details)),
            ("names", self.names.len()),
            ("names as given", self.given.len()),
            ("by id", self.by_id.bytes()),
            ("holders", self.holders.bytes()),
            ("by owner", size_of_val(&*self.by_owner)),
            ("orders", self.orders.bytes()),
            (
                "marks of contents",
                self.alone.bytes() + self.firsts.bytes(),
            ),
            ("marks of sizes", self.largest.bytes()),
            ("tags", self.tags.bytes()),
            ("extensions", self.extensions.bytes()),
            ("categories", self.categories.bytes()),
        ];
        parts.extend(self.shared.memory());
        parts.extend(self.name_words.memory());
        parts.extend(self.folder_words.memory());
        parts
    }
}

fn values(scan: &Scan, detail: &Detail, tally: &Tally) -> Values {
    Values {
        size_bytes: scan.size_bytes,
        downloads: tally.downloads,
        rating: tally.rating(),
        uploaded_ms: detail.uploaded_ms,
        crowd: scan.crowd,
    }
}

/// Segments are kept so small (see [`super::writer`]) that their documents can be numbered.
fn doc_count(count: usize) -> Doc {
    Doc::try_from(count).unwrap_or(Doc::MAX)
}
