//! A question put to one layer: which documents may meet it, told by postings alone.
//!
//! A set from here holds every document that meets the question and some that do not; whoever walks
//! it asks [`Asker::meet`] of each.

use roaring::RoaringBitmap;

use super::layer::Layer;
use super::matcher::{Question, Scratch};
use super::owners::Owners;
use super::postings::{Posting, from_sorted, union};
use super::rank::Match;
use super::segment::Doc;
use super::tokens::{self, Asked, Region};

/// Of the grams of a word, so many rarest are asked.
const GRAMS_MAX_COUNT: usize = 4;
/// A set as small as this is walked rather than made smaller.
pub const SMALL_COUNT: u64 = 256;

/// A question, a layer, and the postings of the question's tags in it.
#[derive(Debug)]
pub struct Asker<'v> {
    /// What is asked.
    pub question: &'v Question,
    /// Of what.
    pub layer: &'v Layer,
    owners: &'v Owners,
    tags: Vec<Posting<'v>>,
}

impl<'v> Asker<'v> {
    /// Puts `question` to `layer`.
    pub fn new(question: &'v Question, layer: &'v Layer, owners: &'v Owners) -> Self {
        let tags = question.tags.iter();
        Self {
            question,
            layer,
            owners,
            tags: tags.map(|tag| layer.segment.with_tag(tag)).collect(),
        }
    }

    /// How a live, complete document meets the question, if it does.
    pub fn meet(&self, doc: Doc, scratch: &mut Scratch) -> Option<Match> {
        let segment = &self.layer.segment;
        let scan = segment.scan(doc);
        let is_met = self.question.is_met_by_columns(scan, self.owners)
            && (self.question.hashes.iter()).all(|hash| segment.detail(doc).hash == *hash)
            && self.tags.iter().all(|tag| tag.contains(doc));
        if !is_met {
            return None;
        }
        let name_at = scan.name_at as usize;
        self.question
            .meet_text(segment.text_bytes(doc), name_at, scratch)
    }

    /// Whether a document is alone of its content and meets the question.
    pub fn is_met_alone(&self, doc: Doc, scratch: &mut Scratch) -> bool {
        let segment = &self.layer.segment;
        let scan = segment.scan(doc);
        scan.is_alone()
            && self.question.is_met_by_columns(scan, self.owners)
            && self.tags.iter().all(|tag| tag.contains(doc))
            && (self.question.is_told_by_grams
                || self.question.is_met_by_text(
                    segment.text_bytes(doc),
                    scan.name_at as usize,
                    scratch,
                ))
    }

    /// The live documents that may meet the question; none where all may (dead ones among them).
    pub fn candidates(&self) -> Option<RoaringBitmap> {
        let mut set = Narrowed(None);
        self.narrow_by_keys(&mut set);
        self.narrow_by_words(&mut set);
        self.narrow_by_kind(&mut set);
        self.living(set)
    }

    /// Of `all` candidates, those that may have all words in their name.
    pub fn in_name(&self, all: Option<&RoaringBitmap>) -> Option<RoaringBitmap> {
        let mut set = Narrowed(all.cloned());
        for needle in self.question.needles() {
            if let Some(docs) = self.docs(&tokens::inside(Region::Name, needle)) {
                set.narrow(docs);
            }
        }
        set.0
    }

    /// Of candidates that may have all words in their name, those that may meet the question in the
    /// way of `class`.
    pub fn of_class(&self, in_name: Option<&RoaringBitmap>, class: Match) -> Option<RoaringBitmap> {
        let mut set = Narrowed(in_name.cloned());
        match class {
            Match::Whole | Match::Start => {
                if let Some(docs) = self.docs(&tokens::at_start(&self.question.joined)) {
                    set.narrow(docs);
                }
                let ends = tokens::at_end(&self.question.joined).map(|end| self.docs(&end));
                if let (Match::Whole, [Some(end), Some(stem_end)]) = (class, ends) {
                    set.narrow(end | stem_end);
                }
            }
            Match::WordStart => {
                for needle in self.question.needles() {
                    let first = self.docs(&tokens::at_start(needle));
                    let others = self.docs(&tokens::at_word(needle));
                    if let (Some(first), Some(others)) = (first, others) {
                        set.narrow(first | others);
                    }
                }
            }
            Match::Inside | Match::Folder => {}
        }
        self.living(set)
    }

    /// Without the dead, which postings know nothing of.
    fn living(&self, set: Narrowed) -> Option<RoaringBitmap> {
        let mut set = set.0?;
        if !self.layer.dead.is_empty() {
            set -= &*self.layer.dead;
        }
        Some(set)
    }

    /// By content and owners, where those are few documents.
    fn narrow_by_keys(&self, set: &mut Narrowed) {
        let segment = &self.layer.segment;
        let complete = |doc: &Doc| *doc < segment.complete_count();
        if let Some(hash) = self.question.hashes.first() {
            set.narrow(segment.docs_of_hash(hash).filter(complete).collect());
        }
        for tag in &self.tags {
            set.narrow_to(*tag);
        }
        if let (Some(owners), false) = (&self.question.owners, set.is_small()) {
            let lists = owners.iter().map(|owner| segment.docs_of_owner(*owner));
            let count: usize = lists.clone().map(<[Doc]>::len).sum();
            if count <= segment.doc_count() as usize / 8 {
                set.narrow(lists.flatten().copied().filter(complete).collect());
            }
        }
    }

