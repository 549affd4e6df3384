//! Numbered texts in one piece of memory: four bytes each beside their letters, where a text of its
//! own has sixteen and a block of the allocator.
//!
//! Knows nothing of what they say.

use std::hint::black_box;

use serde::{Deserialize, Serialize};

/// Texts by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    letters: Box<str>,
    /// Where each ends.
    #[serde(with = "super::stored::whole")]
    ends: Box<[u32]>,
}

impl Texts {
    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number, which must be one of theirs.
    pub fn at(&self, index: usize) -> &str {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends[before],
            None => 0,
        };
        &self.letters[start as usize..self.ends[index] as usize]
    }

    /// Reads what tells where a text lies, so that it is in the caches.
    pub fn touch_place(&self, index: usize) -> u8 {
        let end = self.ends.get(index).copied().unwrap_or_default();
        end.to_le_bytes()[0]
    }

    /// Reads a little of some texts that are looked at next: the reads wait for memory together.
    pub fn warm(&self, indexes: &[u32]) {
        let places = indexes
            .iter()
            .map(|index| self.touch_place(*index as usize));
        black_box(places.fold(0, u8::wrapping_add));
        let firsts = indexes.iter().map(|index| {
            let text = self.at(*index as usize).as_bytes();
            text.first().copied().unwrap_or_default()
        });
        black_box(firsts.fold(0, u8::wrapping_add));
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.at(index))
    }

    /// Bytes of all letters.
    pub fn letter_bytes(&self) -> usize {
        self.letters.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.letters.len() + size_of_val(&*self.ends)
    }
}

/// Takes texts one after the other.
#[derive(Debug, Default)]
pub struct TextsWriter {
    letters: String,
    ends: Vec<u32>,
}

impl TextsWriter {
    /// Room for more.
    pub fn reserve(&mut self, count: usize, letter_bytes: usize) {
        self.ends.reserve(count);
        self.letters.reserve(letter_bytes);
    }

    /// The next one.
    pub fn push(&mut self, text: &str) {
        self.letters.push_str(text);
        // Segments are kept so small that 32 bits reach all of their letters.
        let end = u32::try_from(self.letters.len()).unwrap_or(u32::MAX);
        self.ends.push(end);
    }

    /// How many so far.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// All of them.
    pub fn finish(self) -> Texts {
        Texts {
            letters: super::exact::text(self.letters),
            ends: super::exact::list(self.ends),
        }
    }
}
