//! Words of the dictionary that are, or start with, a text one typing error away from a word: one
//! letter wrong, missing, too many, or two neighbours swapped (Damerau 1964).
//!
//! An error leaves one half of the word as it is. Where that is the end, the dictionary tells by its
//! grams which words hold it. Where it is the start, they stand together, and are read one by one
//! once they are few: until then, as a tree of letters, in which what may stand at a place in error
//! is the letters that come next. So all of them are found, in any alphabet, and few others are
//! read.

use std::collections::HashSet;
use std::ops::Range;

use super::{GRAM_STEPS, ONLY, Words, gram};
use crate::catalog::budget::Budget;
use crate::catalog::keys::KeyList;
use crate::catalog::postings::{DENSE_MAX_SHARE, Posting};
use crate::catalog::segment::Doc;

/// Letters of the end of a word that are looked for as one, at least: a gram.
const END_MIN_LETTERS: usize = 3;
/// How many words are read one by one: above that, the tree takes less.
const READ_MAX: ReadMax = ReadMax {
    start: 2_048,
    end: 12_288,
};
/// Words that are read rather than asked whether they hold one more gram.
const UNSIFTED_MAX_COUNT: usize = 32;
/// Steps to read one of many words that stand together, and one that stands anywhere.
const NEXT_STEPS: u64 = 4;
const WORD_STEPS: u64 = 14;

/// Steps to make a text and find where it would stand among so many words: each comparison waits
/// for memory.
fn steps(word_count: usize) -> u64 {
    25 + 12 * u64::from(word_count.checked_ilog2().unwrap_or_default())
}

/// A text that some words start with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// One typing error away from the word that was asked for.
    pub text: String,
    /// Numbers of the words that start with it.
    pub numbers: Range<usize>,
    /// The number of the word that is it.
    pub whole: Option<usize>,
}

/// How many words are read one by one.
#[derive(Debug, Clone, Copy)]
struct ReadMax {
    /// Of those that start alike, and stand together.
    start: usize,
    /// Of those that hold a gram of the end.
    end: usize,
}

/// One search for what is near a word.
struct Search<'w, F> {
    words: &'w Words,
    budget: &'w Budget,
    max: ReadMax,
    word: &'w str,
    /// Where each letter of the word starts, and where the last one ends.
    places: Vec<usize>,
    /// Numbers of the words without a mark.
    all: Range<usize>,
    seen: HashSet<String>,
    found: F,
}

impl Words {
    /// Hands each text that is one error away from `word`, and that words start with, to `found`,
    /// once; not all of them where the budget ends.
    pub fn near(&self, word: &str, budget: &Budget, found: impl FnMut(Near)) {
        self.near_reading(word, READ_MAX, budget, found);
    }

    fn near_reading(&self, word: &str, max: ReadMax, budget: &Budget, found: impl FnMut(Near)) {
        if word.is_empty() {
            return;
        }
        let count = self.docs.keys().len();
        let marked = self.docs.keys().partition_point(0..count, is_marked);
        let mut places: Vec<usize> = word.char_indices().map(|(at, _)| at).collect();
        places.push(word.len());
        let mut search = Search {
            words: self,
            budget,
            max,
            word,
            places,
            all: marked..count,
            seen: HashSet::new(),
            found,
        };
        let count = search.letter_count();
        let mut split = (count / 2).min(count.saturating_sub(END_MIN_LETTERS));
        if split > 0 && !search.read_ends(split) {
            split = 0;
        }
        search.walk(split);
    }

    /// The documents of a word.
    pub fn docs_of(&self, number: usize) -> Posting<'_> {
        self.docs.at(number)
    }
}

