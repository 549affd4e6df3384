//! Which documents have a key: sorted lists where they are few, compressed bitmaps where they are
//! many.
//!
//! Knows nothing of what a key means.

use std::ops::RangeInclusive;

use roaring::{MultiOps, RoaringBitmap};

use super::segment::Doc;

/// Documents per bitmap container at which a bitmap is smaller than a list.
const DENSE_MIN_COUNT: usize = 64;
/// Numbers that a container keeps as a list; more are kept as bits.
const ARRAY_MAX_COUNT: usize = 4_096;
/// Numbers that one container of a bitmap spans.
const CONTAINER_SPAN: usize = 1 << 16;

/// The documents of one key, ascending.
#[derive(Debug, Clone, Copy)]
pub enum Posting<'a> {
    /// Few.
    Sparse(&'a [Doc]),
    /// Many.
    Dense(&'a RoaringBitmap),
}

impl Posting<'_> {
    /// How many documents.
    pub fn len(&self) -> u64 {
        match self {
            Self::Sparse(docs) => docs.len() as u64,
            Self::Dense(docs) => docs.len(),
        }
    }

    /// Whether a document is among them.
    pub fn contains(&self, doc: Doc) -> bool {
        match self {
            Self::Sparse(docs) => docs.binary_search(&doc).is_ok(),
            Self::Dense(docs) => docs.contains(doc),
        }
    }

    /// As a set.
    pub fn to_set(self) -> RoaringBitmap {
        match self {
            Self::Sparse(docs) => from_sorted(docs.iter().copied()),
            Self::Dense(docs) => docs.clone(),
        }
    }

    /// Those that are in `set` too.
    pub fn within(&self, set: &RoaringBitmap) -> RoaringBitmap {
        match self {
            Self::Sparse(docs) => {
                from_sorted(docs.iter().copied().filter(|&doc| set.contains(doc)))
            }
            Self::Dense(docs) => *docs & set,
        }
    }

    /// Hands all documents to `each`, ascending.
    pub fn for_each(&self, each: impl FnMut(Doc)) {
        match self {
            Self::Sparse(docs) => docs.iter().copied().for_each(each),
            Self::Dense(docs) => docs.iter().for_each(each),
        }
    }
}

/// A set of ascending documents, few of them.
pub fn from_sorted(docs: impl Iterator<Item = Doc>) -> RoaringBitmap {
    let mut set = RoaringBitmap::new();
    for doc in docs {
        if set.try_push(doc).is_err() {
            set.insert(doc);
        }
    }
    set
}

/// A set of ascending documents, without space to spare.
fn packed(docs: &[Doc]) -> RoaringBitmap {
    let mut set = RoaringBitmap::new();
    for chunk in docs.chunk_by(|left, right| left >> 16 == right >> 16) {
        if chunk.len() <= ARRAY_MAX_COUNT {
            for &doc in chunk {
                if set.try_push(doc).is_err() {
                    set.insert(doc);
                }
            }
            continue;
        }
        // Pushing into a full container looks for its last bit each time.
        let mut bits = [0_u8; CONTAINER_SPAN / 8];
        for &doc in chunk {
            bits[(doc as usize % CONTAINER_SPAN) / 8] |= 1 << (doc % 8);
        }
        set |= RoaringBitmap::from_lsb0_bytes(chunk[0] >> 16 << 16, &bits);
    }
    // Containers grow by doubling; a copy fits.
    set.clone()
}

/// The documents of any of `postings`.
pub fn union<'a>(postings: impl Iterator<Item = Posting<'a>>) -> RoaringBitmap {
    let mut few = Vec::new();
    let mut many = Vec::new();
    for posting in postings {
        match posting {
            Posting::Sparse(docs) => few.extend_from_slice(docs),
            Posting::Dense(docs) => many.push(docs),
        }
    }
    few.sort_unstable();
    let few = from_sorted(few.into_iter());
    if many.is_empty() {
        few
    } else {
        many.union() | few
    }
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// From here in `lists` to where the next sparse key starts.
    List { at: u32, len: u32 },
    /// Index in `bitmaps`.
    Bitmap(u32),
}

/// Documents by key.
#[derive(Debug)]
pub struct Postings<K> {
    keys: Box<[K]>,
    places: Box<[Place]>,
    lists: Box<[Doc]>,
    bitmaps: Box<[RoaringBitmap]>,
}

