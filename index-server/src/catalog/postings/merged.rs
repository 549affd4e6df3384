//! Postings of several segments made those of one: their keys are in order already, so they are walked
//! side by side.
//!
//! Knows nothing of what a key means.

use std::cmp::Ordering;

use super::{Posting, Postings, PostingsWriter, number};
use crate::catalog::keys::{Key, KeyList, KeyWriter};
use crate::catalog::segment::Doc;

/// Postings of several segments as one, and where the keys of each source went.
#[derive(Debug)]
pub struct Merged<K: Key + ?Sized> {
    /// All documents.
    pub postings: Postings<K>,
    /// By source and key: its new place, [`GONE`] where none of its documents is left.
    pub moved: Vec<Vec<Doc>>,
}

/// The postings of several segments as one: `moved` says for each document of a source which one it
/// becomes, ascending, [`GONE`] where it is left out.
pub fn merge<K: Key + ?Sized>(sources: &[(&Postings<K>, &[Doc])], doc_count: Doc) -> Merged<K> {
    let mut writer = PostingsWriter::new(doc_count);
    writer.reserve(sources.iter().map(|(own, _)| *own));
    let mut moved: Vec<Vec<Doc>> = (sources.iter())
        .map(|(own, _)| Vec::with_capacity(own.keys.len()))
        .collect();
    let mut heads = Heads::of(sources);
    let mut holders = Vec::with_capacity(sources.len());
    while let Some(key) = heads.first_key(sources, &moved, &mut holders) {
        let postings = holders.iter().map(|source| {
            let (own, moved_docs) = sources[*source];
            (own.at(moved[*source].len()), moved_docs)
        });
        let count: usize = postings.clone().map(|(own, _)| own.len()).sum();
        let is_pushed = if writer.is_list(count) {
            writer.push_gathered(key, |docs| {
                let start = docs.len();
                for (posting, moved_docs) in postings {
                    let move_doc = |doc: Doc| moved_docs[doc as usize];
                    match posting {
                        Posting::List(own) => docs.extend(own.iter().map(|doc| move_doc(*doc))),
                        Posting::Bits(_) => posting.for_each(|doc| docs.push(move_doc(doc))),
                    }
                }
                if holders.len() > 1 {
                    merge_runs(&mut docs[start..]);
                }
                keep_each_once(docs, start);
            })
        } else {
            writer.push_moved(key, postings)
        };
        let place = if is_pushed {
            number(writer.keys.len() - 1)
        } else {
            GONE
        };
        for source in &holders {
            moved[*source].push(place);
            heads.step(*source, sources, &moved);
        }
    }
    Merged {
        postings: writer.finish(),
        moved,
    }
}

/// Of what stands in `docs` from `start` on, in order: leaves out what is gone, and what stands there
/// once more: documents go to places of their own, but words that several sources have go to one.
fn keep_each_once(docs: &mut Vec<Doc>, start: usize) {
    let mut end = start;
    for index in start..docs.len() {
        let doc = docs[index];
        if doc != GONE && (end == start || docs[end - 1] != doc) {
            docs[end] = doc;
            end += 1;
        }
    }
    docs.truncate(end);
}

/// By source, the head of the next key ([`Key::head`]): keys are compared whole only where these are
/// the same, and most are not.
struct Heads(Vec<u64>);

/// Stands behind all heads where a source has no key left; keys that have it as their head are
/// compared whole.
const NO_HEAD: u64 = u64::MAX;

impl Heads {
    fn of<K: Key + ?Sized>(sources: &[(&Postings<K>, &[Doc])]) -> Self {
        let heads = sources.iter().map(|(own, _)| head_at(own, 0));
        Self(heads.collect())
    }

    /// Takes note that another key of a source was moved.
    fn step<K: Key + ?Sized>(
        &mut self,
        source: usize,
        sources: &[(&Postings<K>, &[Doc])],
        moved: &[Vec<Doc>],
    ) {
        self.0[source] = head_at(sources[source].0, moved[source].len());
    }

    /// The smallest key that no source has moved yet; puts the sources that have it into `holders`.
    fn first_key<'s, K: Key + ?Sized>(
        &self,
        sources: &[(&'s Postings<K>, &[Doc])],
        moved: &[Vec<Doc>],
        holders: &mut Vec<usize>,
    ) -> Option<&'s K> {
        let smallest = *self.0.iter().min()?;
        let mut first: Option<&K> = None;
        for (source, _) in (self.0.iter().enumerate()).filter(|(_, head)| **head == smallest) {
            let ((own, _), next) = (sources[source], moved[source].len());
            if next == own.keys.len() {
                continue;
            }
            let key = own.keys.at(next);
            let order = first.map_or(Ordering::Less, |first| key.cmp(first));
            if order.is_lt() {
                first = Some(key);
                holders.clear();
            }
            if order.is_le() {
                holders.push(source);
            }
        }
        first
    }
}

fn head_at<K: Key + ?Sized>(postings: &Postings<K>, index: usize) -> u64 {
    let is_there = index < postings.keys.len();
    if is_there {
        postings.keys.at(index).head()
    } else {
        NO_HEAD
    }
}

/// Sorts documents that are ascending runs, one a source.
#[expect(
    clippy::stable_sort_primitive,
    reason = "the stable sort finds the runs and merges them"
)]
fn merge_runs(docs: &mut [Doc]) {
    docs.sort();
}

/// Stands for the number of a document that is left out of a merge.
pub const GONE: Doc = Doc::MAX;
