//! Which documents have a key: sorted lists where they are few, one bit a document where they are
//! many.
//!
//! Knows nothing of what a key means.

mod merged;

use std::borrow::Cow;
use std::hint::black_box;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::docs::{Bits, DocSet, Gather};
use super::exact;
use super::keys::{Key, KeyList, KeyWriter};
use super::segment::Doc;
pub use merged::{GONE, Merged, merge};

/// Of so many documents one must have a key for bits to be smaller than a list.
pub const DENSE_MAX_SHARE: usize = 32;

/// The documents of one key, ascending.
#[derive(Debug, Clone, Copy)]
pub enum Posting<'a> {
    /// Few.
    List(&'a [Doc]),
    /// Many.
    Bits(&'a Bits),
}

impl<'a> Posting<'a> {
    /// Whether a document is among them.
    pub fn contains(&self, doc: Doc) -> bool {
        match self {
            Self::List(docs) => docs.binary_search(&doc).is_ok(),
            Self::Bits(bits) => bits.contains(doc),
        }
    }

    /// How many.
    fn len(&self) -> usize {
        match self {
            Self::List(docs) => docs.len(),
            Self::Bits(bits) => usize::try_from(bits.count()).unwrap_or(usize::MAX),
        }
    }

    /// As a set.
    pub fn to_set(self) -> DocSet<'a> {
        let mut gather = Gather::default();
        gather.add(self);
        gather.finish(0)
    }

    /// Hands all documents to `each`, ascending.
    pub fn for_each(&self, each: impl FnMut(Doc)) {
        match self {
            Self::List(docs) => docs.iter().copied().for_each(each),
            Self::Bits(_) => self.to_set().iter_from(0).for_each(each),
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Place {
    /// From here in `lists` to where the next sparse key starts.
    List { at: u32, len: u32 },
    /// Index in `bits`.
    Bits(u32),
}

/// Documents by key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Postings<K: Key + ?Sized> {
    keys: K::List,
    #[serde(with = "super::stored::whole")]
    places: Box<[Place]>,
    #[serde(with = "super::stored::whole")]
    lists: Box<[Doc]>,
    bits: Box<[Bits]>,
}

impl<K: Key + ?Sized> Default for Postings<K> {
    fn default() -> Self {
        Self {
            keys: K::List::default(),
            places: Box::default(),
            lists: Box::default(),
            bits: Box::default(),
        }
    }
}

impl<K: Key + ?Sized> Postings<K> {
    /// The documents of `key`; an empty list where there are none.
    pub fn get(&self, key: &K) -> Posting<'_> {
        (self.index_of(key)).map_or(Posting::List(&[]), |index| self.at(index))
    }

    /// Where `key` stands among all keys.
    pub fn index_of(&self, key: &K) -> Option<usize> {
        let all = 0..self.keys.len();
        let index = self.keys.partition_point(all, |own| own < key);
        (index < self.keys.len() && self.keys.at(index) == key).then_some(index)
    }

    /// All keys, in order.
    pub fn keys(&self) -> &K::List {
        &self.keys
    }

    /// Where the keys from `first` to before the first one that `is_behind` stand.
    pub fn range(&self, first: &K, is_behind: impl Fn(&K) -> bool) -> Range<usize> {
        let count = self.keys.len();
        let start = self.keys.partition_point(0..count, |key| key < first);
        start
            ..self
                .keys
                .partition_point(start..count, |key| !is_behind(key))
    }

    /// The documents of the key at `index` of all keys.
    pub fn at(&self, index: usize) -> Posting<'_> {
        match self.places[index] {
            Place::List { at, len } => {
                Posting::List(&self.lists[at as usize..at as usize + len as usize])
            }
            Place::Bits(index) => Posting::Bits(&self.bits[index as usize]),
        }
    }

    /// Reads where the documents of some keys lie, which are asked for next: the reads wait for
    /// memory together.
    pub fn warm(&self, indexes: &[u32]) {
        let lens = indexes
            .iter()
            .map(|index| match self.places[*index as usize] {
                Place::List { len, .. } => len,
                Place::Bits(index) => index,
            });
        black_box(lens.fold(0, u32::wrapping_add));
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.keys.bytes()
            + size_of_val(&*self.places)
            + size_of_val(&*self.lists)
            + self.bits.iter().map(Bits::bytes).sum::<usize>()
    }
}

