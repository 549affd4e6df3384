//! A question put to one layer: which documents may meet it, told by postings alone.
//!
//! Mostly the postings tell for certain; where they do not (words that reach across others, few
//! candidates that are not worth narrowing), whoever walks the set asks [`Asker::meet`] of each.

mod classes;
mod names;

use std::borrow::Cow;
use std::cmp::Reverse;

use super::budget::Budget;
use super::docs::{DocSet, Gather};
use super::layer::Layer;
use super::lookup::spread;
use super::matcher::{Question, Scratch};
use super::owners::{OwnerIndex, Owners};
use super::postings::Posting;
use super::rank::Match;
use super::segment::Doc;
use super::words::{self, Part};
pub use classes::Classes;

/// Steps to read a document, to look for one text in it, and to make its separators spaces.
const READ_STEPS: u64 = 15;
const TEXT_STEPS: u64 = 3;
const PHRASE_STEPS: u64 = 15;
/// Parts of words that are looked up before any set is made of them, so that the rarest of them
/// comes first; of more parts the longest are enough mostly.
const PARTS_AT_ONCE: usize = 4;
/// Steps to read a document's columns.
const COLUMN_STEPS: u64 = 2;
/// Steps to find the documents of one owner in a layer.
const OWNER_STEPS: u64 = 30;

/// A set as small as this is looked at rather than made smaller; tests make everything smaller.
const SMALL_COUNT: u64 = if cfg!(test) { 2 } else { 256 };

/// A question, a layer, and the postings of the question's tags in it.
#[derive(Debug)]
pub struct Asker<'v> {
    /// What is asked.
    pub question: &'v Question,
    /// Of what.
    pub layer: &'v Layer,
    owners: &'v Owners,
    tags: Vec<Posting<'v>>,
    /// What all this may take.
    pub budget: &'v Budget,
    look_steps: u64,
}

/// The live, complete documents of a layer that may meet a question, of online owners where only
/// those are asked for.
#[derive(Debug)]
pub struct Plan<'v> {
    /// Documents.
    pub set: DocSet<'v>,
    /// Whether all of them meet what the question says about texts, tags and content.
    pub is_certain: bool,
}

impl Plan<'_> {
    /// Whether a document meets the question of `asker`, whose plan this is.
    pub fn is_met(&self, asker: &Asker<'_>, doc: Doc, scratch: &mut Scratch) -> bool {
        self.set.contains(doc)
            && if self.is_certain {
                !asker.question.asks_columns() || asker.is_met_by_columns(doc)
            } else {
                asker.meet(doc, scratch).is_some()
            }
    }
}

impl<'v> Asker<'v> {
    /// Puts `question` to `layer`; what is done for it is taken from `budget`.
    pub fn new(
        question: &'v Question,
        layer: &'v Layer,
        owners: &'v Owners,
        budget: &'v Budget,
    ) -> Self {
        let tags = question.tags.iter();
        let text_count = question.needles().count() + question.unwanted().count();
        let phrase_steps = if question.asks_phrases() {
            PHRASE_STEPS
        } else {
            0
        };
        Self {
            question,
            layer,
            owners,
            tags: tags.map(|tag| layer.segment.with_tag(tag)).collect(),
            budget,
            look_steps: READ_STEPS + phrase_steps + TEXT_STEPS * text_count as u64,
        }
    }

    /// How a live, complete document meets the question, if it does.
    pub fn meet(&self, doc: Doc, scratch: &mut Scratch) -> Option<Match> {
        self.budget.spend(self.look_steps);
        let segment = &self.layer.segment;
        let scan = segment.scan(doc);
        let is_met = self.question.is_met_by_columns(scan, self.owners)
            && (self.question.hashes.iter()).all(|hash| segment.detail(doc).hash == *hash)
            && self.tags.iter().all(|tag| tag.contains(doc));
        if !is_met {
            return None;
        }
        let Scratch { text, plain } = scratch;
        let name_at = segment.copy_text(doc, text);
        self.question.meet_text(text, name_at, plain)
    }

