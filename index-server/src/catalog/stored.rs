//! A catalog as bytes and back, one part a segment, so that a start need not build what a process
//! before it had built already.
//!
//! Lookups are not stored: they are spread by a secret of the process, and made in a blink. Whoever
//! keeps the bytes must see to it that they come back as they were. Knows no files.

mod gathered;

use std::io::{self, Write};
use std::panic::resume_unwind;
use std::sync::{Arc, Weak};
use std::thread;

use protocol::hash::ContentHash;
use protocol::ids::PeerId;

use super::contents::Content;
use super::docs::Bits;
use super::layer::Layer;
use super::lookup::spread;
use super::membership::Membership;
use super::owners::Owners;
use super::segment::{Doc, Segment};
use super::view::CatalogView;
use super::{Catalog, OwnerTotals};

/// The layout of the bytes: one more whenever a column comes, goes or changes its meaning (a test
/// remembers the bytes of a small catalog).
pub const LAYOUT: u32 = 9;

/// A segment with its dead.
#[derive(Debug)]
pub struct Part {
    segment: Arc<Segment>,
    live: Arc<Bits>,
}

/// Tells a segment from all others, for ever, without keeping it in memory.
#[derive(Debug, Clone)]
pub struct Token(Weak<Segment>);

impl Token {
    /// Whether `part` is of that segment.
    pub fn is_of(&self, part: &Part) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&part.segment))
    }
}

impl Part {
    /// What tells its segment from others.
    pub fn token(&self) -> Token {
        Token(Arc::downgrade(&self.segment))
    }

    /// Writes its segment; the same segment has the same bytes always.
    ///
    /// # Errors
    /// That of `out`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        gathered::write(&*self.segment, out)
    }

    /// What [`Self::write`] writes.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes).expect("written into memory");
        bytes
    }

    /// Names in it that are not dead.
    pub fn live_count(&self) -> u64 {
        self.live.count()
    }

    /// Of each complete record that is not dead: its document, the crowd written there, its content.
    pub(super) fn crowds(&self) -> impl Iterator<Item = (Doc, u8, &ContentHash)> {
        let segment = &*self.segment;
        let docs = (0..segment.complete_count()).filter(|&doc| self.live.contains(doc));
        let records = docs.filter(|&doc| segment.scan(doc).place.is_last());
        records.map(|doc| (doc, segment.scan(doc).crowd, &segment.detail(doc).hash))
    }

    fn dead(&self) -> impl Iterator<Item = Doc> {
        (0..self.segment.doc_count()).filter(|doc| !self.live.contains(*doc))
    }

    /// Its dead: how many live ones stand before each, behind the one before.
    pub fn dead_bytes(&self) -> Vec<u8> {
        let mut next = 0;
        let steps = self.dead().map(|doc| {
            let step = doc - next;
            next = doc + 1;
            step
        });
        postcard::to_stdvec(&steps.collect::<Vec<Doc>>()).unwrap_or_default()
    }

    /// The part that had these bytes; none where they are no part.
    pub fn from_bytes(segment: &[u8], dead: &[u8]) -> Option<Self> {
        let segment: Segment = postcard::from_bytes(segment).ok()?;
        let steps: Vec<Doc> = postcard::from_bytes(dead).ok()?;
        let mut live = Bits::all(segment.doc_count());
        let mut next: Doc = 0;
        for step in steps {
            let doc = next.checked_add(step)?;
            if !live.contains(doc) {
                return None;
            }
            live.remove(doc);
            next = doc + 1;
        }
        Some(Self {
            segment: Arc::new(segment),
            live: Arc::new(live),
        })
    }
}

impl CatalogView {
    /// All segments with their dead.
    pub fn parts(&self) -> Vec<Part> {
        let layers = self.layers.iter();
        let part = |layer: &Layer| Part {
            segment: Arc::clone(&layer.segment),
            live: Arc::clone(&layer.live),
        };
        layers.map(part).collect()
    }

    /// Owners by the number that records refer to.
    pub fn owner_slots(&self) -> Vec<Option<PeerId>> {
        self.owners.slots()
    }
}

