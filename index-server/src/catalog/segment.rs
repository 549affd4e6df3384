//! A segment: documents in columns, never changed once built.
//!
//! Complete documents come first, in the order of relevance without the class; behind them those of
//! unfinished downloads, which no search finds. Knows nothing of which documents were replaced
//! since ([`super::layer`]).

use std::collections::HashMap;

use protocol::hash::ContentHash;
use protocol::ids::FileId;
use protocol::search::Sort;

use super::columns::{Detail, Rest, Row, Scan};
use super::lookup::{Lookup, spread};
use super::natural;
use super::owners::OwnerIndex;
use super::rank::{Match, RowKey, Values};

/// Number of a document in its segment.
pub type Doc = u32;

/// Documents, fixed.
#[derive(Debug, Default)]
pub struct Segment {
    scans: Box<[Scan]>,
    details: Box<[Detail]>,
    texts: Box<str>,
    paths: Box<str>,
    rests: Box<[u8]>,
    complete_count: Doc,
    by_id: Lookup,
    by_hash: Lookup,
    /// All documents, by owner, path and id.
    by_owner: Box<[Doc]>,
}

impl Segment {
    /// Builds a segment of `rows`, which may come in any order.
    pub fn new(rows: Vec<Row<'_>>) -> Self {
        let rows = in_order(rows);
        let complete_count = doc_count(rows.iter().filter(|row| !row.scan.is_partial).count());
        let mut segment = store(&rows);
        let count = doc_count(segment.scans.len());
        segment.complete_count = complete_count;
        segment.by_id = Lookup::new(count, |doc| spread(segment.detail(doc).id.as_bytes()));
        segment.by_hash = Lookup::new(count, |doc| spread(segment.detail(doc).hash.as_bytes()));
        let mut by_owner: Vec<Doc> = (0..count).collect();
        by_owner.sort_unstable_by_key(|&doc| {
            let owner = segment.scan(doc).owner;
            (owner, segment.path(doc), segment.detail(doc).id)
        });
        segment.by_owner = by_owner.into();
        segment
    }

    /// Documents, dead ones too.
    pub fn doc_count(&self) -> Doc {
        doc_count(self.scans.len())
    }

    /// Documents `0..` so many are complete.
    pub fn complete_count(&self) -> Doc {
        self.complete_count
    }

    /// Bytes of all texts and packed rests: what the 32-bit positions must reach.
    pub fn arena_bytes(&self) -> usize {
        self.texts.len().max(self.paths.len()).max(self.rests.len())
    }

    /// Columns read by a search.
    pub fn scan(&self, doc: Doc) -> &Scan {
        &self.scans[doc as usize]
    }

    /// Columns of a row.
    pub fn detail(&self, doc: Doc) -> &Detail {
        &self.details[doc as usize]
    }

    /// Folded path and name.
    pub fn text(&self, doc: Doc) -> &str {
        let start = self.scan(doc).text_at as usize;
        let next = self.scans.get(doc as usize + 1);
        let end = next.map_or(self.texts.len(), |scan| scan.text_at as usize);
        &self.texts[start..end]
    }

    /// Folded file name.
    pub fn name(&self, doc: Doc) -> &str {
        &self.text(doc)[self.scan(doc).name_at as usize..]
    }

    /// Path as given.
    pub fn path(&self, doc: Doc) -> &str {
        let start = self.detail(doc).path_at as usize;
        let next = self.details.get(doc as usize + 1);
        let end = next.map_or(self.paths.len(), |detail| detail.path_at as usize);
        if start == end {
            self.text(doc)
        } else {
            &self.paths[start..end]
        }
    }

    /// Tags of its record.
    pub fn tags(&self, doc: Doc) -> Vec<compact_str::CompactString> {
        Rest::tags(&self.rests[self.detail(doc).rest_at as usize..])
    }

