//! Builds dictionaries: from texts, or from the dictionaries of segments that are merged.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::frequent::Frequent;
use super::{FIRST, Gram, ONLY, Words, gram};
use crate::catalog::docs::Bits;
use crate::catalog::matcher::is_between_words;
use crate::catalog::postings::{self, Merged, Postings, PostingsWriter};
use crate::catalog::segment::Doc;

/// Stands for no mark: behind all marks in order, as no word starts with a byte as small as those.
const UNMARKED: u8 = u8::MAX;

/// The words of numbered texts, which come one after the other.
#[derive(Debug, Default)]
struct Builder<'t> {
    /// By mark and word: its number in the order of appearance.
    words: HashMap<(u8, &'t str), u32>,
    /// By word: the last text that holds it.
    last_texts: Vec<u32>,
    /// (word, text), each once.
    pairs: Vec<(u32, u32)>,
    /// By text: a bit for each byte that a word of it holds.
    bytes: Vec<[u64; 4]>,
}

impl<'t> Builder<'t> {
    /// The next text; yields its number.
    fn begin(&mut self) -> u32 {
        self.bytes.push([0; 4]);
        number(self.bytes.len() - 1)
    }

    fn add(&mut self, mark: u8, word: &'t str, text: u32) {
        let fresh = number(self.last_texts.len());
        let word_number = *self.words.entry((mark, word)).or_insert(fresh);
        if word_number == fresh {
            self.last_texts.push(text);
        } else if self.last_texts[word_number as usize] == text {
            return;
        }
        self.last_texts[word_number as usize] = text;
        self.pairs.push((word_number, text));
        if mark == UNMARKED {
            let bytes = &mut self.bytes[text as usize];
            for byte in word.bytes() {
                bytes[usize::from(byte >> 6)] |= 1 << (byte & 63);
            }
        }
    }

    /// The dictionary; `docs_of` yields the documents of a text, ascending, which are no other's.
    fn finish<'d>(self, doc_count: Doc, docs_of: impl Fn(&u32) -> &'d [Doc]) -> Words {
        let texts = by_first(self.last_texts.len(), &self.pairs);
        let words = self.words.into_iter();
        let mut words: Vec<_> = words
            .map(|((mark, word), number)| (start(mark, word), word, mark, number))
            .collect();
        words.sort_unstable();
        let mut docs = PostingsWriter::<str>::new(doc_count);
        let mut list = Vec::new();
        for (_, word, mark, word_number) in words {
            let (word, texts) = (marked(mark, word), texts.of(word_number));
            let count: usize = texts.iter().map(|text| docs_of(text).len()).sum();
            if count >= docs.dense_min_count() {
                let mut bits = Bits::none(doc_count);
                let held = texts.iter().flat_map(&docs_of);
                held.for_each(|doc| bits.insert(*doc));
                docs.push_bits(&word, bits);
            } else {
                list.clear();
                list.extend(texts.iter().flat_map(&docs_of));
                list.sort_unstable();
                docs.push(&word, &list);
            }
        }
        let docs = docs.finish();
        let grams = grams_of(&docs);
        Words {
            frequent: Frequent::new(&docs, &grams, doc_count),
            grams,
            bytes: bytes_of(&self.bytes, doc_count, docs_of),
            docs,
        }
    }
}

/// Compares as mark and word do, but for words that it is the same of: the mark and up to seven
/// bytes. No word holds a zero byte.
fn start(mark: u8, word: &str) -> u64 {
    let mut start = [0; 8];
    start[0] = mark;
    for (place, byte) in start[1..].iter_mut().zip(word.bytes()) {
        *place = byte;
    }
    u64::from_be_bytes(start)
}

fn marked(mark: u8, word: &str) -> Cow<'_, str> {
    if mark == UNMARKED {
        return word.into();
    }
    let mut key = String::with_capacity(word.len() + 1);
    key.push(char::from(mark));
    key.push_str(word);
    key.into()
}

/// Documents by byte, from the bytes of each text.
fn bytes_of<'d>(
    texts: &[[u64; 4]],
    doc_count: Doc,
    docs_of: impl Fn(&u32) -> &'d [Doc],
) -> Postings<u8> {
    let mut held: Vec<Option<Bits>> = (0..256).map(|_| None).collect();
    for (text, words) in (0..).zip(texts) {
        let docs = docs_of(&text);
        for (base, word) in (0..).step_by(64).zip(words) {
            let mut left = *word;
            while left != 0 {
                let byte: usize = base + left.trailing_zeros() as usize;
                let bits = held[byte].get_or_insert_with(|| Bits::none(doc_count));
                for doc in docs {
                    bits.insert(*doc);
                }
                left &= left - 1;
            }
        }
    }
    let mut bytes = PostingsWriter::new(doc_count);
    for (byte, bits) in (0..=u8::MAX).zip(held) {
        if let Some(bits) = bits {
            bytes.push_bits(&byte, bits);
        }
    }
    bytes.finish()
}

/// Second halves of pairs by their first halves, in the order in which they came.
#[derive(Debug)]
struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn of(&self, first: u32) -> &[u32] {
        let (start, end) = (self.starts[first as usize], self.starts[first as usize + 1]);
        &self.items[start as usize..end as usize]
    }
}

