//! Records to take in, grouped by owner, and queries over their names.
//!
//! Real names from a file of tab-separated records (name, folder, size, SHA-256, category, tags,
//! owner; one a line, owners one after the other), or made-up ones from a fixed seed.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};

use protocol::hash::ContentHash;

/// What one owner shares: lines of a batch.
#[derive(Debug, Default)]
pub struct Holding {
    /// The owner's number.
    pub owner: usize,
    /// NDJSON.
    pub lines: String,
    /// How many.
    pub count: usize,
}

/// Everything a run needs of names.
#[derive(Debug, Default)]
pub struct Corpus {
    /// By owner.
    pub holdings: Vec<Holding>,
    /// Some of the names, over all of the corpus.
    pub names: Vec<String>,
}

const NAMES_COUNT: usize = 40_960;
const OWNER_FILES_COUNT: usize = 500;
const QUERIES_COUNT: usize = 20_000;
/// So that a query stays shorter than the longest that is answered.
const SPACES_MAX_COUNT: usize = 200;
/// What the queries ask for.
pub const KINDS: [&str; 10] = [
    "a word",
    "two words of a name",
    "one letter",
    "two letters",
    "three letters",
    "start of a word",
    "inside a word",
    "extension",
    "no hit, corrected where it can be",
    "a word by size, sizes from 10 kB",
];

impl Corpus {
    /// `count` records.
    pub fn load(count: usize) -> Self {
        let mut corpus = Self::default();
        let every = (count / NAMES_COUNT).max(1);
        let mut take = |number: usize, owner: usize, row: &Row<'_>| {
            if number.is_multiple_of(every) {
                corpus.names.push(row.name.to_owned());
            }
            if corpus
                .holdings
                .last()
                .is_none_or(|last| last.owner != owner)
            {
                corpus.holdings.push(Holding {
                    owner,
                    ..Holding::default()
                });
            }
            let holding = corpus.holdings.last_mut().expect("just there");
            row.write(&mut holding.lines);
            holding.count += 1;
        };
        if let Ok(file) = std::env::var("CORPUS") {
            let file = std::fs::File::open(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
            let lines = BufReader::new(file).lines().map_while(Result::ok);
            let is_names_alone = std::env::var_os("NAMES").is_some();
            for (number, line) in lines.take(count).enumerate() {
                let fields: Vec<&str> = line.split('\t').collect();
                let owner = fields[6].parse().expect("an owner");
                let row = Row::of(&fields);
                let folder = if is_names_alone { "" } else { row.folder };
                take(number, owner, &Row { folder, ..row });
            }
        } else {
            let mut random = Random(0x9e37_79b9_7f4a_7c15);
            for number in 0..count {
                let (name, folder) = (made_up(&mut random), made_up(&mut random));
                let hash = ContentHash::of(&number.to_be_bytes()).to_string();
                let size = random.next() >> 34;
                let row = Row {
                    name: &format!(
                        "{name}-{number}.{}",
                        ["mp3", "iso", "txt", "gz"][number % 4]
                    ),
                    folder: &folder,
                    size: &size.to_string(),
                    hash: &hash,
                    tags: "",
                };
                take(number, number / OWNER_FILES_COUNT, &row);
            }
        }
        corpus
    }

    /// Query strings of all kinds in turns, one of each of [`KINDS`]:
    /// `/api/v1/files/search?...`.
    pub fn queries(&self) -> Vec<String> {
        let mut random = Random(7);
        let mut queries = Vec::new();
        let mut asked: HashMap<String, usize> = HashMap::new();
        while queries.len() < QUERIES_COUNT {
            let name = &self.names[random.below(self.names.len())];
            let words: Vec<&str> = name
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            let Some(word) = words.get(random.below(words.len().max(1))) else {
                continue;
            };
            let cut = |length: usize| &word[..length.min(word.len())];
            let inside = &word[word.len() / 4..];
            let query = match queries.len() % KINDS.len() {
                0 => (*word).to_owned(),
                1 => format!("{}+{}", word, words[words.len() - 1]),
                2 => cut(1).to_owned(),
                3 => cut(2).to_owned(),
                4 => cut(3).to_owned(),
                5 => cut(5).to_owned(),
                6 => inside.to_owned(),
                7 => format!("ext:{}", words[words.len() - 1].to_lowercase()),
                8 => format!("{word}qqx"),
                _ => format!("{word}&sort=size&min_size=10000"),
            };
            // Spaces say nothing, but make it another question than the same one of before.
            let count = asked.entry(query.clone()).or_insert(0_usize);
            let spaces = "+".repeat(*count % SPACES_MAX_COUNT);
            *count += 1;
            queries.push(format!("/api/v1/files/search?limit=50&q={spaces}{query}"));
        }
        queries
    }
}

/// One record of the corpus.
struct Row<'t> {
    name: &'t str,
    folder: &'t str,
    size: &'t str,
    hash: &'t str,
    tags: &'t str,
}

impl<'t> Row<'t> {
    fn of(fields: &[&'t str]) -> Self {
        Self {
            name: fields[0],
            folder: fields[1],
            size: fields[2],
            hash: fields[3],
            tags: fields[5],
        }
    }

    fn write(&self, lines: &mut String) {
        let text = |text: &str| serde_json::to_string(text).expect("a text");
        let path = if self.folder.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}/{}", self.folder, self.name)
        };
        let tags: Vec<&str> = self.tags.split(',').filter(|tag| !tag.is_empty()).collect();
        let tags = serde_json::to_string(&tags).expect("texts");
        let _ = writeln!(
            lines,
            r#"{{"op":"add","filename":{},"path":{},"size":{},"hash":"{}","pieces_root":"{}","tags":{tags}}}"#,
            text(self.name),
            text(&path),
            self.size,
            self.hash,
            self.root(),
        );
    }

    /// The root of a file of more than one block is another text than its hash.
    fn root(&self) -> String {
        match self.size.parse() {
            Ok(0..=16_384_u64) => self.hash.to_owned(),
            _ => ContentHash::of(self.hash.as_bytes()).to_string(),
        }
    }
}

/// Two to four syllables.
fn made_up(random: &mut Random) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "ka", "ri", "to", "na", "mi", "lo", "se", "du", "ter", "ing", "pro", "ver", "qu",
        "x", "ze",
    ];
    let count = 2 + random.below(3);
    (0..count).map(|_| SYLLABLES[random.below(16)]).collect()
}

/// xorshift.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }
}
