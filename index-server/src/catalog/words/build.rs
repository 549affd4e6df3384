//! Builds dictionaries: from texts, or from the dictionaries of segments that are merged.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::{FIRST, Gram, ONLY, Words, gram};
use crate::catalog::matcher::is_between_words;
use crate::catalog::postings::{self, Postings, PostingsWriter};
use crate::catalog::segment::Doc;

/// Documents by mark and word, and by byte; documents come in ascending order.
#[derive(Debug)]
struct Builder<'t> {
    words: HashMap<(Option<u8>, &'t str), Vec<Doc>>,
    bytes: BTreeMap<u8, Vec<Doc>>,
}

impl<'t> Builder<'t> {
    /// All words of `texts`, which are those of documents `0..`.
    fn of(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut builder = Self {
            words: HashMap::new(),
            bytes: BTreeMap::new(),
        };
        for (doc, text) in (0..).zip(texts) {
            for word in words(text) {
                builder.add(None, word, doc);
            }
        }
        builder
    }

    fn add(&mut self, mark: Option<u8>, word: &'t str, doc: Doc) {
        push(self.words.entry((mark, word)).or_default(), doc);
        if mark.is_none() {
            for byte in word.bytes() {
                push(self.bytes.entry(byte).or_default(), doc);
            }
        }
    }

    fn finish(self, doc_count: Doc) -> Words {
        let mut lists: Vec<(Box<str>, Vec<Doc>)> = Vec::with_capacity(self.words.len());
        for ((mark, word), docs) in self.words {
            let marked = mark.map(char::from).into_iter().chain(word.chars());
            lists.push((marked.collect::<String>().into(), docs));
        }
        lists.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        let mut docs = PostingsWriter::new(doc_count);
        for (word, list) in lists {
            docs.push(word, &list);
        }
        let mut bytes = PostingsWriter::new(doc_count);
        for (byte, list) in self.bytes {
            bytes.push(byte, &list);
        }
        let docs = docs.finish();
        Words {
            grams: grams_of(&docs),
            docs,
            bytes: bytes.finish(),
        }
    }
}

fn push(docs: &mut Vec<Doc>, doc: Doc) {
    if docs.last() != Some(&doc) {
        docs.push(doc);
    }
}

impl Words {
    /// Of file names, folded, of documents `0..`.
    pub fn of_names<'t>(names: impl Iterator<Item = &'t str> + Clone, doc_count: Doc) -> Self {
        let mut builder = Builder::of(names.clone());
        for (doc, name) in (0..).zip(names) {
            let first = name.split(is_between).next().unwrap_or_default();
            if !first.is_empty() {
                builder.add(Some(FIRST), first, doc);
                if is_only(&name[first.len()..]) {
                    builder.add(Some(ONLY), first, doc);
                }
            }
        }
        builder.finish(doc_count)
    }

    /// Of folders, folded, of documents `0..`.
    pub fn of_folders<'t>(folders: impl Iterator<Item = &'t str>, doc_count: Doc) -> Self {
        Builder::of(folders).finish(doc_count)
    }
}

/// Whether what stands behind the first word of a name is nothing or an ending.
fn is_only(rest: &str) -> bool {
    match rest.strip_prefix('.') {
        Some(ending) => !ending.contains('.'),
        None => rest.is_empty(),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_between).filter(|word| !word.is_empty())
}

fn is_between(c: char) -> bool {
    u8::try_from(c).is_ok_and(is_between_words)
}

/// The words of several segments as one: `moved` as in [`postings::merge`].
pub fn merge(sources: &[(&Words, &[Doc])], doc_count: Doc) -> Words {
    let docs = {
        let parts: Vec<_> = (sources.iter())
            .map(|(words, moved)| (&words.docs, *moved))
            .collect();
        postings::merge(&parts, doc_count)
    };
    let bytes = {
        let parts: Vec<_> = (sources.iter())
            .map(|(words, moved)| (&words.bytes, *moved))
            .collect();
        postings::merge(&parts, doc_count)
    };
    Words {
        grams: grams_of(&docs),
        docs,
        bytes,
    }
}

/// The numbers of words by their grams; those behind a mark aside.
fn grams_of(words: &Postings<Box<str>>) -> Postings<Gram> {
    let mut pairs: Vec<(Gram, Doc)> = Vec::new();
    for (number, word) in (0..).zip(words.keys()) {
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
                        pairs.push((gram(a, b, byte), number));
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
    for alike in pairs.chunk_by(|left, right| left.0 == right.0) {
        let numbers: Vec<Doc> = alike.iter().map(|(_, number)| *number).collect();
        writer.push(alike[0].0, &numbers);
    }
    writer.finish()
}