    /// Whether a document's columns meet the question.
    pub fn is_met_by_columns(&self, doc: Doc) -> bool {
        self.budget.spend(COLUMN_STEPS);
        let scan = self.layer.segment.scan(doc);
        self.question.is_met_by_columns(scan, self.owners)
    }

    /// The documents that may meet the question.
    pub fn plan(&self) -> Plan<'v> {
        let mut narrowed = Narrowed {
            set: None,
            is_certain: self.question.hashes.len() < 2,
            doc_count: self.layer.segment.complete_count(),
            budget: self.budget,
        };
        self.narrow_by_keys(&mut narrowed);
        self.narrow_by_words(&mut narrowed);
        self.narrow_by_kind(&mut narrowed);
        self.leave_out(&mut narrowed);
        let is_online_only = self.question.is_online_only;
        let set = match narrowed.set {
            None if is_online_only => DocSet::Bits(Cow::Borrowed(&self.layer.online)),
            set => {
                let set = set.unwrap_or_else(|| DocSet::all(narrowed.doc_count));
                self.layer.counting(set, is_online_only)
            }
        };
        Plan {
            set,
            is_certain: narrowed.is_certain,
        }
    }

    /// By content, tags and owners, the last where those are few documents.
    fn narrow_by_keys(&self, narrowed: &mut Narrowed<'v>) {
        let segment = &self.layer.segment;
        let complete = |doc: &Doc| *doc < segment.complete_count();
        if let Some(hash) = self.question.hashes.first() {
            narrowed.to(DocSet::list(
                segment
                    .docs_of_hash(hash, spread(hash.as_bytes()))
                    .filter(complete)
                    .collect(),
            ));
        }
        for tag in &self.tags {
            if self.budget.is_spent() {
                narrowed.is_certain = false;
                break;
            }
            narrowed.to(tag.to_set());
        }
        if let (Some(owners), false) = (&self.question.owners, narrowed.is_small()) {
            self.narrow_by_owners(owners.numbers(), narrowed);
        }
    }

    fn narrow_by_owners(&self, owners: &[OwnerIndex], narrowed: &mut Narrowed<'v>) {
        if !self.budget.afford(owners.len() as u64 * OWNER_STEPS) {
            return;
        }
        let segment = &self.layer.segment;
        let doc_count = segment.complete_count();
        let lists = owners.iter().map(|owner| segment.docs_of_owner(*owner));
        let count: usize = lists.clone().map(<[Doc]>::len).sum();
        let is_few = count <= segment.doc_count() as usize / 8;
        if is_few && self.budget.afford(count as u64) {
            let docs = lists.flatten().copied();
            let docs: Vec<Doc> = docs.filter(|doc| *doc < doc_count).collect();
            narrowed.to(DocSet::unordered(&docs, doc_count));
        }
    }

    /// By words and phrases, rare ones first, as far as the budget reaches.
    fn narrow_by_words(&self, narrowed: &mut Narrowed<'v>) {
        let mut parts = Vec::new();
        for needle in self.question.needles() {
            narrowed.is_certain &= words::is_part_of_a_word(needle);
            parts.extend(words::parts(needle));
        }
        parts.sort_by_key(|part| Reverse(part.text.len()));
        for some in parts.chunks(PARTS_AT_ONCE) {
            if narrowed.is_small() {
                narrowed.is_certain = false;
                return;
            }
            self.narrow_by_parts(some, narrowed);
        }
    }

    fn narrow_by_parts(&self, parts: &[Part<'_>], narrowed: &mut Narrowed<'v>) {
        let doc_count = self.layer.segment.complete_count();
        let mut gathers: Vec<(u64, Gather<'v>)> = Vec::new();
        for part in parts {
            match self.anywhere(*part) {
                Some(gather) => gathers.push((gather.estimate(doc_count), gather)),
                None => narrowed.is_certain = false,
            }
        }
        gathers.sort_by_key(|(count, _)| *count);
        for (_, gather) in gathers {
            if narrowed.is_small() || !self.budget.afford(gather.steps(doc_count)) {
                narrowed.is_certain = false;
                return;
            }
            narrowed.to(gather.finish(doc_count));
        }
    }

    /// The postings of what holds `part` in its name or folder; none where the budget does not
    /// reach for them.
    fn anywhere(&self, part: Part<'_>) -> Option<Gather<'v>> {
        let segment = &self.layer.segment;
        let mut gather = Gather::default();
        let is_reached = segment.name_words().gather(part, &mut gather, self.budget)
            && segment
                .folder_words()
                .gather(part, &mut gather, self.budget);
        is_reached.then_some(gather)
    }

    /// By ending, category and size.
    fn narrow_by_kind(&self, narrowed: &mut Narrowed<'v>) {
        let segment = &self.layer.segment;
        if !self.question.endings.is_empty() {
            let is_plain = |ending: &String| !ending[1..].contains('.');
            narrowed.is_certain &= self.question.endings.iter().all(is_plain);
            narrowed.by_any(self.question.endings.iter(), |ending| {
                segment.with_extension(ending.rsplit('.').next().unwrap_or_default())
            });
        }
        if let (Some(category), false) = (self.question.category, narrowed.is_small()) {
            narrowed.to(segment.of_category(category).to_set());
        }
        if !self.question.categories.is_empty() && !narrowed.is_small() {
            let categories = self.question.categories.iter();
            narrowed.by_any(categories, |kind| segment.of_category(*kind));
        }
        if !narrowed.is_small() {
            self.narrow_by_size(narrowed);
        }
    }

    fn narrow_by_size(&self, narrowed: &mut Narrowed<'v>) {
        let segment = &self.layer.segment;
        let (min, max) = self.question.sizes;
        let Some(largest_first) = segment.order(protocol::search::Sort::Size) else {
            return;
        };
        if (min, max) == (0, u64::MAX) {
            return;
        }
        let size = |doc: &Doc| segment.scan(*doc).size_bytes;
        let start = largest_first.partition_point(|doc| size(doc) > max);
        let end = largest_first.partition_point(|doc| size(doc) >= min);
        let docs = &largest_first[start.min(end)..end];
        let before = (narrowed.set.as_ref()).map_or(largest_first.len() as u64, DocSet::len);
        if docs.len() as u64 <= before / 16 && self.budget.afford(docs.len() as u64 / 2) {
            narrowed.to(DocSet::unordered(docs, segment.complete_count()));
        }
    }

    /// Takes out what holds an unwanted word.
    fn leave_out(&self, narrowed: &mut Narrowed<'v>) {
        let doc_count = self.layer.segment.complete_count();
        for needle in self.question.unwanted() {
            let is_told = words::is_part_of_a_word(needle) && !narrowed.is_small();
            let part = words::parts(needle).next().filter(|_| is_told);
            let gather = part.and_then(|part| self.anywhere(part));
            match gather.filter(|gather| self.budget.afford(gather.steps(doc_count))) {
                Some(gather) => {
                    let set = narrowed.set.take();
                    let set = set.unwrap_or_else(|| DocSet::all(doc_count));
                    narrowed.set = Some(set.without(&gather.finish(doc_count)));
                }
                None => narrowed.is_certain = false,
            }
        }
    }
}

/// A set that starts as everything.
struct Narrowed<'v> {
    set: Option<DocSet<'v>>,
    is_certain: bool,
    doc_count: Doc,
    budget: &'v Budget,
}

impl<'v> Narrowed<'v> {
    fn is_small(&self) -> bool {
        let set = self.set.as_ref();
        set.is_some_and(|set| set.is_at_most(SMALL_COUNT))
    }

    fn to(&mut self, docs: DocSet<'v>) {
        self.budget.spend(1 + u64::from(self.doc_count) / 1_000);
        self.set = Some(match self.set.take() {
            Some(set) => set.within(&docs),
            None => docs,
        });
    }

    /// To what has any of `keys`; a small set is left as it is.
    fn by_any<K>(&mut self, keys: impl Iterator<Item = K>, posting: impl Fn(K) -> Posting<'v>) {
        if self.is_small() {
            self.is_certain = false;
            return;
        }
        let mut gather = Gather::default();
        keys.for_each(|key| gather.add(posting(key)));
        if self.budget.afford(gather.steps(self.doc_count)) {
            self.to(gather.finish(self.doc_count));
        } else {
            self.is_certain = false;
        }
    }
}
