//! A question put to one layer: which documents may meet it, told by postings alone.
//!
//! Mostly the postings tell for certain; where they do not (words that reach across others, few
//! candidates that are not worth narrowing), whoever walks the set asks [`Asker::meet`] of each.

mod classes;
mod columns;
mod names;
mod narrowed;

use std::borrow::Cow;
use std::cmp::Reverse;

use super::across::Across;
use super::budget::Budget;
use super::docs::{DocSet, Gather};
use super::layer::Layer;
use super::lookup::spread;
use super::matcher::{Question, Scratch};
use super::owners::Owners;
use super::postings::Posting;
use super::rank::Match;
use super::segment::Doc;
use super::words::{self, Part};
pub use classes::Classes;
use narrowed::Narrowed;

/// Steps to read a document, to look for one text in it, and to make its separators spaces.
const READ_STEPS: u64 = 15;
const TEXT_STEPS: u64 = 3;
const PHRASE_STEPS: u64 = 5;
/// How much more than it takes a pass over all names counts; tests mostly have one or the other.
const SWEPT_WEIGHT: u64 = if cfg!(test) { 30 } else { 1 };
/// Parts of words that are looked up before any set is made of them, so that the rarest of them
/// comes first; of more parts the longest are enough mostly.
const PARTS_AT_ONCE: usize = 4;
/// Steps to read a document's columns.
const COLUMN_STEPS: u64 = 2;

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
    /// Whether some may not meet what it says about columns.
    pub asks_columns: bool,
}

impl Plan<'_> {
    /// Of documents that all were found to meet a question, in any order.
    pub fn of_met(mut docs: Vec<Doc>) -> Self {
        docs.sort_unstable();
        Self {
            set: DocSet::list(docs),
            is_certain: true,
            asks_columns: false,
        }
    }

    /// Whether the columns of one of its documents meet the question of `asker`, whose plan this is;
    /// read only where the postings have not told.
    pub fn is_met_by_columns(&self, asker: &Asker<'_>, doc: Doc) -> bool {
        !self.asks_columns || asker.is_met_by_columns(doc)
    }

    /// Whether a document meets the question of `asker`, whose plan this is.
    pub fn is_met(&self, asker: &Asker<'_>, doc: Doc, scratch: &mut Scratch) -> bool {
        self.set.contains(doc)
            && if self.is_certain {
                self.is_met_by_columns(asker, doc)
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

    /// Whether all names are passed in less time than it takes to look at each document of `plan` for
    /// the text of `across`.
    pub fn is_swept_sooner(&self, across: &Across<'_>, plan: &Plan<'_>) -> bool {
        let steps = self.layer.segment.swept_bytes() as u64 * SWEPT_WEIGHT / across.bytes_a_step();
        !plan.set.is_at_most(steps / self.look_steps)
    }

    /// Documents whose folders hold all words of `text`; none where the budget does not reach for
    /// them.
    pub fn with_folder(&self, text: &[u8]) -> Option<DocSet<'v>> {
        let segment = &self.layer.segment;
        let doc_count = segment.complete_count();
        let mut all: Option<DocSet<'v>> = None;
        for part in words::parts(text) {
            let mut gather = Gather::default();
            let words = segment.folder_words();
            let is_reached = words.gather(part, &mut gather, self.budget)
                && self.budget.afford(gather.steps(doc_count));
            let docs = is_reached.then(|| gather.finish(doc_count))?;
            all = Some(match all {
                Some(all) => all.within(&docs),
                None => docs,
            });
        }
        Some(all.unwrap_or_else(|| DocSet::all(doc_count)))
    }

    /// Whether a document's columns meet the question.
    pub fn is_met_by_columns(&self, doc: Doc) -> bool {
        self.budget.spend(COLUMN_STEPS);
        let scan = self.layer.segment.scan(doc);
        self.question.is_met_by_columns(scan, self.owners)
    }

    /// The documents that may meet the question.
    pub fn plan(&self) -> Plan<'v> {
        let mut narrowed = Narrowed::new(self.layer.segment.complete_count(), self.budget);
        narrowed.is_certain = self.question.hashes.len() < 2;
        self.narrow_by_keys(&mut narrowed);
        self.narrow_by_words(&mut narrowed);
        self.narrow_by_kind(&mut narrowed);
        self.leave_out(&mut narrowed);
        let (is_certain, asks_columns) = (narrowed.is_certain, narrowed.asks_columns);
        let is_online_only = self.question.is_online_only;
        let set = match narrowed.set {
            None if is_online_only => DocSet::Bits(Cow::Borrowed(&self.layer.online)),
            _ => self.layer.counting(narrowed.finish(), is_online_only),
        };
        Plan {
            set,
            is_certain,
            asks_columns,
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
        if let Some(owners) = &self.question.owners {
            let is_told = !narrowed.is_small() && self.narrow_by_owners(owners.numbers(), narrowed);
            narrowed.asks_columns |= !is_told;
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

    /// Takes out what holds an unwanted word.
    fn leave_out(&self, narrowed: &mut Narrowed<'v>) {
        let doc_count = self.layer.segment.complete_count();
        for needle in self.question.unwanted() {
            let is_told = words::is_part_of_a_word(needle) && !narrowed.is_small();
            let part = words::parts(needle).next().filter(|_| is_told);
            let gather = part.and_then(|part| self.anywhere(part));
            match gather.filter(|gather| self.budget.afford(gather.steps(doc_count))) {
                Some(gather) => narrowed.take_out(&gather.finish(doc_count)),
                None => narrowed.is_certain = false,
            }
        }
    }
}
