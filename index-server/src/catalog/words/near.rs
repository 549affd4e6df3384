//! Words of the dictionary that are, or start with, a text one typing error away from a word: one
//! letter wrong, missing, too many, or two neighbours swapped (Damerau 1964).
//!
//! The sorted dictionary is read as a tree of letters: at each place of the word, the words that
//! start like it up to there are a range, and what may stand there in error are the letters that
//! come next in that range. So all of them are found, in any alphabet, and few others are read.

use std::ops::Range;

use super::{ONLY, Words};
use crate::catalog::budget::Budget;
use crate::catalog::keys::KeyList;
use crate::catalog::postings::Posting;

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

impl Words {
    /// Hands each text that is one error away from `word`, and that words start with, to `found`,
    /// once; not all of them where the budget ends.
    pub fn near(&self, word: &str, budget: &Budget, mut found: impl FnMut(Near)) {
        let letters: Vec<char> = word.chars().collect();
        let text = |letters: &[char]| letters.iter().collect::<String>();
        let mut seen: Vec<String> = Vec::new();
        let mut find = |text: String, range: &Range<usize>| {
            if text == word || seen.contains(&text) {
                return;
            }
            let numbers = self.starting(&text, range, budget);
            if !numbers.is_empty() {
                seen.push(text.clone());
                let first = self.docs.keys().at(numbers.start);
                let whole = (*first == *text).then_some(numbers.start);
                found(Near {
                    text,
                    numbers,
                    whole,
                });
            }
        };
        let count = self.docs.keys().len();
        let mut alike = self.docs.keys().partition_point(0..count, is_marked)..count;
        for (at, letter) in letters.iter().enumerate() {
            let (before, rest) = (text(&letters[..at]), &letters[at + 1..]);
            if alike.is_empty() || budget.is_spent() {
                return;
            }
            find(format!("{before}{}", text(rest)), &alike);
            if let [next, rest @ ..] = rest {
                find(format!("{before}{next}{letter}{}", text(rest)), &alike);
            }
            let mut left = alike.clone();
            while let Some((other, range)) = self.next_letter(before.len(), &mut left, budget) {
                if other != *letter {
                    find(format!("{before}{other}{}", text(rest)), &range);
                    find(format!("{before}{other}{}", text(&letters[at..])), &range);
                }
            }
            alike = self.starting(&format!("{before}{letter}"), &alike, budget);
        }
    }

    /// The documents of a word.
    pub fn docs_of(&self, number: usize) -> Posting<'_> {
        self.docs.at(number)
    }

    /// The numbers in `range` of words that start with `text`.
    fn starting(&self, text: &str, range: &Range<usize>, budget: &Budget) -> Range<usize> {
        budget.spend(steps(range.len()));
        let words = self.docs.keys();
        let start = words.partition_point(range.clone(), |word| word < text);
        start..words.partition_point(start..range.end, |word| word.starts_with(text))
    }

    /// The letter that stands at byte `at` in the first words of `left`, and the numbers of those
    /// words, which are taken from `left`; none at its end, or where the budget ends.
    fn next_letter(
        &self,
        at: usize,
        left: &mut Range<usize>,
        budget: &Budget,
    ) -> Option<(char, Range<usize>)> {
        loop {
            if left.start >= left.end || budget.is_spent() {
                return None;
            }
            budget.spend(steps(left.len()));
            let words = self.docs.keys();
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
mod tests {
    use super::*;

    /// All texts one error away, made the plain way, of letters a to c.
    fn errors(word: &str) -> Vec<String> {
        let letters: Vec<char> = word.chars().collect();
        let mut all = Vec::new();
        for at in 0..=letters.len() {
            for letter in ['a', 'b', 'c'] {
                let mut more = letters.clone();
                more.insert(at, letter);
                all.push(more);
                if at < letters.len() {
                    let mut wrong = letters.clone();
                    wrong[at] = letter;
                    all.push(wrong);
                }
            }
            if at < letters.len() {
                let mut fewer = letters.clone();
                fewer.remove(at);
                all.push(fewer);
            }
            if at + 1 < letters.len() {
                let mut swapped = letters.clone();
                swapped.swap(at, at + 1);
                all.push(swapped);
            }
        }
        let texts = all.into_iter().map(|letters| letters.iter().collect());
        let mut all: Vec<String> = texts.filter(|error: &String| error != word).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn texts(length: u32) -> impl Iterator<Item = String> {
        (0..3_usize.pow(length)).map(move |number| {
            let letter = |at| ['a', 'b', 'c'][number / 3_usize.pow(at) % 3];
            (0..length).map(letter).collect()
        })
    }

    fn near(words: &Words, word: &str) -> Vec<(String, bool)> {
        let mut all = Vec::new();
        words.near(word, &Budget::new(u64::MAX), |near| {
            all.push((near.text, near.whole.is_some()));
        });
        all.sort_unstable();
        all
    }

    #[test]
    fn what_is_near_is_what_one_error_makes() {
        let names: Vec<String> = (4..=6).flat_map(texts).collect();
        // Some of them: not each start of a word is a word.
        let names: Vec<&str> = names.iter().map(String::as_str).step_by(5).collect();
        let words = Words::of_names(names.iter().copied(), 1_000);
        for word in texts(5).step_by(7) {
            let mut expected: Vec<(String, bool)> = errors(&word)
                .into_iter()
                // What the word itself starts with an added end holds the word.
                .filter(|error| !error.starts_with(&word))
                .filter(|error| names.iter().any(|name| name.starts_with(error.as_str())))
                .map(|error| {
                    let is_whole = names.contains(&error.as_str());
                    (error, is_whole)
                })
                .collect();
            expected.sort_unstable();
            assert_eq!(near(&words, &word), expected, "{word}");
        }
    }

    #[test]
    fn letters_of_any_alphabet_stand_for_one_another() {
        let words = Words::of_names(["елка большая.jpg", "größe.pdf", "größer"].into_iter(), 3);
        let expected = |text: &str| vec![(text.to_owned(), true)];
        assert_eq!(near(&words, "болшая"), expected("большая"));
        assert_eq!(
            near(&words, "größee"),
            [("größe".to_owned(), true), ("größer".to_owned(), true)]
        );
        assert_eq!(near(&words, "grösse"), []);
    }

    #[test]
    fn a_small_budget_ends_it() {
        let words = Words::of_names(["cabbac"].into_iter(), 1);
        let budget = Budget::new(20);
        words.near("cabbba", &budget, |_| {});
        assert!(budget.is_spent());
    }
}
