//! Which documents hold a word of a text: a dictionary of the different words of all names (or of
//! all folders) with the documents of each, and the grams of the dictionary.
//!
//! Names share their words: a million of them hold some hundred thousand different ones. So a part
//! of a word is looked for among those, and what is found is exact, without a look at any name.
//! Words lie between ASCII bytes that are neither letters nor digits.

mod build;
mod frequent;
mod near;

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::budget::Budget;
use super::docs::{DocSet, Gather};
use super::matcher::is_between_words;
use super::postings::{Posting, Postings};
use super::segment::Doc;

pub use build::merge;
use frequent::Frequent;
pub use near::Near;

/// Three bytes of a word in a row; the end of the word is a zero byte.
pub type Gram = u32;

/// Stands before the first word of a name that starts with it.
const FIRST: u8 = 1;
/// Stands before the one word of a name that is nothing else, its ending aside.
const ONLY: u8 = 2;

/// So many words are read from memory at a time.
const READ_COUNT: usize = 64;

/// Steps to find a word among all.
const WORD_STEPS: u64 = 120;
/// Steps to find a gram or a byte among all.
const GRAM_STEPS: u64 = 25;
/// Steps to look at a word and add its documents.
const NUMBER_STEPS: u64 = 6;

/// How a word must hold what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Anywhere in it.
    Inside,
    /// At its start.
    Start,
    /// At its end.
    End,
    /// It is that.
    Whole,
}

/// A stretch of a query without a byte between words, and how a word must hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'q> {
    /// Folded.
    pub text: &'q [u8],
    /// What stands beside it in the query tells.
    pub hold: Hold,
}

/// Whether the texts of words are looked at before their documents are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AreRead {
    Yes,
    No,
}

/// The parts of `needle`; a document that holds the needle holds them all. None where it is only
/// bytes between words.
pub fn parts(needle: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let count = needle.split(|byte| is_between_words(*byte)).count();
    let parts = needle.split(|byte| is_between_words(*byte)).enumerate();
    let parts = parts.filter(|(_, text)| !text.is_empty());
    parts.map(move |(index, text)| Part {
        text,
        hold: match (index > 0, index + 1 < count) {
            (false, false) => Hold::Inside,
            (true, false) => Hold::Start,
            (false, true) => Hold::End,
            (true, true) => Hold::Whole,
        },
    })
}

/// Whether a text holds `needle` exactly if one of its words does.
pub fn is_part_of_a_word(needle: &[u8]) -> bool {
    !needle.is_empty() && !needle.iter().copied().any(is_between_words)
}

/// Documents by the words of one region of their texts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Words {
    /// By word; those behind a mark come first.
    docs: Postings<str>,
    /// By byte that any of their words holds.
    bytes: Postings<u8>,
    /// Numbers of words, by gram.
    grams: Postings<Gram>,
    frequent: Frequent,
}