    /// The document as it was stored.
    pub fn row(&self, doc: Doc) -> Row<'_> {
        Row {
            scan: *self.scan(doc),
            detail: *self.detail(doc),
            path: self.path(doc),
            text: self.text(doc),
            rest: &self.rests[self.detail(doc).rest_at as usize..],
        }
    }

    /// Its place under `sort`, class aside.
    pub fn key(&self, doc: Doc, sort: Sort) -> RowKey<'_> {
        let (major, minor) = values(self.scan(doc), self.detail(doc)).key(sort);
        RowKey {
            class: Match::Whole,
            major,
            minor,
            name: self.name(doc),
            id: self.detail(doc).id,
        }
    }

    /// Documents of a record, ascending.
    pub fn docs_of_id<'a>(&'a self, id: &'a FileId) -> impl Iterator<Item = Doc> + 'a {
        let candidates = self.by_id.candidates(spread(id.as_bytes()));
        let docs = candidates.iter().copied();
        docs.filter(move |&doc| self.detail(doc).id == *id)
    }

    /// Documents of a content, ascending.
    pub fn docs_of_hash<'a>(&'a self, hash: &'a ContentHash) -> impl Iterator<Item = Doc> + 'a {
        let candidates = self.by_hash.candidates(spread(hash.as_bytes()));
        let docs = candidates.iter().copied();
        docs.filter(move |&doc| self.detail(doc).hash == *hash)
    }

    /// Documents of an owner, by path.
    pub fn docs_of_owner(&self, owner: OwnerIndex) -> &[Doc] {
        let owner_of = |doc: &Doc| self.scan(*doc).owner;
        let start = self.by_owner.partition_point(|doc| owner_of(doc) < owner);
        let end = self.by_owner.partition_point(|doc| owner_of(doc) <= owner);
        &self.by_owner[start..end]
    }
}

fn values(scan: &Scan, detail: &Detail) -> Values {
    Values {
        size_bytes: scan.size_bytes,
        downloads: detail.downloads,
        rating: detail.rating,
        uploaded_at: detail.uploaded_at,
        crowd: scan.crowd,
    }
}

/// Segments are kept so small (see [`super::writer`]) that their documents can be numbered.
fn doc_count(count: usize) -> Doc {
    Doc::try_from(count).unwrap_or(Doc::MAX)
}

/// Likewise for the bytes of a column.
fn position(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// `rows` in the order in which a segment numbers them.
fn in_order(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let mut keyed: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let (major, minor) = values(&row.scan, &row.detail).key(Sort::Relevance);
            ((row.scan.is_partial, major, minor), row)
        })
        .collect();
    keyed.sort_unstable_by(|(left_key, left), (right_key, right)| {
        left_key
            .cmp(right_key)
            .then_with(|| natural::compare(left.name(), right.name()))
            .then_with(|| left.detail.id.cmp(&right.detail.id))
    });
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// The columns of `rows`; the packed rest of a record with several names is stored once.
fn store(rows: &[Row<'_>]) -> Segment {
    let mut scans = Vec::with_capacity(rows.len());
    let mut details = Vec::with_capacity(rows.len());
    let (mut texts, mut paths, mut rests) = (String::new(), String::new(), Vec::new());
    let mut shared_rests: HashMap<FileId, u32> = HashMap::new();
    for row in rows {
        let mut pack = || {
            let at = position(rests.len());
            rests.extend_from_slice(&row.rest[..Rest::packed_len(row.rest)]);
            at
        };
        let rest_at = if row.scan.place == super::columns::Place::Only {
            pack()
        } else {
            *shared_rests.entry(row.detail.id).or_insert_with(pack)
        };
        scans.push(Scan {
            text_at: position(texts.len()),
            ..row.scan
        });
        details.push(Detail {
            path_at: position(paths.len()),
            rest_at,
            ..row.detail
        });
        texts.push_str(row.text);
        if row.path != row.text {
            paths.push_str(row.path);
        }
    }
    Segment {
        scans: scans.into(),
        details: details.into(),
        texts: texts.into(),
        paths: paths.into(),
        rests: rests.into(),
        ..Segment::default()
    }
}
