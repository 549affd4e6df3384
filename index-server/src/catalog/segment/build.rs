//! Builds a segment from loose rows: sorts them, stores the columns, indexes what is in them.

use std::collections::BTreeMap;

use compact_str::CompactString;
use hashbrown::HashMap;
use protocol::category::Category;
use protocol::ids::FileId;
use protocol::query;
use protocol::search::Sort;
use rustc_hash::FxHashMap;

use super::holders::{Holder, Holders};
use super::largest::Largest;
use super::orders::Orders;
use super::shared::{SharedWriter, position};
use super::{Doc, Segment, doc_count, values};
use crate::catalog::columns::{Rest, Row, Scan};
use crate::catalog::docs::Bits;
use crate::catalog::exact;
use crate::catalog::lookup::{Lookup, spread};
use crate::catalog::natural;
use crate::catalog::owners::OwnerIndex;
use crate::catalog::postings::{Postings, PostingsWriter};
use crate::catalog::words::Words;

impl Segment {
    /// Builds a segment of `rows`, which may come in any order, with their paths in one piece.
    pub fn new(rows: &[Row<'_>]) -> Self {
        let (order, by_name) = in_order(rows);
        let loose = order.iter().map(|index| (0, rows[*index]));
        let shared = SharedWriter::default();
        let mut segment = store(loose, Room::default(), shared, |shared, _, row| {
            (shared.folder(row), shared.tally(row), shared.rest(row))
        });
        let complete = 0..segment.complete_count;
        segment.index_keys();
        segment.by_owner = by_owner(rows, &order);
        segment.orders = Orders::new(&segment, by_name);
        segment.index_words();
        segment.mark();
        segment.categories = categories(&segment);
        let names = complete
            .clone()
            .map(|doc| (doc, extension_of(segment.name(doc))));
        segment.extensions = words(segment.complete_count, names);
        segment.tags = segment.tag_words();
        segment
    }

    /// Complete documents by their tags, folded. Those of a rest are read once, however many
    /// documents share it.
    fn tag_words(&self) -> Postings<str> {
        let mut by_rest: FxHashMap<u32, Vec<CompactString>> = FxHashMap::default();
        for doc in 0..self.complete_count {
            let tags = by_rest.entry(self.detail(doc).rest_at);
            tags.or_insert_with(|| {
                let tags = Rest::tags(self.rest(doc));
                tags.iter().map(|tag| query::fold(tag)).collect()
            });
        }
        let tags = (0..self.complete_count).flat_map(|doc| {
            let tags = by_rest.get(&self.detail(doc).rest_at);
            let tags = tags.into_iter().flatten();
            tags.map(move |tag| (doc, Some(tag.as_str())))
        });
        words(self.complete_count, tags)
    }

    /// Builds the dictionaries.
    fn index_words(&mut self) {
        let complete = 0..self.complete_count;
        let names = complete.clone().map(|doc| self.name(doc));
        let name_words = Words::of_names(names, self.complete_count);
        let folders = complete.map(|doc| self.scan(doc).folder);
        self.folder_words = Words::of_folders(self.shared.folders(), folders, self.complete_count);
        self.name_words = name_words;
    }

    /// Marks documents by which contents can be counted, and the largest; needs the lookups and the
    /// orders.
    pub fn mark(&mut self) {
        let mut alone = Bits::none(self.complete_count);
        for doc in 0..self.complete_count {
            if self.scan(doc).is_alone() {
                alone.insert(doc);
            }
        }
        self.firsts = (self.holders).firsts(self.complete_count, |doc| !alone.contains(doc));
        self.alone = alone;
        self.largest = Largest::new(self.order(Sort::Size).unwrap_or_default());
    }

    /// Builds the lookups by id and hash.
    pub fn index_keys(&mut self) {
        let count = self.doc_count();
        self.by_id = Lookup::new(count, |doc| spread(self.detail(doc).id.as_bytes()));
        let content_of = |doc| spread(self.detail(doc).hash.as_bytes());
        self.holders = Holders::new(count, content_of, |doc| {
            let scan = self.scan(doc);
            Holder::new(scan.content, doc, scan.owner, scan.place.is_last())
        });
    }
}

/// Bytes that columns will have at most, where that is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Room {
    /// Folded file names.
    pub names: usize,
    /// File names as given.
    pub given: usize,
}