impl<K> Default for Postings<K> {
    fn default() -> Self {
        Self {
            keys: Box::default(),
            places: Box::default(),
            lists: Box::default(),
            bitmaps: Box::default(),
        }
    }
}

impl<K: Ord> Postings<K> {
    /// The documents of `key`; an empty list where there are none.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Posting<'_>
    where
        K: std::borrow::Borrow<Q>,
    {
        match self.keys.binary_search_by(|own| own.borrow().cmp(key)) {
            Ok(index) => self.at(index),
            Err(_) => Posting::Sparse(&[]),
        }
    }

    /// The documents of each key in `keys`.
    pub fn range(&self, keys: RangeInclusive<K>) -> impl Iterator<Item = Posting<'_>> {
        let start = self.keys.partition_point(|key| key < keys.start());
        let end = self.keys.partition_point(|key| key <= keys.end());
        (start..end.max(start)).map(|index| self.at(index))
    }

    fn at(&self, index: usize) -> Posting<'_> {
        match self.places[index] {
            Place::List { at, len } => {
                Posting::Sparse(&self.lists[at as usize..at as usize + len as usize])
            }
            Place::Bitmap(index) => Posting::Dense(&self.bitmaps[index as usize]),
        }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        let bitmaps = self.bitmaps.iter().map(|bitmap| {
            let numbers = bitmap.statistics();
            let containers = numbers.n_containers as usize * 48;
            let arrays = numbers.n_bytes_array_containers + numbers.n_bytes_run_containers;
            containers + usize::try_from(arrays + numbers.n_bytes_bitset_containers).unwrap_or(0)
        });
        self.keys.len() * (size_of::<K>() + size_of::<Place>())
            + self.lists.len() * size_of::<Doc>()
            + bitmaps.sum::<usize>()
    }
}

/// The postings of several segments as one: `moved` says for each document of a source which one it
/// becomes, ascending, [`GONE`] where it is left out.
pub fn merge<K: Ord + Clone>(sources: &[(&Postings<K>, &[Doc])], doc_count: Doc) -> Postings<K> {
    let mut writer = PostingsWriter::new(doc_count);
    let mut next = vec![0; sources.len()];
    let mut docs = Vec::new();
    loop {
        let heads = sources.iter().zip(&next);
        let Some(key) = heads
            .filter_map(|((own, _), next)| own.keys.get(*next))
            .min()
        else {
            return writer.finish();
        };
        docs.clear();
        for ((own, moved), next) in sources.iter().zip(&mut next) {
            if own.keys.get(*next) == Some(key) {
                own.at(*next).for_each(|doc| docs.push(moved[doc as usize]));
                *next += 1;
            }
        }
        docs.retain(|&doc| doc != GONE);
        merge_runs(&mut docs);
        writer.push(key.clone(), &docs);
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

/// Takes keys in order and makes [`Postings`].
#[derive(Debug)]
pub struct PostingsWriter<K> {
    keys: Vec<K>,
    places: Vec<Place>,
    lists: Vec<Doc>,
    bitmaps: Vec<RoaringBitmap>,
    sparse_max_count: usize,
}

impl<K> PostingsWriter<K> {
    /// For documents below `doc_count`.
    pub fn new(doc_count: Doc) -> Self {
        let containers = (doc_count as usize).div_ceil(CONTAINER_SPAN).max(1);
        Self {
            keys: Vec::new(),
            places: Vec::new(),
            lists: Vec::new(),
            bitmaps: Vec::new(),
            sparse_max_count: containers * DENSE_MIN_COUNT,
        }
    }

    /// Adds the ascending documents of `key`, which must be larger than all before; none where
    /// there are no documents.
    pub fn push(&mut self, key: K, docs: &[Doc]) {
        if docs.is_empty() {
            return;
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let is_sparse = docs.len() <= self.sparse_max_count
            && u32::try_from(self.lists.len() + docs.len()).is_ok();
        self.places.push(if is_sparse {
            let at = number(self.lists.len());
            self.lists.extend_from_slice(docs);
            Place::List {
                at,
                len: number(docs.len()),
            }
        } else {
            self.bitmaps.push(packed(docs));
            Place::Bitmap(number(self.bitmaps.len() - 1))
        });
        self.keys.push(key);
    }

    /// All that was added.
    pub fn finish(self) -> Postings<K> {
        Postings {
            keys: self.keys.into(),
            places: self.places.into(),
            lists: self.lists.into(),
            bitmaps: self.bitmaps.into(),
        }
    }
}
