//! A question made ready to be asked of documents one by one: all filters and words of a search.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use compact_str::CompactString;
use memchr::memmem::Finder;
use protocol::category::Category;
use protocol::hash::ContentHash;
use protocol::query::{self, Query};
use protocol::search::{SearchParams, Sort};

use super::across::{Across, Separators};
use super::columns::Scan;
use super::docs::Bits;
use super::owners::{OwnerIndex, Owners};
use super::rank::Match;

/// All that a document must fulfil.
#[derive(Debug)]
pub struct Question {
    words: Vec<Finder<'static>>,
    phrases: Vec<Finder<'static>>,
    without_words: Vec<Finder<'static>>,
    without_phrases: Vec<Finder<'static>>,
    /// All words and phrases, one space between, separators as spaces.
    pub joined: Vec<u8>,
    /// Whether a word that must be there has a separator in it, which in a word stands for itself.
    pub has_split_words: bool,
    /// Whether it matters how the words meet a name.
    pub is_classed: bool,
    /// With their dots; any of them.
    pub endings: Vec<String>,
    /// Any of them.
    pub categories: Vec<Category>,
    /// And this one.
    pub category: Option<Category>,
    /// Folded; all of them.
    pub tags: Vec<CompactString>,
    /// Smallest and largest, in bytes.
    pub sizes: (u64, u64),
    /// Any of them.
    pub owners: Option<WantedOwners>,
    /// Each must be the content's.
    pub hashes: Vec<ContentHash>,
    /// Only records of owners that are online.
    pub is_online_only: bool,
}

/// The owners whose records are asked for: a set that every document is asked about.
#[derive(Debug)]
pub struct WantedOwners {
    numbers: Vec<OwnerIndex>,
    set: Bits,
}

impl WantedOwners {
    fn new(numbers: BTreeSet<OwnerIndex>) -> Self {
        let bound = numbers.last().map_or(0, |last| last + 1);
        let mut set = Bits::none(bound);
        for number in &numbers {
            set.insert(*number);
        }
        Self {
            numbers: numbers.into_iter().collect(),
            set,
        }
    }

    /// Their numbers, ascending.
    pub fn numbers(&self) -> &[OwnerIndex] {
        &self.numbers
    }

    /// Whether an owner is one of them.
    pub fn contains(&self, owner: OwnerIndex) -> bool {
        self.set.contains(owner)
    }
}

/// Space for a text, and for it with its separators made spaces; kept between documents.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Folded folder and file name.
    pub text: Vec<u8>,
    /// With separators made spaces.
    pub plain: Vec<u8>,
}

impl Scratch {
    /// Without anything in it.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Question {
    /// What `query` and `params` ask for together.
    pub fn new(query: &Query, params: &SearchParams, owners: &Owners) -> Self {
        let finders = |texts: &[CompactString]| {
            let texts = texts.iter().filter(|text| !text.is_empty());
            texts
                .map(|text| Finder::new(text.as_bytes()).into_owned())
                .collect()
        };
        let wanted = query.words.iter().chain(&query.phrases);
        let joined: Vec<&str> = wanted.map(CompactString::as_str).collect();
        let extensions = query.extensions.iter();
        Self {
            words: finders(&query.words),
            phrases: finders(&query.phrases),
            without_words: finders(&query.without_words),
            without_phrases: finders(&query.without_phrases),
            joined: joined.join(" ").bytes().map(plain_separator).collect(),
            has_split_words: (query.words.iter()).any(|word| word.bytes().any(is_separator)),
            is_classed: params.sort == Sort::Relevance && !joined.is_empty(),
            endings: extensions
                .map(|extension| format!(".{}", query::fold(extension)))
                .collect(),
            categories: query.categories.clone(),
            category: params.category,
            tags: folded_tags(query, params),
            sizes: (
                query.min_size.max(params.min_size).unwrap_or(0),
                smaller(query.max_size, params.max_size),
            ),
            owners: wanted_owners(query, params, owners),
            hashes: query.hash.into_iter().chain(params.hash).collect(),
            is_online_only: params.online,
        }
    }

    /// Words and phrases that must not be there.
    pub fn unwanted(&self) -> impl Iterator<Item = &[u8]> {
        let finders = self.without_words.iter().chain(&self.without_phrases);
        finders.map(Finder::needle)
    }

    /// Whether there are phrases, wanted or not.
    pub fn asks_phrases(&self) -> bool {
        !self.phrases.is_empty() || !self.without_phrases.is_empty()
    }

    /// Words and phrases that must be there.
    pub fn needles(&self) -> impl Iterator<Item = &[u8]> {
        let finders = self.words.iter().chain(&self.phrases);
        finders.map(Finder::needle)
    }

