//! The queries, by class, from a fixed seed and the words of the corpus.

use std::collections::HashMap;
use std::path::Path;

use crate::records;

/// Queries a class.
const QUERY_COUNT: usize = 200;
/// Of so many records one's hash may be asked for.
const HASH_EVERY: usize = 97;
/// Shorter words are not corrected.
const CORRECTED_MIN_LETTERS: usize = 5;
/// Letters that an index of trigrams needs.
pub const TRIGRAM: usize = 3;

/// Classes in the order of the table; those named `by ...` are asked of ours only.
pub const CLASSES: [&str; 16] = [
    "rare word",
    "common word",
    "two words of a name",
    "inside a word",
    "first two letters",
    "letter by letter",
    "extension",
    "no hit",
    "by filename",
    "by size",
    "by downloads",
    "by rating",
    "by upload time",
    "by word, kind and size",
    "by hash",
    "by a word misspelt",
];

/// One question.
pub struct Query {
    /// One of [`CLASSES`].
    pub class: String,
    /// Words with a space between; an ending without its dot in class `extension`.
    pub text: String,
}

impl Query {
    /// The texts that must all stand in a name, an ending with its dot.
    pub fn needles(&self) -> Vec<String> {
        if self.is_ending() {
            return vec![format!(".{}", self.text)];
        }
        self.text.split(' ').map(str::to_owned).collect()
    }

    /// Whether the needle must end the name.
    pub fn is_ending(&self) -> bool {
        self.class == "extension"
    }

    /// Whether only ours is asked for it: an order, a filter, a correction.
    pub fn is_ours_alone(&self) -> bool {
        self.class.starts_with("by ")
    }

    /// Whether an index of trigrams can answer it.
    pub fn has_trigrams(&self) -> bool {
        let is_long = |needle: &String| needle.chars().count() >= TRIGRAM;
        self.needles().iter().all(is_long)
    }
}

/// Queries as lines for an engine's process.
pub fn write(queries: &[Query]) -> String {
    let line = |query: &Query| format!("{}\t{}\n", query.class, query.text);
    queries.iter().map(line).collect()
}

/// Queries out of such lines.
pub fn read(text: &str) -> Vec<Query> {
    let fields = text.lines().filter_map(|line| line.split_once('\t'));
    let query = |(class, text): (&str, &str)| Query {
        class: class.to_owned(),
        text: text.to_owned(),
    };
    fields.map(query).collect()
}

/// Makes the queries of all classes.
pub fn make(corpus: &Path, has_folders: bool) -> anyhow::Result<Vec<Query>> {
    let (mut names, mut hashes) = (Vec::new(), Vec::new());
    let mut counts: HashMap<String, usize> = HashMap::new();
    records::each(corpus, has_folders, |record| {
        for word in words_of(&record.folded) {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
        if names.len() % HASH_EVERY == 0 {
            hashes.push(record.sha256);
        }
        names.push(record.folded);
        Ok(())
    })?;
    let mut words: Vec<(usize, String)> = counts.into_iter().map(|(w, n)| (n, w)).collect();
    words.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let words: Vec<String> = words.into_iter().map(|(_, word)| word).collect();
    let mut maker = Maker {
        random: Random(0x9e37_79b9_7f4a_7c15),
        common: words[..100.min(words.len())].to_vec(),
        rare: words[words.len() / 4..].to_vec(),
        names,
        hashes,
    };
    let mut queries = Vec::new();
    for class in CLASSES {
        let end = queries.len() + QUERY_COUNT;
        while queries.len() < end {
            let texts = maker.texts(class).into_iter().take(end - queries.len());
            queries.extend(texts.map(|text| Query {
                class: class.to_owned(),
                text,
            }));
        }
    }
    Ok(queries)
}

/// Where the texts of queries come from.
struct Maker {
    random: Random,
    common: Vec<String>,
    rare: Vec<String>,
    names: Vec<String>,
    hashes: Vec<String>,
}

impl Maker {
    /// One query of the class, or all steps of typing one; none where the name drawn has none.
    fn texts(&mut self, class: &str) -> Vec<String> {
        let rare = self.random.pick(&self.rare).clone();
        let rare_len = rare.len();
        let name = self.random.pick(&self.names).clone();
        let words: Vec<&str> = words_of(&name).collect();
        match class {
            "rare word" => vec![rare],
            "by hash" => vec![format!("hash:{}", self.random.pick(&self.hashes))],
            // As nobody means it: one letter for another.
            "by a word misspelt" if rare.len() >= CORRECTED_MIN_LETTERS => {
                let mut letters = rare.into_bytes();
                letters[self.random.below(rare_len)] = b'q';
                String::from_utf8(letters).into_iter().collect()
            }
            "no hit" => vec![format!("{rare}qqxj")],
            "two words of a name" if words.len() > 1 => {
                vec![format!("{} {}", words[0], words[words.len() - 1])]
            }
            "inside a word" => {
                let letters: Vec<char> = rare.chars().collect();
                let length = 4 + self.random.below(3);
                if letters.len() < length + 2 {
                    return Vec::new();
                }
                let start = 1 + self.random.below(letters.len() - length - 1);
                vec![letters[start..start + length].iter().collect()]
            }
            "letter by letter" if !words.is_empty() => {
                let letters: Vec<char> = words[0].chars().collect();
                let typed = |end| letters[..end].iter().collect();
                (TRIGRAM..=letters.len().min(12)).map(typed).collect()
            }
            // As typed on the way to the third, where "letter by letter" goes on.
            "first two letters" if !words.is_empty() => {
                vec![words[0][..1].to_owned(), words[0][..2].to_owned()]
            }
            "extension" => match name.rsplit_once('.') {
                Some((_, ending))
                    if (2..=5).contains(&ending.len())
                        && ending.chars().all(|c| c.is_ascii_alphanumeric()) =>
                {
                    vec![ending.to_owned()]
                }
                _ => Vec::new(),
            },
            "two words of a name"
            | "first two letters"
            | "letter by letter"
            | "by a word misspelt" => Vec::new(),
            _ => vec![self.random.pick(&self.common).clone()],
        }
    }
}

/// Words that an index of trigrams can look for.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| word.len() >= TRIGRAM && word.len() <= 40 && word.is_ascii())
}

/// Numbers that look random and are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
