//! Merges segments: every order that the sources keep is kept, so nothing is sorted anew and no
//! text is cut again.

use std::cmp::Ordering;

use protocol::search::Sort;

use super::build::Room;
use super::orders::{self, Numbers, Orders, SORTS};
use super::shared::SharedWriter;
use super::{Doc, Segment, build};
use crate::catalog::exact;
use crate::catalog::keys::Key;
use crate::catalog::layer::Layer;
use crate::catalog::natural;
use crate::catalog::postings::{self, GONE, Postings};
use crate::catalog::words::{self, Words};

/// A merged segment, and where the documents of each source went.
#[derive(Debug)]
pub struct Merged {
    /// The live documents of all sources.
    pub segment: Segment,
    /// By source and document: its new number, [`GONE`] where it was dead.
    pub moved: Vec<Vec<Doc>>,
}

/// The live documents of `sources` in one segment.
pub fn merge(sources: &[Layer]) -> Merged {
    let names = Names::of(sources);
    let order = in_order(sources, &names);
    let mut moved: Vec<Vec<Doc>> = sources
        .iter()
        .map(|layer| vec![GONE; layer.segment.doc_count() as usize])
        .collect();
    for (new, &(source, doc)) in (0..).zip(&order) {
        moved[source][doc as usize] = new;
    }
    let rows = order
        .iter()
        .map(|&(source, doc)| (source, sources[source].segment.row(doc)));
    let shared = sources.iter().map(|layer| &layer.segment.shared);
    let shared = SharedWriter::of_sources(shared);
    let mut segment = build::store(rows, room(sources), shared, SharedWriter::of_source);
    drop(order);
    segment.index_keys();
    segment.by_owner = by_owner(sources, &moved, segment.scans.len());
    segment.orders = Orders::from_lists(SORTS.map(|sort| {
        match sort {
            Sort::Filename => (names.order.iter())
                .map(|&(source, doc)| moved[source][doc as usize])
                .collect(),
            _ if segment.shared.is_all_alike(sort) => Box::default(),
            _ => by_sort(sources, &moved, sort, &names),
        }
    }));
    let count = segment.complete_count;
    segment.name_words = merge_words(sources, &moved, count, |segment| &segment.name_words);
    segment.folder_words = merge_words(sources, &moved, count, |segment| &segment.folder_words);
    segment.mark();
    segment.extensions = merge_postings(sources, &moved, count, |segment| &segment.extensions);
    segment.tags = merge_postings(sources, &moved, count, |segment| &segment.tags);
    segment.categories = merge_postings(sources, &moved, count, |segment| &segment.categories);
    Merged { segment, moved }
}

fn live_count(sources: &[Layer]) -> usize {
    let count = sources.iter().map(Layer::live_count).sum::<u64>();
    usize::try_from(count).unwrap_or_default()
}

fn room(sources: &[Layer]) -> Room {
    let mut room = Room::default();
    for Layer { segment, .. } in sources {
        room.names += segment.names.len();
        room.given += segment.given.len();
    }
    room
}

/// The live complete documents of all sources by file name, content and id: texts are compared for this
/// order alone, in all others ties go by the place in it.
#[derive(Debug)]
struct Names {
    order: Vec<(usize, Doc)>,
    /// By source and document; the largest number for those that are not in.
    places: Vec<Vec<u32>>,
}

impl Names {
    fn of(sources: &[Layer]) -> Self {
        let mut names = Self {
            order: Vec::with_capacity(live_count(sources)),
            places: (sources.iter())
                .map(|layer| vec![u32::MAX; layer.segment.doc_count() as usize])
                .collect(),
        };
        let lists = sources.iter().map(|layer| {
            let docs = layer.segment.order(Sort::Filename).unwrap_or_default();
            docs.iter().copied().filter(|&doc| layer.is_live(doc))
        });
        interleave(
            lists.collect(),
            |source, doc| {
                let segment = &*sources[source].segment;
                let name = segment.name(doc).as_bytes();
                (natural::start(name), name, segment, doc)
            },
            |(left_start, left, left_segment, left_doc), (right_start, right, segment, doc)| {
                let by_start = left_start.cmp(right_start);
                let by_name = by_start.then_with(|| natural::compare(left, right));
                by_name.then_with(|| {
                    let (left, right) = (left_segment.detail(*left_doc), segment.detail(*doc));
                    left.tie().cmp(&right.tie())
                })
            },
            |source, doc| names.order.push((source, doc)),
        );
        for (place, &(source, doc)) in (0..).zip(&names.order) {
            names.places[source][doc as usize] = place;
        }
        names
    }