impl<F: FnMut(Near)> Search<'_, F> {
    const fn letter_count(&self) -> usize {
        self.places.len() - 1
    }

    /// The word from one letter to before another.
    fn part(&self, letters: Range<usize>) -> &str {
        &self.word[self.places[letters.start]..self.places[letters.end]]
    }

    /// Finds what ends like the word from letter `split` on, which is a gram or longer, by reading
    /// the words that hold that; false, and nothing found, where those are too many.
    fn read_ends(&mut self, split: usize) -> bool {
        let end = self.part(split..self.letter_count()).as_bytes();
        self.budget.spend(end.len() as u64 * GRAM_STEPS);
        let grams = end.windows(3).map(|of| gram(of[0], of[1], of[2]));
        let mut postings: Vec<Posting<'_>> = grams.map(|of| self.words.grams.get(&of)).collect();
        let count = |posting: &Posting<'_>| match posting {
            Posting::List(numbers) => numbers.len(),
            Posting::Bits(_) => self.all.end / DENSE_MAX_SHARE,
        };
        postings.sort_by_key(count);
        let Some((rarest, others)) = postings.split_first() else {
            return false;
        };
        if count(rarest) > self.max.end {
            return false;
        }
        let mut numbers: Vec<Doc> = Vec::new();
        rarest.for_each(|number| numbers.push(number));
        self.budget.spend(numbers.len() as u64);
        for other in others {
            if numbers.len() > UNSIFTED_MAX_COUNT {
                self.budget.spend(numbers.len() as u64 * 2);
                numbers.retain(|number| other.contains(*number));
            }
        }
        for number in numbers {
            if self.budget.is_spent() {
                break;
            }
            self.budget.spend(WORD_STEPS);
            self.read(number as usize);
        }
        true
    }

    /// Finds what starts like the word up to letter `split`, and what does but for the letters at
    /// `split` and before it being swapped.
    fn walk(&mut self, split: usize) {
        let mut alike = self.starting(self.part(0..split), &self.all);
        if split > 0 {
            self.find_swapped(split - 1, &self.all.clone());
        }
        for at in split..self.letter_count() {
            if alike.len() <= self.max.start {
                for number in alike {
                    if self.budget.is_spent() {
                        return;
                    }
                    self.budget.spend(NEXT_STEPS);
                    self.read(number);
                }
                return;
            }
            let before = self.part(0..at).to_owned();
            let rest = self.part(at + 1..self.letter_count()).to_owned();
            let letter = self.part(at..at + 1).to_owned();
            self.find(format!("{before}{rest}"), &alike);
            self.find_swapped(at, &alike);
            let mut left = alike.clone();
            while let Some((other, range)) = self.next_letter(before.len(), &mut left) {
                if !letter.starts_with(other) {
                    self.find(format!("{before}{other}{rest}"), &range);
                    self.find(format!("{before}{other}{letter}{rest}"), &range);
                }
            }
            alike = self.starting(&format!("{before}{letter}"), &alike);
        }
    }

    /// Finds the word with letter `at` and the next swapped.
    fn find_swapped(&mut self, at: usize, among: &Range<usize>) {
        let count = self.letter_count();
        if at + 1 < count {
            let (before, letter) = (self.part(0..at), self.part(at..at + 1));
            let (next, rest) = (self.part(at + 1..at + 2), self.part(at + 2..count));
            self.find(format!("{before}{next}{letter}{rest}"), among);
        }
    }

    /// Finds what a word of the dictionary starts with. The first letter in which such a text
    /// differs from the word asked for is the first in which the two words do.
    fn read(&mut self, number: usize) {
        let words = self.words;
        let other = words.docs.keys().at(number);
        let same = (self.word.bytes().zip(other.bytes())).take_while(|(one, other)| one == other);
        let same = same.count();
        // Back to where that letter starts.
        let at = self.places.partition_point(|place| *place <= same) - 1;
        let count = self.letter_count();
        let at = if at == count { at - 1 } else { at };
        let there = &other[self.places[at]..];
        let rest = self.part(at + 1..count);
        if there.starts_with(rest) {
            self.find(format!("{}{rest}", self.part(0..at)), &self.all.clone());
        }
        let mut letters = there.chars();
        let Some(letter) = letters.next() else { return };
        let behind = letters.as_str();
        let own = self.part(at..at + 1);
        if own.starts_with(letter) {
            return;
        }
        let rest = self.part(at + 1..count);
        if behind.starts_with(rest) {
            let text = format!("{}{letter}{rest}", self.part(0..at));
            self.find(text, &self.all.clone());
        }
        let rest = self.part(at..count);
        if behind.starts_with(rest) {
            let text = format!("{}{letter}{rest}", self.part(0..at));
            self.find(text, &self.all.clone());
        }
        if at + 1 < count && self.part(at + 1..at + 2).starts_with(letter) {
            let behind = behind.strip_prefix(self.part(at..at + 1));
            let rest = self.part(at + 2..count);
            if behind.is_some_and(|behind| behind.starts_with(rest)) {
                self.find_swapped(at, &self.all.clone());
            }
        }
    }

    /// Hands a text to whoever asked, if words among those start with it.
    fn find(&mut self, text: String, among: &Range<usize>) {
        if text == self.word || self.seen.contains(&text) {
            return;
        }
        let numbers = self.starting(&text, among);
        if !numbers.is_empty() {
            self.seen.insert(text.clone());
            let first = self.words.docs.keys().at(numbers.start);
            let whole = (*first == *text).then_some(numbers.start);
            (self.found)(Near {
                text,
                numbers,
                whole,
            });
        }
    }

    /// The numbers in `range` of words that start with `text`.
    fn starting(&self, text: &str, range: &Range<usize>) -> Range<usize> {
        self.budget.spend(steps(range.len()));
        let words = self.words.docs.keys();
        let start = words.partition_point(range.clone(), |word| word < text);
        start..words.partition_point(start..range.end, |word| word.starts_with(text))
    }

    /// The letter that stands at byte `at` in the first words of `left`, and the numbers of those
    /// words, which are taken from `left`; none at its end, or where the budget ends.
    fn next_letter(&self, at: usize, left: &mut Range<usize>) -> Option<(char, Range<usize>)> {
        loop {
            if left.start >= left.end || self.budget.is_spent() {
                return None;
            }
            self.budget.spend(steps(left.len()));
            let words = self.words.docs.keys();
            // A word that ends here comes first.
            let Some(letter) = words.at(left.start)[at..].chars().next() else {
                left.start += 1;
                continue;
            };
            let is_alike = |word: &str| word[at..].chars().next() <= Some(letter);
            let range = left.start..words.partition_point(left.clone(), is_alike);
            left.start = range.end;
            return Some((letter, range));
        }
    }
}

fn is_marked(word: &str) -> bool {
    word.as_bytes().first().is_some_and(|first| *first <= ONLY)
}

#[cfg(test)]
mod tests;