    /// The longest of those that reach across words, ready to be looked for in many names.
    pub fn across(&self) -> Option<Across<'_>> {
        let words = self.words.iter().map(|word| (word, Separators::Themselves));
        let phrases = self.phrases.iter();
        let phrases = phrases.map(|phrase| (phrase, Separators::Spaces));
        let mut all: Vec<_> = words.chain(phrases).collect();
        all.sort_by_key(|(text, _)| Reverse(text.needle().len()));
        let mut all = all.into_iter();
        all.find_map(|(text, separators)| Across::new(text.needle(), separators))
    }

    /// Whether a document's columns meet the question.
    pub fn is_met_by_columns(&self, scan: &Scan, owners: &Owners) -> bool {
        let (min, max) = self.sizes;
        (min..=max).contains(&scan.size_bytes)
            && (self.categories.is_empty() || self.categories.contains(&scan.category))
            && self.category.is_none_or(|wanted| wanted == scan.category)
            && (!self.is_online_only || owners.is_online(scan.owner))
            && (self.owners.as_ref()).is_none_or(|wanted| wanted.contains(scan.owner))
    }

    /// How a folded text whose file name starts at `name_at` meets the question.
    pub fn meet_text(&self, text: &[u8], name_at: usize, scratch: &mut Vec<u8>) -> Option<Match> {
        if !self.is_met_by_text(text, name_at, scratch) {
            return None;
        }
        if !self.is_classed {
            return Some(Match::Whole);
        }
        Some(self.classify(&text[name_at..], scratch, name_at))
    }

    /// Whether such a text meets the question; puts it into `scratch` where there are phrases.
    pub fn is_met_by_text(&self, text: &[u8], name_at: usize, scratch: &mut Vec<u8>) -> bool {
        let name = &text[name_at..];
        let is_ending =
            |ending: &String| name.len() > ending.len() && name.ends_with(ending.as_bytes());
        let has = |text: &[u8], finders: &[Finder<'_>]| {
            finders.iter().all(|finder| finder.find(text).is_some())
        };
        let has_any = |text: &[u8], finders: &[Finder<'_>]| {
            finders.iter().any(|finder| finder.find(text).is_some())
        };
        if !self.endings.is_empty() && !self.endings.iter().any(is_ending)
            || !has(text, &self.words)
            || has_any(text, &self.without_words)
        {
            return false;
        }
        if !self.asks_phrases() {
            return true;
        }
        scratch.clear();
        scratch.extend(text.iter().copied().map(plain_separator));
        has(scratch, &self.phrases) && !has_any(scratch, &self.without_phrases)
    }

    /// Whether words with separators in them are in `name` just so.
    fn has_split_words_of(&self, name: &[u8]) -> bool {
        !self.has_split_words || self.words.iter().all(|word| word.find(name).is_some())
    }

    /// The class of a document that meets the question; `scratch` holds its text where there are
    /// phrases.
    fn classify(&self, name: &[u8], scratch: &[u8], name_at: usize) -> Match {
        if starts_plainly(name, &self.joined) && self.has_split_words_of(name) {
            let rest = &name[self.joined.len()..];
            let is_ending = |rest: &[u8]| rest[0] == b'.' && !rest[1..].contains(&b'.');
            return if rest.is_empty() || is_ending(rest) {
                Match::Whole
            } else {
                Match::Start
            };
        }
        let mut class = Match::WordStart;
        let in_name = self.words.iter().map(|word| (word, name));
        let plain_name = scratch.get(name_at..).unwrap_or_default();
        let phrases = self.phrases.iter().map(|phrase| (phrase, plain_name));
        for (finder, name) in in_name.chain(phrases) {
            let mut is_inside = false;
            let mut places = finder.find_iter(name);
            let starts_word = places.any(|at| {
                is_inside = true;
                at == 0 || is_between_words(name[at - 1])
            });
            class = class.max(match (starts_word, is_inside) {
                (true, _) => Match::WordStart,
                (false, true) => Match::Inside,
                (false, false) => Match::Folder,
            });
        }
        class
    }
}

/// Space for `.`, `-`, `_` and other white space: how phrases see a folded text.
pub fn plain_separator(byte: u8) -> u8 {
    match byte {
        b'.' | b'-' | b'_' | b'\t'..=b'\r' => b' ',
        other => other,
    }
}

fn is_separator(byte: u8) -> bool {
    plain_separator(byte) == b' '
}

/// Whether a word may start behind this byte.
pub fn is_between_words(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric()
}

fn starts_plainly(name: &[u8], start: &[u8]) -> bool {
    let bytes = name.iter().copied().map(plain_separator);
    name.len() >= start.len() && bytes.zip(start).all(|(byte, wanted)| byte == *wanted)
}

fn folded_tags(query: &Query, params: &SearchParams) -> Vec<CompactString> {
    let asked = params.tags.iter().map(String::as_str);
    let tags = query.tags.iter().map(CompactString::as_str).chain(asked);
    tags.map(query::fold).collect()
}

fn smaller(left: Option<u64>, right: Option<u64>) -> u64 {
    left.unwrap_or(u64::MAX).min(right.unwrap_or(u64::MAX))
}

/// The owners whose records are asked for; none where all are.
fn wanted_owners(query: &Query, params: &SearchParams, owners: &Owners) -> Option<WantedOwners> {
    let named: Option<BTreeSet<OwnerIndex>> = (!query.owners.is_empty()).then(|| {
        let names = query.owners.iter();
        names.flat_map(|text| owners.named(text)).collect()
    });
    let Some(id) = &params.owner else {
        return named.map(WantedOwners::new);
    };
    let asked = BTreeSet::from_iter(owners.index_of(id));
    Some(WantedOwners::new(match named {
        Some(named) => &named & &asked,
        None => asked,
    }))
}