/// Stores the columns of `rows`, which come in the order in which they are to be numbered, with
/// the numbers of what they share, which is stored once: `number` yields folder, tally and rest.
pub fn store<'a>(
    rows: impl ExactSizeIterator<Item = (usize, Row<'a>)>,
    room: Room,
    mut shared: SharedWriter<'a>,
    mut number: impl FnMut(&mut SharedWriter<'a>, usize, &Row<'a>) -> (u32, u32, u32),
) -> Segment {
    let mut scans = Vec::with_capacity(rows.len());
    let mut details = Vec::with_capacity(rows.len());
    let mut names = String::with_capacity(room.names);
    let mut given = String::with_capacity(room.given);
    let mut complete_count = 0;
    for (source, row) in rows {
        complete_count += usize::from(!row.scan.is_partial);
        let (folder, tally, rest_at) = number(&mut shared, source, &row);
        scans.push(Scan {
            name_at: position(names.len()),
            folder,
            ..row.scan
        });
        details.push(super::Detail {
            tally,
            given_at: position(given.len()),
            rest_at,
            root: shared.root(&row),
            ..row.detail
        });
        names.push_str(row.name);
        given.push_str(row.given);
    }
    Segment {
        scans: scans.into(),
        details: details.into(),
        names: exact::text(names),
        given: exact::text(given),
        shared: shared.finish(),
        complete_count: doc_count(complete_count),
        ..Segment::default()
    }
}

/// `rows` in the order in which a segment numbers them, and the numbers of the complete ones by file
/// name, content and id.
fn in_order(rows: &[Row<'_>]) -> (Vec<usize>, Box<[Doc]>) {
    let mut by_name: Vec<(u64, usize)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !row.scan.is_partial)
        .map(|(index, row)| (natural::start(row.name.as_bytes()), index))
        .collect();
    by_name.sort_unstable_by(|(left_start, left), (right_start, right)| {
        let (left, right) = (&rows[*left], &rows[*right]);
        left_start
            .cmp(right_start)
            .then_with(|| natural::compare(left.name.as_bytes(), right.name.as_bytes()))
            .then_with(|| left.detail.tie().cmp(&right.detail.tie()))
    });
    // Those of unfinished downloads have no place: no search finds them.
    let mut name_places = vec![u32::MAX; rows.len()];
    for (place, (_, index)) in (0..).zip(&by_name) {
        name_places[*index] = place;
    }
    let mut keyed: Vec<_> = (rows.iter().zip(name_places).enumerate())
        .map(|(index, (row, place))| {
            let value = values(&row.scan, &row.detail, &row.tally).key(Sort::Relevance);
            let id = row.scan.is_partial.then_some(row.detail.id);
            ((id.is_some(), value, place, id), index)
        })
        .collect();
    keyed.sort_unstable();
    let order: Vec<usize> = keyed.into_iter().map(|(_, index)| index).collect();
    let mut numbers = vec![0; rows.len()];
    for (number, index) in (0..).zip(&order) {
        numbers[*index] = number;
    }
    let by_name = by_name.into_iter().map(|(_, index)| numbers[index]);
    (order, by_name.collect())
}

/// Documents by owner, path and id, where `order` says which row each is.
fn by_owner(rows: &[Row<'_>], order: &[usize]) -> Box<[Doc]> {
    let keyed = (0..).zip(order).map(|(doc, index)| {
        let row = &rows[*index];
        (row.scan.owner, row.whole_path, row.detail.id, doc)
    });
    let mut keyed: Vec<(OwnerIndex, &str, FileId, Doc)> = keyed.collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(.., doc)| doc).collect()
}

fn categories(segment: &Segment) -> Postings<Category> {
    let mut lists: BTreeMap<Category, Vec<Doc>> = BTreeMap::new();
    for doc in 0..segment.complete_count {
        let docs = lists.entry(segment.scan(doc).category).or_default();
        docs.push(doc);
    }
    let mut writer = PostingsWriter::new(segment.complete_count);
    for (category, docs) in lists {
        writer.push(&category, &docs);
    }
    writer.finish()
}

/// Postings of words; `words` comes by ascending document.
fn words<'w>(doc_count: Doc, words: impl Iterator<Item = (Doc, Option<&'w str>)>) -> Postings<str> {
    let mut lists: HashMap<&str, Vec<Doc>> = HashMap::new();
    for (doc, word) in words {
        let Some(word) = word else { continue };
        let docs = lists.entry(word).or_default();
        if docs.last() != Some(&doc) {
            docs.push(doc);
        }
    }
    let mut lists: Vec<_> = lists.into_iter().collect();
    lists.sort_unstable_by_key(|(word, _)| *word);
    let mut writer = PostingsWriter::<str>::new(doc_count);
    for (word, docs) in lists {
        writer.push(word, &docs);
    }
    writer.finish()
}

/// What stands behind the last dot of a folded name that has something before it.
fn extension_of(name: &str) -> Option<&str> {
    let (before, extension) = name.rsplit_once('.')?;
    (!before.is_empty()).then_some(extension)
}