    fn numbers(&self, sources: &[Layer], source: usize, doc: Doc, sort: Sort) -> Numbers {
        let place = self.places[source][doc as usize];
        orders::numbers(&sources[source].segment, doc, sort, place)
    }
}

/// Live documents of all sources as a segment numbers them.
fn in_order(sources: &[Layer], names: &Names) -> Vec<(usize, Doc)> {
    let mut order = Vec::with_capacity(live_count(sources));
    let lists = sources.iter().map(|layer| {
        let docs = 0..layer.segment.doc_count();
        docs.filter(|&doc| layer.is_live(doc))
    });
    interleave(
        lists.collect(),
        |source, doc| {
            let segment = &sources[source].segment;
            let is_partial = segment.scan(doc).is_partial;
            let id = is_partial.then(|| segment.detail(doc).id);
            let numbers = names.numbers(sources, source, doc, Sort::Relevance);
            (is_partial, numbers, id)
        },
        Ord::cmp,
        |source, doc| order.push((source, doc)),
    );
    order
}

fn by_sort(sources: &[Layer], moved: &[Vec<Doc>], sort: Sort, names: &Names) -> Box<[Doc]> {
    let mut order = Vec::with_capacity(names.order.len());
    let lists = sources.iter().zip(moved).map(|(layer, moved)| {
        let docs = layer.segment.order(sort).unwrap_or_default();
        let docs = docs.iter().copied();
        docs.filter(|&doc| moved[doc as usize] != GONE)
    });
    interleave(
        lists.collect(),
        |source, doc| names.numbers(sources, source, doc, sort),
        Ord::cmp,
        |source, doc| order.push(moved[source][doc as usize]),
    );
    exact::list(order)
}

fn by_owner(sources: &[Layer], moved: &[Vec<Doc>], doc_count: usize) -> Box<[Doc]> {
    let mut order = Vec::with_capacity(doc_count);
    let lists = sources.iter().zip(moved).map(|(layer, moved)| {
        let docs = layer.segment.by_owner.iter().copied();
        docs.filter(|&doc| moved[doc as usize] != GONE)
    });
    interleave(
        lists.collect(),
        |source, doc| {
            let segment = &sources[source].segment;
            let owner = segment.scan(doc).owner;
            (owner, segment.path(doc), segment.detail(doc).id)
        },
        Ord::cmp,
        |source, doc| order.push(moved[source][doc as usize]),
    );
    exact::list(order)
}

fn merge_postings<K: Key + ?Sized>(
    sources: &[Layer],
    moved: &[Vec<Doc>],
    doc_count: Doc,
    part: impl Fn(&Segment) -> &Postings<K>,
) -> Postings<K> {
    let layers = sources.iter().zip(moved);
    let parts: Vec<_> = layers
        .map(|(layer, moved)| (part(&layer.segment), moved.as_slice()))
        .collect();
    postings::merge(&parts, doc_count).postings
}

fn merge_words(
    sources: &[Layer],
    moved: &[Vec<Doc>],
    doc_count: Doc,
    part: impl Fn(&Segment) -> &Words,
) -> Words {
    let layers = sources.iter().zip(moved);
    let parts: Vec<_> = layers
        .map(|(layer, moved)| (part(&layer.segment), moved.as_slice()))
        .collect();
    words::merge(&parts, doc_count)
}

/// Hands the documents of lists that are sorted by `key` to `emit`, as one sorted list.
fn interleave<K>(
    lists: Vec<impl Iterator<Item = Doc>>,
    key: impl Fn(usize, Doc) -> K,
    compare: impl Fn(&K, &K) -> Ordering,
    mut emit: impl FnMut(usize, Doc),
) {
    let mut lists = lists;
    let mut heads: Vec<Option<(K, Doc)>> = Vec::with_capacity(lists.len());
    for (source, list) in lists.iter_mut().enumerate() {
        heads.push(list.next().map(|doc| (key(source, doc), doc)));
    }
    loop {
        let filled = heads.iter().enumerate();
        let filled = filled.filter_map(|(source, head)| Some((source, head.as_ref()?)));
        let first = filled.min_by(|(_, (left, _)), (_, (right, _))| compare(left, right));
        let Some((source, &(_, doc))) = first else {
            return;
        };
        emit(source, doc);
        heads[source] = lists[source].next().map(|doc| (key(source, doc), doc));
    }
}
