//! A text that reaches across words, looked for in many names at a time: of such a text no posting
//! tells whether its words stand next to each other.
//!
//! Names lie one behind the other in memory, so a pass over all of them takes less than to read a
//! tenth of them one by one. Knows nothing of documents.

use std::ops::Range;

use aho_corasick::Span;
use aho_corasick::packed;
use memchr::memmem::Finder;

use super::matcher::plain_separator;
use super::words;

/// What stands for a space of a phrase in a name.
pub const SEPARATORS: [u8; 9] = *b"\t\n\x0b\x0c\r -._";
/// So many bytes are passed in one step, where one text is looked for and where several are.
const ONE_BYTES: u64 = 160;
const SEVERAL_BYTES: u64 = 80;

/// How a text sees the separators of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separators {
    /// Each as itself.
    Themselves,
    /// Each as a space.
    Spaces,
}

/// A text that reaches across words.
#[derive(Debug)]
pub struct Across<'q> {
    text: &'q [u8],
    separators: Separators,
    /// The part of it that is looked for.
    window: Range<usize>,
    searcher: Searcher,
}

#[derive(Debug)]
enum Searcher {
    One(Finder<'static>),
    /// The same with every separator.
    Several(packed::Searcher),
}

impl<'q> Across<'q> {
    /// Of `text`, folded; none of one that is within a word, or that a folder and a name may hold
    /// together.
    pub fn new(text: &'q [u8], separators: Separators) -> Option<Self> {
        if text.is_empty() || words::is_part_of_a_word(text) || text.contains(&b'/') {
            return None;
        }
        let window = match separators {
            Separators::Themselves => 0..text.len(),
            Separators::Spaces => widest(text),
        };
        let part = &text[window.clone()];
        let space = part.iter().position(|byte| *byte == b' ');
        let searcher = match space.filter(|_| separators == Separators::Spaces) {
            Some(space) => {
                let with = |separator| {
                    let mut part = part.to_vec();
                    part[space] = separator;
                    part
                };
                Searcher::Several(packed::Searcher::new(SEPARATORS.map(with))?)
            }
            None => Searcher::One(Finder::new(part).into_owned()),
        };
        Some(Self {
            text,
            separators,
            window,
            searcher,
        })
    }

    /// What is looked for.
    pub const fn text(&self) -> &'q [u8] {
        self.text
    }

    /// Bytes that are passed in one step.
    pub fn bytes_a_step(&self) -> u64 {
        match self.searcher {
            Searcher::One(_) => ONE_BYTES,
            Searcher::Several(_) => SEVERAL_BYTES,
        }
    }

    /// Where in `names` the part of the text that is looked for stands first, among the places
    /// in `places`.
    pub fn find(&self, names: &[u8], places: Range<usize>) -> Option<usize> {
        let end = names.len().min(places.end + self.window.len() - 1);
        let at = places.start;
        match &self.searcher {
            Searcher::One(finder) => finder.find(&names[at..end]).map(|found| at + found),
            Searcher::Several(searcher) => searcher
                .find_in(names, Span { start: at, end })
                .map(|found| found.start()),
        }
    }

    /// Whether a name holds the text whose part stands at `at`.
    pub fn stands_around(&self, name: &[u8], at: usize) -> bool {
        let start = at.checked_sub(self.window.start);
        let there = start.and_then(|start| name.get(start..start + self.text.len()));
        there.is_some_and(|there| self.is(there))
    }

    /// Whether the text is anywhere in `name`.
    pub fn is_in(&self, name: &[u8]) -> bool {
        name.windows(self.text.len()).any(|there| self.is(there))
    }

    fn is(&self, there: &[u8]) -> bool {
        match self.separators {
            Separators::Themselves => there == self.text,
            Separators::Spaces => {
                let plain = there.iter().copied().map(plain_separator);
                plain.eq(self.text.iter().copied())
            }
        }
    }
}

/// Of the parts of `text` with one space in them the widest; all of it where there is no space.
fn widest(text: &[u8]) -> Range<usize> {
    let spaces = (0..text.len()).filter(|at| text[*at] == b' ');
    let around = spaces.map(|at| {
        let before = text[..at].iter().rposition(|byte| *byte == b' ');
        let behind = text[at + 1..].iter().position(|byte| *byte == b' ');
        let start = before.map_or(0, |space| space + 1);
        start..behind.map_or(text.len(), |count| at + 1 + count)
    });
    around.max_by_key(Range::len).unwrap_or(0..text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All names that hold the text, found by one pass.
    fn check(text: &str, separators: Separators, names: &[&str], expected: &[usize]) {
        let across = Across::new(text.as_bytes(), separators).expect("reaches across words");
        let all = names.concat();
        let (mut found, mut start) = (Vec::new(), 0);
        for (number, name) in names.iter().enumerate() {
            let (mut at, end) = (start, start + name.len());
            while let Some(place) = across.find(all.as_bytes(), at..end) {
                if across.stands_around(name.as_bytes(), place - start) {
                    found.push(number);
                    break;
                }
                at = place + 1;
            }
            assert_eq!(
                found.last() == Some(&number),
                across.is_in(name.as_bytes()),
                "{text:?} in {name:?}"
            );
            start = end;
        }
        assert_eq!(found, expected, "{text:?} {separators:?}");
    }

    #[test]
    fn a_phrase_is_found_with_any_separators_and_a_word_as_it_is() {
        let names = ["a-b.c", "xa b_cx", "ab c", "a", "-b", "a--b", "b\tc", ""];
        check("a-b", Separators::Themselves, &names, &[0]);
        check("a b c", Separators::Spaces, &names, &[0, 1]);
        check("b c", Separators::Spaces, &names, &[0, 1, 2, 6]);
        check(" b", Separators::Spaces, &names, &[0, 1, 4, 5]);
        check(" ", Separators::Spaces, &names, &[0, 1, 2, 4, 5, 6]);
    }

    #[test]
    fn what_a_folder_and_a_name_may_hold_together_is_not_looked_for() {
        assert!(Across::new(b"a/b", Separators::Themselves).is_none());
        assert!(Across::new(b"ab", Separators::Spaces).is_none());
    }
}