impl Words {
    /// Adds the documents with a word that holds `part`; false, and not all are added, where
    /// `budget` does not reach for them.
    #[must_use]
    pub fn gather<'v>(&'v self, part: Part<'_>, into: &mut Gather<'v>, budget: &Budget) -> bool {
        if part.hold == Hold::Inside
            && let Some(posting) = self.frequent.get(part.text)
        {
            into.add(posting);
            return budget.afford(GRAM_STEPS);
        }
        match (part.hold, part.text) {
            (Hold::Whole, text) => {
                into.add(self.exactly(None, text));
                budget.afford(WORD_STEPS)
            }
            (Hold::Start, text) => self.gather_start(None, text, into, budget),
            // One byte is in too many words to gather them; that it ends one is not known then.
            (Hold::Inside | Hold::End, [byte]) => {
                into.add(self.bytes.get(byte));
                budget.afford(GRAM_STEPS)
            }
            (Hold::Inside, [a, b]) => {
                let (first, last) = (gram(*a, *b, 0), gram(*a, *b, u8::MAX));
                let mut numbers = Gather::default();
                for index in self.grams.range(&first, |gram| *gram > last) {
                    numbers.add(self.grams.at(index));
                }
                self.gather_numbers(numbers, into, budget)
            }
            (Hold::End, [a, b]) => {
                let mut numbers = Gather::default();
                numbers.add(self.grams.get(&gram(*a, *b, 0)));
                self.gather_numbers(numbers, into, budget)
            }
            (Hold::Inside, [a, b, c]) => {
                let mut numbers = Gather::default();
                numbers.add(self.grams.get(&gram(*a, *b, *c)));
                self.gather_numbers(numbers, into, budget)
            }
            (Hold::Inside, text) => {
                let finder = memmem::Finder::new(text);
                self.gather_longer(text, |word| finder.find(word).is_some(), into, budget)
            }
            (Hold::End, text) => {
                self.gather_longer(text, |word| word.ends_with(text), into, budget)
            }
        }
    }

    /// Adds the documents whose first word starts with `text`, at the start of the name; false as
    /// in [`Self::gather`].
    #[must_use]
    pub fn gather_first<'v>(&'v self, text: &[u8], into: &mut Gather<'v>, budget: &Budget) -> bool {
        self.gather_start(Some(FIRST), text, into, budget)
    }

    /// The documents whose first word is `text`, at the start of the name; none where `budget` does
    /// not reach for them.
    pub fn with_first(&self, text: &[u8], budget: &Budget) -> Option<Posting<'_>> {
        budget
            .afford(WORD_STEPS)
            .then(|| self.exactly(Some(FIRST), text))
    }

    /// The documents whose name is `text`, its ending aside.
    pub fn with_only(&self, text: &[u8]) -> Posting<'_> {
        self.exactly(Some(ONLY), text)
    }

    /// Bytes held, by part.
    pub fn memory(&self) -> [(&'static str, usize); 5] {
        let texts = self.docs.keys().bytes();
        [
            ("texts of words", texts),
            ("documents of words", self.docs.bytes() - texts),
            ("documents of bytes", self.bytes.bytes()),
            ("grams of words", self.grams.bytes()),
            ("documents of frequent grams", self.frequent.bytes()),
        ]
    }

    fn exactly(&self, mark: Option<u8>, text: &[u8]) -> Posting<'_> {
        match key(mark, text) {
            Some(key) => self.docs.get(&key),
            None => Posting::List(&[]),
        }
    }

    fn gather_start<'v>(
        &'v self,
        mark: Option<u8>,
        text: &[u8],
        into: &mut Gather<'v>,
        budget: &Budget,
    ) -> bool {
        // A part that is cut within a letter starts no word.
        let Some(key) = key(mark, text) else {
            return true;
        };
        let range = self.docs.range(&key, |word| !word.starts_with(&key));
        let is_reached = budget.afford(WORD_STEPS + range.len() as u64);
        if is_reached {
            range.for_each(|index| into.add(self.docs.at(index)));
        }
        is_reached
    }

    /// Words of which all grams of `text` are known, at least one of them.
    fn gather_longer<'v>(
        &'v self,
        text: &[u8],
        is_held: impl Fn(&[u8]) -> bool,
        into: &mut Gather<'v>,
        budget: &Budget,
    ) -> bool {
        let mut postings: Vec<_> = text
            .windows(3)
            .map(|window| self.grams.get(&gram(window[0], window[1], window[2])))
            .collect();
        if !budget.afford(postings.len() as u64 * GRAM_STEPS) {
            return false;
        }
        postings.sort_unstable_by_key(|posting| match posting {
            Posting::List(numbers) => numbers.len(),
            Posting::Bits(_) => usize::MAX,
        });
        let Some((rarest, others)) = postings.split_first() else {
            return true;
        };
        let mut numbers = rarest.to_set();
        if !budget.afford(numbers.len() * NUMBER_STEPS) {
            return false;
        }
        for other in others {
            numbers = numbers.within(&other.to_set());
        }
        self.add_words(&numbers, AreRead::Yes, is_held, into);
        true
    }

    fn gather_numbers<'v>(
        &'v self,
        numbers: Gather<'_>,
        into: &mut Gather<'v>,
        budget: &Budget,
    ) -> bool {
        let word_count = Doc::try_from(self.docs.keys().len()).unwrap_or(Doc::MAX);
        if !budget.afford(numbers.steps(word_count)) {
            return false;
        }
        let numbers = numbers.finish(word_count);
        if !budget.afford(numbers.len() * NUMBER_STEPS) {
            return false;
        }
        self.add_words(&numbers, AreRead::No, |_| true, into);
        true
    }

    /// Adds the documents of the words of these numbers that are wanted.
    fn add_words<'v>(
        &'v self,
        numbers: &DocSet<'_>,
        are_read: AreRead,
        is_wanted: impl Fn(&[u8]) -> bool,
        into: &mut Gather<'v>,
    ) {
        let texts = self.docs.keys();
        let mut buffer = [0; READ_COUNT];
        let mut numbers = numbers.iter_from(0);
        loop {
            let block = numbers.next_block(&mut buffer);
            if block.is_empty() {
                return;
            }
            self.docs.warm(block);
            if are_read == AreRead::Yes {
                texts.warm(block);
            }
            for number in block.iter().map(|number| *number as usize) {
                if are_read == AreRead::No || is_wanted(texts.at(number).as_bytes()) {
                    into.add(self.docs.at(number));
                }
            }
        }
    }
}

fn gram(a: u8, b: u8, c: u8) -> Gram {
    u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c)
}

/// A word of the dictionary; none where the text is cut within a letter.
fn key(mark: Option<u8>, text: &[u8]) -> Option<String> {
    let mut key = String::with_capacity(text.len() + 1);
    key.extend(mark.map(char::from));
    key.push_str(std::str::from_utf8(text).ok()?);
    Some(key)
}

#[cfg(test)]
mod tests;
