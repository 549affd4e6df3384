//! How the catalog spells what may have been meant by a word that it does not know.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::catalog::budget::Budget;
use crate::catalog::docs::Gather;
use crate::catalog::layer::Layer;
use crate::catalog::view::CatalogView;
use crate::catalog::words::{Near, Words};

/// Words with fewer letters have too many others near them.
const CORRECTED_MIN_LETTERS: usize = 5;
/// So many spellings of a word are tried, the best first.
const TRIED_MAX_COUNT: usize = 3;

/// What is known of a spelling.
#[derive(Debug, Default)]
struct Known {
    /// Whether it is a whole word, and not only the start of some.
    is_whole: bool,
    /// Documents with a word that starts so.
    doc_count: u64,
}

/// Which spelling of each of `count` words to try: the best of all, then others of one at a time.
pub fn ranks(count: usize) -> impl Iterator<Item = Vec<usize>> {
    let others = (0..count).flat_map(move |which| {
        (1..TRIED_MAX_COUNT).map(move |rank| {
            let mut ranks = vec![0; count];
            ranks[which] = rank;
            ranks
        })
    });
    std::iter::once(vec![0; count]).chain(others)
}

impl CatalogView {
    /// The spellings one typing error away from `word` (folded), among documents of online owners
    /// or of all: whole words before starts of words, longer starts before shorter ones, and what
    /// more documents have first.
    pub(super) fn spellings(&self, word: &str, is_online: bool, budget: &Budget) -> Vec<String> {
        if word.chars().count() < CORRECTED_MIN_LETTERS || !word.chars().all(char::is_alphanumeric)
        {
            return Vec::new();
        }
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        for layer in &self.layers {
            for words in [layer.segment.name_words(), layer.segment.folder_words()] {
                words.near(word, budget, |near| {
                    if may_mean(word, &near.text) {
                        add(&mut known, &near, words, layer, is_online, budget);
                    }
                });
            }
        }
        let mut spellings: Vec<(String, Known)> = known.into_iter().collect();
        spellings.sort_by_key(|(text, known)| {
            let start_length = if known.is_whole {
                0
            } else {
                text.chars().count()
            };
            (
                Reverse(known.is_whole),
                Reverse(start_length),
                Reverse(known.doc_count),
            )
        });
        spellings.truncate(TRIED_MAX_COUNT);
        spellings.into_iter().map(|(text, _)| text).collect()
    }
}

/// Adds what a dictionary of a layer has of a spelling, where any of its documents count.
fn add(
    known: &mut BTreeMap<String, Known>,
    near: &Near,
    words: &Words,
    layer: &Layer,
    is_online: bool,
    budget: &Budget,
) {
    let complete_count = layer.segment.complete_count();
    let live = |gather: Gather<'_>| {
        let is_reached = budget.afford(gather.steps(complete_count));
        let set = is_reached.then(|| gather.finish(complete_count))?;
        let set = layer.counting(set, is_online);
        Some(set.len()).filter(|count| *count > 0)
    };
    let mut starting = Gather::default();
    for number in near.numbers.clone() {
        starting.add(words.docs_of(number));
    }
    let Some(doc_count) = live(starting) else {
        return;
    };
    let mut whole = Gather::default();
    if let Some(number) = near.whole {
        whole.add(words.docs_of(number));
    }
    let spelling = known.entry(near.text.clone()).or_default();
    spelling.is_whole |= live(whole).is_some();
    spelling.doc_count += doc_count;
}

/// Whether what was typed may mean `near`, one error away. Another number is not a typing error, it
/// means another thing; but a digit between two letters may stand for a third.
fn may_mean(typed: &str, near: &str) -> bool {
    if digits(typed) == digits(near) {
        return true;
    }
    let (typed, near): (Vec<char>, Vec<char>) = (typed.chars().collect(), near.chars().collect());
    let mut triples = typed.windows(3).zip(near.windows(3));
    typed.len() == near.len()
        && triples.any(|(typed, near)| {
            let is_digit_within = matches!(typed, [before, middle, after]
                if before.is_alphabetic() && middle.is_numeric() && after.is_alphabetic());
            is_digit_within && near[1].is_alphabetic()
        })
}

fn digits(text: &str) -> impl PartialEq {
    text.chars().filter(|c| c.is_numeric()).collect::<String>()
}
