//! The letters of a name that a query found, so that it is seen why a row is there.

use std::ops::Range;

use protocol::query::{Query, fold, fold_phrase};
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

use crate::tui::format;
use crate::tui::model::Model;
use crate::tui::theme::Token;
use crate::tui::widgets::canvas::Canvas;
use crate::tui::widgets::table::GUTTER;

/// Words shorter than this are found only where a word begins.
const INSIDE_MIN_CHARS: usize = 3;

/// What a query looks for in names, as it is compared.
#[derive(Debug, Clone, Default)]
pub struct Matches {
    words: Vec<String>,
    phrases: Vec<String>,
}

impl Matches {
    /// Of the query that was searched for, corrected where it was.
    pub fn of(model: &Model) -> Self {
        let search = &model.search;
        let text = search.corrected.as_deref();
        Self::of_query(text.unwrap_or_else(|| search.prompt.text()))
    }

    fn of_query(text: &str) -> Self {
        let Ok(query) = Query::parse(text) else {
            return Self::default();
        };
        Self {
            words: query.words.iter().map(ToString::to_string).collect(),
            phrases: query.phrases.iter().map(ToString::to_string).collect(),
        }
    }

    /// Draws them over `name`, which stands in the line `y` of a table.
    pub fn draw(&self, name: &str, y: u16, is_selected: bool, canvas: &mut Canvas<'_>) {
        let token = if is_selected {
            Token::MatchSelect
        } else {
            Token::Match
        };
        for columns in self.columns(name) {
            let width = columns.end - columns.start;
            canvas.overlay(Rect::new(GUTTER + columns.start, y, width, 1), token);
        }
    }

    /// Columns of `name` that it is found by.
    fn columns(&self, name: &str) -> Vec<Range<u16>> {
        let mut columns = found(name, &self.words, |text| fold(text).into());
        columns.extend(found(name, &self.phrases, |text| fold_phrase(text).into()));
        columns
    }
}

fn found(name: &str, wanted: &[String], fold: impl Fn(&str) -> String) -> Vec<Range<u16>> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut folded = String::with_capacity(name.len());
    // Where each letter of the name begins: in the folded text, and on the screen.
    let mut starts = Vec::with_capacity(name.len() + 1);
    let mut column = 0;
    for letter in name.graphemes(true) {
        starts.push((folded.len(), column));
        folded.push_str(&fold(letter));
        column += u16::try_from(format::width(letter)).unwrap_or(0);
    }
    starts.push((folded.len(), column));
    let mut columns = Vec::new();
    for word in wanted.iter().filter(|word| !word.is_empty()) {
        for (from, _) in folded.match_indices(word.as_str()) {
            if is_short(word) && !is_word_start(&folded, from) {
                continue;
            }
            let to = from + word.len();
            let first = starts.partition_point(|(start, _)| *start <= from) - 1;
            let last = starts.partition_point(|(start, _)| *start < to);
            if let (Some((_, left)), Some((_, right))) = (starts.get(first), starts.get(last)) {
                columns.push(*left..*right);
            }
        }
    }
    columns
}

/// Scripts whose words are a character or two write them without blanks.
fn is_short(word: &str) -> bool {
    word.is_ascii() && word.len() < INSIDE_MIN_CHARS
}

fn is_word_start(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    !before.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_were_found_are_told_by_their_columns() {
        for (query, name, expected) in [
            ("debian", "Debian-13.iso", "^^^^^^"),
            ("iso debian", "debian.iso", "^^^^^^ ^^^"),
            ("ete", "Été à.txt", "^^^"),
            ("日本", "x日本語.pdf", " ^^^^"),
            ("a", "a banana a", "^        ^"),
            ("nan", "a banana", "    ^^^"),
            ("\"big buck\"", "the Big_Buck.mkv", "    ^^^^^^^^"),
            ("-debian", "debian.iso", ""),
            ("ext:iso", "debian.iso", ""),
        ] {
            let columns = Matches::of_query(query).columns(name);
            let shown: String = (0..40)
                .map(|column| {
                    let is_found = columns.iter().any(|found| found.contains(&column));
                    if is_found { '^' } else { ' ' }
                })
                .collect();
            assert_eq!(shown.trim_end(), expected, "{query} in {name}");
        }
    }
}