impl Catalog {
    /// Sums by the number of the owner.
    pub fn all_totals(&self) -> &[OwnerTotals] {
        &self.totals
    }

    /// How many names the records of each owner have together; those that wait aside.
    pub fn name_counts(&self) -> Vec<(PeerId, usize)> {
        let mut counts = vec![0; self.owners.slot_count()];
        for layer in &self.layers {
            let docs = 0..layer.segment.doc_count();
            for doc in docs.filter(|doc| layer.is_live(*doc)) {
                counts[layer.segment.scan(doc).owner as usize] += 1;
            }
        }
        let owners = (0..).zip(counts).filter(|(_, count)| *count > 0);
        let named = owners.filter_map(|(owner, count)| Some((self.owners.id_of(owner)?, count)));
        named.collect()
    }

    /// The catalog that was put down as these, with what tells the segment of each part; its owners
    /// are to be put in anew, and are offline until then.
    pub fn restore(
        slots: Vec<Option<PeerId>>,
        totals: Vec<OwnerTotals>,
        mut parts: Vec<Part>,
    ) -> (Self, Vec<Token>) {
        let mut catalog = Self::default();
        catalog.file_count = totals.iter().map(|totals| totals.files).sum();
        catalog.byte_count =
            (totals.iter()).fold(0, |sum, totals| sum.saturating_add(totals.bytes));
        catalog.totals = totals;
        catalog.owners = Owners::from_slots(slots);
        catalog
            .totals
            .resize(catalog.owners.slot_count(), OwnerTotals::default());
        let count: u64 = parts.iter().map(Part::live_count).sum();
        catalog.ids = Membership::with_capacity(usize::try_from(count).unwrap_or_default());
        let numbers = catalog.know(&parts);
        catalog.find_lagging(&parts, &numbers);
        for (part, contents) in parts.iter_mut().zip(&numbers) {
            // Fresh from its bytes: nobody else has it.
            if let Some(segment) = Arc::get_mut(&mut part.segment) {
                segment.number_contents(contents);
            }
        }
        catalog.layers = indexed(parts, &catalog.owners);
        let tokens = (catalog.layers.iter())
            .map(|layer| Token(Arc::downgrade(&layer.segment)))
            .collect();
        (catalog, tokens)
    }

    /// Takes note of the records of parts; yields the numbers of their contents, by document.
    fn know(&mut self, parts: &[Part]) -> Vec<Vec<Content>> {
        // The dead keep a number of their own, which is given anew afterwards.
        let mut gone = Vec::new();
        let mut numbers = Vec::with_capacity(parts.len());
        for Part { segment, live } in parts {
            let docs = 0..segment.doc_count();
            let mut contents = Vec::with_capacity(docs.len());
            for doc in docs {
                let detail = segment.detail(doc);
                let content = spread(detail.hash.as_bytes());
                let is_partial = segment.scan(doc).is_partial && live.contains(doc);
                contents.push(self.contents.add(content, is_partial));
                if segment.scan(doc).place.is_last() && live.contains(doc) {
                    self.ids.insert(spread(detail.id.as_bytes()));
                } else {
                    // Of several names of a record one counts.
                    gone.push(content);
                }
            }
            numbers.push(contents);
        }
        for content in gone {
            self.contents.take(content);
        }
        numbers
    }
}

/// The parts with their lookups, in their order; half of them are made on a thread of its own.
fn indexed(parts: Vec<Part>, owners: &Owners) -> Vec<Layer> {
    let mut parts: Vec<(usize, Part)> = parts.into_iter().enumerate().collect();
    parts.sort_by_key(|(_, part)| part.segment.doc_count());
    let (one, other): (Vec<_>, Vec<_>) =
        (parts.into_iter().enumerate()).partition(|(place, _)| place.is_multiple_of(2));
    let index = |half: Vec<(usize, (usize, Part))>| -> Vec<(usize, Layer)> {
        let parts = half.into_iter();
        parts
            .map(|(_, (number, part))| (number, layer(part, owners)))
            .collect()
    };
    let mut layers = thread::scope(|threads| {
        let aside = threads.spawn(move || index(other));
        let mut layers = index(one);
        layers.extend(aside.join().unwrap_or_else(|panic| resume_unwind(panic)));
        layers
    });
    layers.sort_by_key(|(number, _)| *number);
    layers.into_iter().map(|(_, layer)| layer).collect()
}

