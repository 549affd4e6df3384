//! The documents of what very many words hold: two or three letters in a row, typed at the start of
//! nearly every search. Uniting the documents of thousands of words takes longer than all the rest.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Gram, gram};
use crate::catalog::docs::{DocSet, Gather};
use crate::catalog::postings::{Posting, Postings, PostingsWriter};
use crate::catalog::segment::Doc;

/// What so many words hold is kept by document; tests keep nearly everything.
const FREQUENT_MIN_COUNT: u64 = if cfg!(test) { 3 } else { 1_024 };

/// Two bytes of a word in a row; larger than every gram.
fn pair(a: u8, b: u8) -> Gram {
    1 << 24 | u32::from(a) << 8 | u32::from(b)
}

/// Documents by frequent pair and gram; nothing of all others.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Frequent(Postings<Gram>);

impl Frequent {
    /// Of the words whose documents are `docs`, and their numbers by gram.
    pub fn new(docs: &Postings<str>, grams: &Postings<Gram>, doc_count: Doc) -> Self {
        let mut writer = PostingsWriter::new(doc_count);
        let word_count = Doc::try_from(docs.keys().len()).unwrap_or(Doc::MAX);
        let mut push = |key: Gram, grams_held: Range<usize>| {
            // Mostly they are few, which is told without a set of them.
            let mut count = 0;
            for index in grams_held.clone() {
                count += match grams.at(index) {
                    Posting::List(numbers) => numbers.len() as u64,
                    Posting::Bits(_) => u64::from(word_count),
                };
            }
            if count.min(word_count.into()) < FREQUENT_MIN_COUNT {
                return;
            }
            let mut numbers = Gather::default();
            grams_held.for_each(|index| numbers.add(grams.at(index)));
            let mut held = Gather::default();
            for number in numbers.finish(word_count).iter_from(0) {
                held.add(docs.at(number as usize));
            }
            match held.finish(doc_count) {
                DocSet::List(docs) => writer.push(&key, &docs),
                DocSet::Bits(bits) => {
                    writer.push_bits(&key, bits.into_owned());
                }
            }
        };
        for (index, gram) in grams.keys().iter().enumerate() {
            push(*gram, index..index + 1);
        }
        let mut start = 0;
        for alike in grams.keys().chunk_by(|left, right| left >> 8 == right >> 8) {
            let [_, _, a, b] = (alike[0] >> 8).to_be_bytes();
            push(pair(a, b), start..start + alike.len());
            start += alike.len();
        }
        Self(writer.finish())
    }

    /// The documents with a word that holds `text`, where that is two or three bytes and frequent.
    pub fn get(&self, text: &[u8]) -> Option<Posting<'_>> {
        let key = match *text {
            [a, b] => pair(a, b),
            [a, b, c] => gram(a, b, c),
            _ => return None,
        };
        let index = self.0.index_of(&key)?;
        Some(self.0.at(index))
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }
}