fn by_first(count: usize, pairs: &[(u32, u32)]) -> Lists {
    let mut starts = vec![0; count + 1];
    for (first, _) in pairs {
        starts[*first as usize + 1] += 1;
    }
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    let mut next = starts.clone();
    let mut items = vec![0; pairs.len()];
    for (first, second) in pairs {
        let place = &mut next[*first as usize];
        items[*place as usize] = *second;
        *place += 1;
    }
    Lists { starts, items }
}

impl Words {
    /// Of file names, folded, of documents `0..`.
    pub fn of_names<'t>(names: impl Iterator<Item = &'t str>, doc_count: Doc) -> Self {
        let mut builder = Builder::default();
        for name in names {
            let doc = builder.begin();
            for word in words(name) {
                builder.add(UNMARKED, word, doc);
            }
            let end = name.bytes().position(is_between_words);
            let first = &name[..end.unwrap_or(name.len())];
            if !first.is_empty() {
                builder.add(FIRST, first, doc);
                if is_only(&name[first.len()..]) {
                    builder.add(ONLY, first, doc);
                }
            }
        }
        let docs: Vec<Doc> = (0..doc_count).collect();
        builder.finish(doc_count, |text| {
            docs.get(*text as usize..*text as usize + 1)
                .unwrap_or_default()
        })
    }

    /// Of folders, folded; `of_docs` has the number of the folder of each document `0..`.
    pub fn of_folders<'t>(
        folders: impl Iterator<Item = &'t str>,
        of_docs: impl Iterator<Item = u32>,
        doc_count: Doc,
    ) -> Self {
        let mut builder = Builder::default();
        for folder in folders {
            let text = builder.begin();
            for word in words(folder) {
                builder.add(UNMARKED, word, text);
            }
        }
        let pairs: Vec<(u32, Doc)> = of_docs.zip(0..).collect();
        let docs = by_first(builder.bytes.len(), &pairs);
        builder.finish(doc_count, |text| docs.of(*text))
    }
}

/// Texts and their words are fewer than what 32 bits count, as documents are.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether what stands behind the first word of a name is nothing or an ending.
fn is_only(rest: &str) -> bool {
    match rest.strip_prefix('.') {
        Some(ending) => !ending.contains('.'),
        None => rest.is_empty(),
    }
}

/// What stands between bytes that part words, which are all ASCII.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let bytes = text.as_bytes();
        while at < bytes.len() && is_between_words(bytes[at]) {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && !is_between_words(bytes[at]) {
            at += 1;
        }
        (start < at).then(|| &text[start..at])
    })
}

/// The words of several segments as one: `moved` as in [`postings::merge`].
pub fn merge(sources: &[(&Words, &[Doc])], doc_count: Doc) -> Words {
    let parts: Vec<_> = (sources.iter())
        .map(|(words, moved)| (&words.docs, *moved))
        .collect();
    let Merged { postings, moved } = postings::merge(&parts, doc_count);
    let parts: Vec<_> = (sources.iter())
        .map(|(words, moved)| (&words.bytes, *moved))
        .collect();
    let bytes = postings::merge(&parts, doc_count).postings;
    // Words stay in order, so the lists of their numbers are merged as those of documents are.
    let parts: Vec<_> = (sources.iter().zip(&moved))
        .map(|((words, _), moved)| (&words.grams, moved.as_slice()))
        .collect();
    let grams = postings::merge(&parts, number(postings.keys().len())).postings;
    Words {
        frequent: Frequent::new(&postings, &grams, doc_count),
        docs: postings,
        bytes,
        grams,
    }
}

fn low_half(pair: u64) -> u32 {
    u32::try_from(pair & u64::from(u32::MAX)).unwrap_or_default()
}

/// The numbers of words by their grams; those behind a mark aside.
fn grams_of(words: &Postings<str>) -> Postings<Gram> {
    // A gram above the number of a word.
    let mut pairs: Vec<u64> = Vec::with_capacity(words.keys().letter_bytes());
    for (number, word) in (0..).zip(words.keys().iter()) {
        let bytes = word.as_bytes();
        if bytes.first().is_none_or(|first| *first <= ONLY) {
            continue;
        }
        let ended = bytes.iter().copied().chain([0]);
        let mut window = None;
        for byte in ended {
            window = match window {
                None => Some((0, byte)),
                Some((a, b)) => {
                    if a != 0 {
                        pairs.push(u64::from(gram(a, b, byte)) << 32 | number);
                    }
                    Some((b, byte))
                }
            };
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let word_count = Doc::try_from(words.keys().len()).unwrap_or(Doc::MAX);
    let mut writer = PostingsWriter::new(word_count);
    let mut numbers = Vec::new();
    for alike in pairs.chunk_by(|left, right| left >> 32 == right >> 32) {
        numbers.clear();
        numbers.extend(alike.iter().map(|pair| low_half(*pair)));
        writer.push(&low_half(alike[0] >> 32), &numbers);
    }
    writer.finish()
}