fn layer(part: Part, owners: &Owners) -> Layer {
    let dead: Vec<Doc> = part.dead().collect();
    let mut segment = part.segment;
    // Fresh from its bytes: nobody else has it.
    if let Some(segment) = Arc::get_mut(&mut segment) {
        segment.index_keys();
        segment.mark();
    }
    let mut layer = Layer::around(segment, owners);
    layer.bury(dead);
    layer
}

pub mod whole {
    //! A list with room for all of it from the start: the usual way does not trust the length it
    //! reads, and copies a large column several times while it grows. These bytes were sealed by us.

    use std::fmt;
    use std::marker::PhantomData;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    /// More than any column has; what is asked for more grows as usual.
    const TRUSTED_MAX_COUNT: usize = 1 << 28;

    #[expect(clippy::borrowed_box, reason = "the signature that serde asks for")]
    pub(in crate::catalog) fn serialize<T: Serialize, S: Serializer>(
        list: &Box<[T]>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        list.serialize(out)
    }

    pub(in crate::catalog) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Box<[T]>, D::Error> {
        from.deserialize_seq(List(PhantomData))
    }

    struct List<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> de::Visitor<'de> for List<T> {
        type Value = Box<[T]>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let count = items.size_hint().unwrap_or_default();
            let mut list = Vec::with_capacity(count.min(TRUSTED_MAX_COUNT));
            while let Some(item) = items.next_element()? {
                list.push(item);
            }
            Ok(list.into())
        }
    }
}

pub mod bytes {
    //! Bytes in one piece, not one after the other.

    use std::fmt;

    use serde::{Deserializer, Serializer, de};

    #[expect(clippy::borrowed_box, reason = "the signature that serde asks for")]
    pub(in crate::catalog) fn serialize<S: Serializer>(
        bytes: &Box<[u8]>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.serialize_bytes(bytes)
    }

    pub(in crate::catalog) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Box<[u8]>, D::Error> {
        from.deserialize_bytes(Bytes)
    }

    struct Bytes;

    impl de::Visitor<'_> for Bytes {
        type Value = Box<[u8]>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
            Ok(bytes.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use compact_str::CompactString;
    use jiff::Timestamp;
    use protocol::category::Category;
    use protocol::ids::FileId;

    use super::*;
    use crate::catalog::{FileEntry, OwnerFacts, RecordName};

    #[test]
    fn the_layout_is_the_one_that_its_number_stands_for() {
        let owner = PeerId::from_bytes([7; 32]);
        let mut catalog = Catalog::default();
        let facts = OwnerFacts {
            name: "lena".into(),
            is_online: true,
            reputation: 50,
        };
        catalog.put_owner(owner, facts);
        for (number, path) in (0..).zip(["Music/One.mp3", "Music/two.flac", "film.mkv"]) {
            let hash = ContentHash::of(path.as_bytes());
            catalog.put(FileEntry {
                id: FileId::of(&owner, &hash),
                owner,
                hash,
                pieces_root: None,
                size_bytes: 1_000 + number,
                category: Category::of_name(path),
                tags: vec![CompactString::from("tested")],
                names: (0..=number * 200)
                    .map(|copy| RecordName {
                        path: format!("{path}~{copy}").into(),
                        filename: None,
                    })
                    .collect(),
                uploaded_at: Timestamp::UNIX_EPOCH,
                is_partial: number == 2,
                downloads: number,
                rating_sum: 5,
                rating_votes: 1,
            });
        }
        let parts = catalog.view().parts();
        let bytes: Vec<u8> = parts.iter().flat_map(Part::bytes).collect();
        let told = ContentHash::of(&bytes).to_string();
        // Another text here needs another `LAYOUT`: else a shelf of before is read as one of now.
        assert_eq!(
            (LAYOUT, &told[..16]),
            (9, "e8023ecaf1af0477"),
            "{} bytes",
            bytes.len()
        );
    }
}
