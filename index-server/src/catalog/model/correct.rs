//! Typing errors as plainly as they can be said: every word of every name is compared.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use protocol::query::{self, Query};
use protocol::search::SearchParams;

use super::{Model, Shown, file_name, folder};

impl Model {
    /// What a search that finds nothing is corrected to, and all rows of that.
    pub fn corrected(&self, params: &SearchParams) -> Option<(String, Vec<Shown>)> {
        let mut pieces: Vec<String> = Vec::new();
        let mut unknown: Vec<(usize, Vec<String>)> = Vec::new();
        let mut end = 0;
        for range in query::words(&params.q) {
            let word = query::fold(&params.q[range.clone()]);
            let is_known = self.is_known(&word);
            pieces.push(params.q[end..range.start].to_owned());
            end = range.end;
            let before = unknown.len();
            for part in split(&word) {
                let is_part = part.chars().all(char::is_alphanumeric);
                if !is_known && is_part && !part.is_empty() && !self.is_known(part) {
                    let spellings = self.spellings(part, params.online);
                    if spellings.is_empty() {
                        return None;
                    }
                    unknown.push((pieces.len(), spellings));
                }
                pieces.push(part.to_owned());
            }
            if !is_known && unknown.len() == before {
                return None;
            }
            if unknown.len() == before {
                let parts = split(&word).count();
                pieces.truncate(pieces.len() - parts);
                pieces.push(params.q[range].to_owned());
            }
        }
        pieces.push(params.q[end..].to_owned());
        if unknown.is_empty() {
            return None;
        }
        for ranks in ranks(unknown.len()) {
            let chosen = unknown.iter().zip(&ranks);
            let chosen: Option<Vec<_>> = chosen
                .map(|((at, spellings), rank)| Some((*at, spellings.get(*rank)?)))
                .collect();
            let mut pieces = pieces.clone();
            for (at, spelling) in chosen.into_iter().flatten() {
                pieces[at].clone_from(spelling);
            }
            let text = pieces.concat();
            let query = Query::parse(&text).unwrap_or_default();
            let hits = self.search(&query, params);
            if text != params.q && !hits.is_empty() && chosen_all(&unknown, &ranks) {
                return Some((text, hits));
            }
        }
        None
    }

    /// Texts of all names that count, online ones only where asked: (file name, folder).
    fn names(&self, is_online: bool) -> impl Iterator<Item = (String, String)> + '_ {
        let entries = self
            .entries
            .values()
            .filter(move |entry| !entry.is_partial && (!is_online || self.is_online(&entry.owner)));
        entries.flat_map(|entry| {
            let names = entry.names.iter();
            names.map(|name| (file_name(name), folder(name)))
        })
    }

    fn is_known(&self, word: &str) -> bool {
        self.names(false).any(|(name, folder)| {
            format!("{folder}/{name}")
                .trim_start_matches('/')
                .contains(word)
        })
    }

    fn spellings(&self, word: &str, is_online: bool) -> Vec<String> {
        if word.chars().count() < 5 || !word.chars().all(char::is_alphanumeric) {
            return Vec::new();
        }
        let numbers = |text: &str| -> String { text.chars().filter(|c| c.is_numeric()).collect() };
        let mut known: BTreeMap<String, (bool, u64)> = BTreeMap::new();
        for (name, folder) in self.names(is_online) {
            for text in [name, folder] {
                let mut starts: BTreeMap<String, bool> = BTreeMap::new();
                for own in split(&text).filter(|own| !own.is_empty()) {
                    let ends = own.char_indices().map(|(at, c)| at + c.len_utf8());
                    for start in ends.map(|end| &own[..end]) {
                        let is_meant =
                            numbers(start) == numbers(word) || has_letter_for_digit(word, start);
                        if is_one_error(word, start) && is_meant {
                            *starts.entry(start.to_owned()).or_default() |= start == own;
                        }
                    }
                }
                for (start, is_whole) in starts {
                    let known = known.entry(start).or_default();
                    known.0 |= is_whole;
                    known.1 += 1;
                }
            }
        }
        let mut spellings: Vec<_> = known.into_iter().collect();
        spellings.sort_by_key(|(text, (is_whole, count))| {
            let length = if *is_whole { 0 } else { text.chars().count() };
            (Reverse(*is_whole), Reverse(length), Reverse(*count))
        });
        spellings.truncate(3);
        spellings.into_iter().map(|(text, _)| text).collect()
    }
}

fn chosen_all(unknown: &[(usize, Vec<String>)], ranks: &[usize]) -> bool {
    unknown
        .iter()
        .zip(ranks)
        .all(|((_, all), rank)| *rank < all.len())
}

fn ranks(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![0; count]];
    for which in 0..count {
        for rank in 1..3 {
            let mut ranks = vec![0; count];
            ranks[which] = rank;
            all.push(ranks);
        }
    }
    all
}

/// A text as words and what stands between them, one ASCII character each.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(is_between).flat_map(|part| {
        let word = part.trim_end_matches(is_between);
        [word, &part[word.len()..]]
    })
}

fn is_between(c: char) -> bool {
    c.is_ascii() && !c.is_ascii_alphanumeric()
}

/// Whether `known` has a letter where `typed`, as long, has a digit between two letters.
fn has_letter_for_digit(typed: &str, known: &str) -> bool {
    let (typed, known): (Vec<char>, Vec<char>) = (typed.chars().collect(), known.chars().collect());
    typed.len() == known.len()
        && (1..typed.len().saturating_sub(1)).any(|at| {
            typed[at].is_numeric()
                && known[at].is_alphabetic()
                && typed[at - 1].is_alphabetic()
                && typed[at + 1].is_alphabetic()
        })
}

/// Whether the restricted Damerau-Levenshtein distance of two texts is one.
fn is_one_error(left: &str, right: &str) -> bool {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let is_other = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + is_other);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()] == 1
}