    fn narrow_by_words(&self, set: &mut Narrowed) {
        let mut needles: Vec<(u64, &[u8])> = self
            .question
            .needles()
            .map(|needle| (self.estimate(needle), needle))
            .collect();
        needles.sort_unstable();
        for (_, needle) in needles {
            for part in needle.split(|byte| *byte == b'/') {
                if set.is_small() {
                    return;
                }
                let name = self.docs(&tokens::inside(Region::Name, part));
                let folder = self.docs(&tokens::inside(Region::Folder, part));
                if let (Some(name), Some(folder)) = (name, folder) {
                    set.narrow(name | folder);
                }
            }
        }
    }

    /// By ending, category and size.
    fn narrow_by_kind(&self, set: &mut Narrowed) {
        let segment = &self.layer.segment;
        if !self.question.endings.is_empty() && !set.is_small() {
            let endings = self.question.endings.iter();
            set.narrow(union(endings.map(|ending| {
                segment.with_extension(ending.rsplit('.').next().unwrap_or_default())
            })));
        }
        if let (Some(category), false) = (self.question.category, set.is_small()) {
            set.narrow_to(segment.of_category(category));
        }
        if !self.question.categories.is_empty() && !set.is_small() {
            let categories = self.question.categories.iter();
            set.narrow(union(categories.map(|kind| segment.of_category(*kind))));
        }
        if !set.is_small() {
            self.narrow_by_size(set);
        }
    }

    fn narrow_by_size(&self, set: &mut Narrowed) {
        let segment = &self.layer.segment;
        let (min, max) = self.question.sizes;
        let Some(largest_first) = segment.order(protocol::search::Sort::Size) else {
            return;
        };
        let size = |doc: &Doc| segment.scan(*doc).size_bytes;
        let start = largest_first.partition_point(|doc| size(doc) > max);
        let end = largest_first.partition_point(|doc| size(doc) >= min);
        let docs = &largest_first[start.min(end)..end];
        let before = set
            .0
            .as_ref()
            .map_or(largest_first.len() as u64, RoaringBitmap::len);
        if docs.len() as u64 <= before / 16 {
            let mut docs = docs.to_vec();
            docs.sort_unstable();
            set.narrow(from_sorted(docs.into_iter()));
        }
    }

    /// At most so many documents hold `needle`.
    fn estimate(&self, needle: &[u8]) -> u64 {
        let grams = self.layer.segment.grams();
        let regions = [Region::Name, Region::Folder];
        let most = |region| match tokens::inside(region, needle) {
            Asked::Each(wanted) => {
                let counts = wanted.iter().map(|gram| grams.get(gram).len());
                counts.min().unwrap_or(u64::MAX)
            }
            Asked::AnyOf(first, last) => {
                grams.range(first..=last).map(|posting| posting.len()).sum()
            }
            Asked::Nothing => u64::from(u32::MAX),
        };
        regions.map(most).iter().sum()
    }

    /// The documents that have what is asked; none where all may.
    fn docs(&self, asked: &Asked) -> Option<RoaringBitmap> {
        let grams = self.layer.segment.grams();
        match asked {
            Asked::Nothing => None,
            Asked::AnyOf(first, last) => Some(union(grams.range(*first..=*last))),
            Asked::Each(wanted) => {
                let mut postings: Vec<_> = wanted.iter().map(|gram| grams.get(gram)).collect();
                postings.sort_unstable_by_key(Posting::len);
                postings.truncate(GRAMS_MAX_COUNT);
                Some(in_all(&postings))
            }
        }
    }
}

/// A set that starts as everything.
struct Narrowed(Option<RoaringBitmap>);

impl Narrowed {
    fn is_small(&self) -> bool {
        self.0.as_ref().is_some_and(|set| set.len() <= SMALL_COUNT)
    }

    fn narrow(&mut self, docs: RoaringBitmap) {
        self.0 = Some(match self.0.take() {
            Some(set) => set & docs,
            None => docs,
        });
    }

    fn narrow_to(&mut self, posting: Posting<'_>) {
        self.0 = Some(match self.0.take() {
            Some(set) => posting.within(&set),
            None => posting.to_set(),
        });
    }
}

/// The documents that are in all postings, of which the rarest comes first.
fn in_all(postings: &[Posting<'_>]) -> RoaringBitmap {
    let [rarest, others @ ..] = postings else {
        return RoaringBitmap::new();
    };
    match rarest {
        Posting::Sparse(docs) => from_sorted(
            docs.iter()
                .copied()
                .filter(|&doc| others.iter().all(|posting| posting.contains(doc))),
        ),
        Posting::Dense(docs) => {
            let mut others = others.iter();
            let mut set = match others.next() {
                Some(posting) => posting.within(docs),
                None => (*docs).clone(),
            };
            for posting in others {
                if set.len() <= SMALL_COUNT {
                    break;
                }
                set = posting.within(&set);
            }
            set
        }
    }
}
