//! Words of the dictionary that are one typing error away from a word: one letter wrong, missing,
//! too many, or two neighbours swapped (Damerau 1964).
//!
//! One error leaves one half of the word as it is, unless it swaps the two letters in the middle.
//! So only words that start with the first half or hold the second one are compared.

use super::{Hold, Part, Words, key};
use crate::catalog::docs::Gather;
use crate::catalog::segment::Doc;

/// Dictionary words compared with one word: a millisecond at 50 ns each.
const COMPARED_MAX_COUNT: usize = 20_000;

impl Words {
    /// Hands each dictionary word that is, or starts with, a text one error away from `word` to
    /// `found`: that text, and in how many documents the word is.
    pub fn near(&self, word: &str, mut found: impl FnMut(&str, u64)) {
        let letters: Vec<char> = word.chars().collect();
        let middle = letters.len() / 2;
        let text = |letters: &[char]| letters.iter().collect::<String>();
        let (first, second) = (text(&letters[..middle]), text(&letters[middle..]));
        let mut swapped = letters.clone();
        if middle > 0 {
            swapped.swap(middle - 1, middle);
        }
        let mut numbers: Vec<usize> = Vec::new();
        for start in [first, text(&swapped)] {
            if let Some(key) = key(None, start.as_bytes()) {
                let is_behind = |word: &str| !word.starts_with(key.as_str());
                numbers.extend(self.docs.range(key.as_str(), is_behind));
            }
        }
        numbers.truncate(COMPARED_MAX_COUNT);
        numbers.extend(self.holding(&second).take(COMPARED_MAX_COUNT));
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let Some(near) = start_near(&letters, &self.docs.keys()[number]) else {
                continue;
            };
            found(near, self.docs.at(number).len());
        }
    }

    /// Numbers of words with all grams of `text`; they may hold them elsewhere.
    fn holding(&self, text: &str) -> impl Iterator<Item = usize> {
        let mut numbers = Gather::default();
        if let [a, b, c] = text.as_bytes()[..3.min(text.len())] {
            numbers.add(self.grams.get(&super::gram(a, b, c)));
        }
        let part = Part {
            text: text.as_bytes(),
            hold: Hold::Inside,
        };
        let is_held = move |word: &str| {
            word.as_bytes()
                .windows(part.text.len())
                .any(|w| w == part.text)
        };
        let word_count = Doc::try_from(self.docs.keys().len()).unwrap_or(Doc::MAX);
        let numbers: Vec<usize> = numbers
            .finish(word_count)
            .iter_from(0)
            .map(|number| number as usize)
            .filter(|number| is_held(&self.docs.keys()[*number]))
            .collect();
        numbers.into_iter()
    }
}

/// `word`, or else a start of it, that is one error away from `letters`: of the same length first,
/// then one letter longer, then one shorter.
fn start_near<'w>(letters: &[char], word: &'w str) -> Option<&'w str> {
    if is_one_error_away(letters, word) {
        return Some(word);
    }
    let count = letters.len();
    [count, count + 1, count - 1]
        .into_iter()
        .find_map(|length| {
            let mut ends = word.char_indices().map(|(at, _)| at);
            let start = &word[..ends.nth(length)?];
            is_one_error_away(letters, start).then_some(start)
        })
}

/// Whether exactly one typing error makes one of the other.
fn is_one_error_away(letters: &[char], other: &str) -> bool {
    let other: Vec<char> = other.chars().collect();
    let alike = letters
        .iter()
        .zip(&other)
        .take_while(|(a, b)| a == b)
        .count();
    let (left, right) = (&letters[alike..], &other[alike..]);
    match (left, right) {
        ([], []) => false,
        ([_, rest @ ..], _) if rest == right => true,
        (_, [_, rest @ ..]) if rest == left => true,
        ([_, left @ ..], [_, right @ ..]) if left == right => true,
        ([a, b, left @ ..], [c, d, right @ ..]) => a == d && b == c && left == right,
        _ => false,
    }
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
        let mut all: Vec<String> = all
            .into_iter()
            .map(|letters| letters.iter().collect())
            .collect();
        all.retain(|error| error != word);
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

    #[test]
    fn an_error_is_one_letter_or_two_swapped() {
        for word in texts(5) {
            let letters: Vec<char> = word.chars().collect();
            let errors = errors(&word);
            for other in texts(4).chain(texts(5)).chain(texts(6)) {
                let is_error = errors.binary_search(&other).is_ok();
                assert_eq!(
                    is_one_error_away(&letters, &other),
                    is_error,
                    "{word} {other}"
                );
            }
        }
    }

    #[test]
    fn every_word_with_an_error_is_found_again() {
        let words = Words::of_names(["cabbac.txt", "größe.pdf"].into_iter(), 2);
        for error in errors("cabbac").iter().filter(|error| error.len() > 4) {
            let mut found = Vec::new();
            words.near(error, |near, count| found.push((near.to_owned(), count)));
            let is_found = found
                .iter()
                .any(|(near, _)| "cabbac".starts_with(near.as_str()));
            assert!(is_found, "{error}: {found:?}");
        }
        let mut found = Vec::new();
        words.near("grösse", |near, count| {
            found.push((near.to_owned(), count));
        });
        assert!(found.is_empty(), "two errors: {found:?}");
    }
}