/// Takes keys in order and makes [`Postings`].
#[derive(Debug)]
pub struct PostingsWriter<K: Key + ?Sized> {
    keys: <K::List as KeyList<K>>::Writer,
    places: Vec<Place>,
    lists: Vec<Doc>,
    bits: Vec<Bits>,
    doc_count: Doc,
}

impl<K: Key + ?Sized> PostingsWriter<K> {
    /// For documents below `doc_count`.
    pub fn new(doc_count: Doc) -> Self {
        Self {
            keys: Default::default(),
            places: Vec::new(),
            lists: Vec::new(),
            bits: Vec::new(),
            doc_count,
        }
    }

    /// Room for what is in `sources`.
    fn reserve<'p>(&mut self, sources: impl Iterator<Item = &'p Postings<K>>)
    where
        K: 'p,
    {
        let (mut key_count, mut doc_count) = (0, 0);
        for source in sources {
            key_count = source.keys.len().max(key_count);
            doc_count += source.lists.len();
            self.keys.reserve_as(&source.keys);
        }
        self.places.reserve(key_count);
        self.lists.reserve(doc_count);
    }

    /// Adds the ascending documents of `key`, which must be larger than all before; none where
    /// there are no documents.
    pub fn push(&mut self, key: &K, docs: &[Doc]) {
        if docs.is_empty() {
            return;
        }
        if self.is_list(docs.len()) {
            let place = self.next_list(docs.len());
            self.lists.extend_from_slice(docs);
            self.places.push(place);
        } else {
            let mut bits = Bits::none(self.doc_count);
            for doc in docs {
                bits.insert(*doc);
            }
            self.push_place(bits);
        }
        self.keys.push(key);
    }

    /// The same for those that `gather` puts behind what it is handed, so few that they are a list;
    /// false, and nothing is added, where there are none.
    fn push_gathered(&mut self, key: &K, gather: impl FnOnce(&mut Vec<Doc>)) -> bool {
        let start = self.lists.len();
        gather(&mut self.lists);
        let count = self.lists.len() - start;
        if count == 0 {
            return false;
        }
        self.places.push(Place::List {
            at: number(start),
            len: number(count),
        });
        self.keys.push(key);
        true
    }

    /// The same for documents as bits; false, and nothing is added, where there are none.
    pub fn push_bits(&mut self, key: &K, bits: Bits) -> bool {
        let count = usize::try_from(bits.count()).unwrap_or(usize::MAX);
        if count == 0 {
            return false;
        }
        if self.is_list(count) {
            let place = self.next_list(count);
            let docs = DocSet::Bits(Cow::Borrowed(&bits));
            self.lists.extend(docs.iter_from(0));
            self.places.push(place);
        } else {
            self.push_place(bits);
        }
        self.keys.push(key);
        true
    }

    /// The same for what `postings` become, which are many documents: put into bits, they need not
    /// be sorted.
    fn push_moved<'p>(
        &mut self,
        key: &K,
        postings: impl Iterator<Item = (Posting<'p>, &'p [Doc])>,
    ) -> bool {
        let mut bits = Bits::none(self.doc_count);
        for (posting, moved) in postings {
            posting.for_each(|doc| match moved[doc as usize] {
                GONE => {}
                new => bits.insert(new),
            });
        }
        self.push_bits(key, bits)
    }

    /// From so many documents on a key has bits and no list.
    pub fn dense_min_count(&self) -> usize {
        (self.doc_count as usize / DENSE_MAX_SHARE + 1).max(2)
    }

    fn is_list(&self, count: usize) -> bool {
        count == 1
            || count < self.dense_min_count() && u32::try_from(self.lists.len() + count).is_ok()
    }

    fn next_list(&self, count: usize) -> Place {
        Place::List {
            at: number(self.lists.len()),
            len: number(count),
        }
    }

    fn push_place(&mut self, bits: Bits) {
        self.bits.push(bits);
        self.places.push(Place::Bits(number(self.bits.len() - 1)));
    }

    /// All that was added.
    pub fn finish(self) -> Postings<K> {
        Postings {
            keys: self.keys.finish(),
            places: exact::list(self.places),
            lists: exact::list(self.lists),
            bits: self.bits.into(),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
