//! Search and take-in figures of the catalog, beside a linear scan in the same run.
//!
//! `cargo bench -p index-server --bench search`. Settings by environment: `RECORDS` (counts, comma
//! between; default `100000,1000000`), `CORPUS` (a file of paths, one a line, in place of made-up
//! names), `CLASS` (only this class of queries, `hostile` for those made to be slow). Names, owners
//! and queries come from a fixed seed.

mod corpus;
mod hostile;

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use index_server::catalog::{Catalog, CatalogView, FileEntry, OwnerFacts, RecordName};
use jiff::Timestamp;
use memchr::memmem::Finder;
use protocol::category::Category;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::query::{self, Query};
use protocol::search::{SearchParams, Sort};

use corpus::{Random, made_up_paths, read_paths};

#[global_allocator]
static ALLOCATOR: index_server::allocator::Allocator = index_server::allocator::Allocator;

/// Records a batch.
const BATCH_COUNT: usize = 1_000;
/// Queries a class.
const QUERY_COUNT: usize = 400;

fn main() {
    let counts = std::env::var("RECORDS").unwrap_or_else(|_| "100000,1000000".to_owned());
    for count in counts
        .split(',')
        .filter_map(|text| text.trim().parse().ok())
    {
        run(count);
    }
}

fn run(count: usize) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let paths = match std::env::var("CORPUS") {
        Ok(file) => read_paths(&file, count),
        Err(_) => made_up_paths(count, &mut random),
    };
    println!("\n== {} records", paths.len());
    let memory_before = resident_bytes();
    let mut catalog = take_in(&paths, &mut random);
    let started = Instant::now();
    catalog.settle();
    println!("settled in {:?}", started.elapsed());
    let view = catalog.view();
    index_server::allocator::give_back();
    let held = resident_bytes().saturating_sub(memory_before);
    println!("memory: {} B a record resident", held / paths.len());
    for (part, bytes) in view.memory() {
        println!("  {part}: {} B a record", bytes / paths.len());
    }
    let texts: Vec<String> = paths
        .iter()
        .map(|path| query::fold(path).to_string())
        .collect();
    let mut classes = classes(&texts, &mut random);
    let wanted = std::env::var("CLASS").ok();
    classes.retain(|(class, _)| wanted.as_ref().is_none_or(|wanted| wanted == class));
    println!("as it has grown, {} segments:", view.segment_count());
    measure_all(&view, &classes);
    drop(view);
    let started = Instant::now();
    while catalog.gather() {
        catalog.settle();
    }
    let view = catalog.view();
    println!(
        "at rest, {} segments after {:?}:",
        view.segment_count(),
        started.elapsed()
    );
    let all = measure_all(&view, &classes);
    if wanted.is_none_or(|wanted| wanted == "hostile") {
        hostile::run(&view, &common_words(&texts));
    }
    let mut scans = Vec::new();
    for (_, searches) in &classes {
        let some = searches.iter().step_by(20);
        scans.extend(some.map(|search| scan(&texts, search)));
    }
    report("linear scan", &scans);
    let ratio = |of: f64| quantile(&scans, of).as_secs_f64() / quantile(&all, of).as_secs_f64();
    let (middle, slow) = (ratio(0.5), ratio(0.99));
    println!("scan / search: p50 {middle:.1}, p99 {slow:.1}");
    while_writing(&mut catalog, &paths, &classes);
}

/// A row for each class and one for all of them, whose figures are yielded.
fn measure_all(view: &CatalogView, classes: &[(&str, Vec<SearchParams>)]) -> Vec<Duration> {
    let mut all = Vec::new();
    for (class, searches) in classes {
        let took = measure(view, searches);
        report(class, &took);
        all.extend(took);
    }
    report("all", &all);
    all
}

/// Searches of all classes between batches that change records.
fn while_writing(catalog: &mut Catalog, paths: &[String], classes: &[(&str, Vec<SearchParams>)]) {
    let mut took = Vec::new();
    let mut views = Vec::new();
    let searches = classes
        .iter()
        .flat_map(|(_, searches)| searches.iter().step_by(10));
    for (round, search) in searches.enumerate() {
        let start = round * 37 % paths.len();
        let batch = paths.iter().enumerate().skip(start).take(BATCH_COUNT);
        for (number, path) in batch {
            catalog.put(entry(number, path, &mut Random(number as u64 + 1)));
        }
        let started = Instant::now();
        let view = catalog.view();
        views.push(started.elapsed());
        took.extend(measure(&view, std::slice::from_ref(search)));
    }
    report("while batches come", &took);
    report("view after a batch", &views);
}

fn take_in(paths: &[String], random: &mut Random) -> Catalog {
    let mut catalog = Catalog::default();
    for number in 0..OWNER_COUNT {
        let facts = OwnerFacts {
            name: format!("peer {number}").into(),
            is_online: number % 5 != 0,
            reputation: u8::try_from(random.below(101)).unwrap_or(0),
        };
        catalog.put_owner(owner(number), facts);
    }
    let mut views = Vec::new();
    let started = Instant::now();
    for (batch, paths) in paths.chunks(BATCH_COUNT).enumerate() {
        for (number, path) in paths.iter().enumerate() {
            catalog.put(entry(batch * BATCH_COUNT + number, path, random));
        }
        let before = Instant::now();
        black_box(catalog.view());
        views.push(before.elapsed());
    }
    let rate = paths.len() as f64 / started.elapsed().as_secs_f64();
    println!("taken in by batches of {BATCH_COUNT}: {rate:.0} records/s");
    report("view after a batch", &views);
    catalog
}

const OWNER_COUNT: usize = 2_000;

fn owner(number: usize) -> PeerId {
    PeerId::from_bytes(*ContentHash::of(&number.to_be_bytes()).as_bytes())
}

/// Every fourth record is a further copy of a content that others hold too.
fn entry(number: usize, path: &str, random: &mut Random) -> FileEntry {
    let content = if number % 4 == 3 { number / 8 } else { number };
    let hash = ContentHash::of(&content.to_be_bytes());
    let owner = owner((number / 500 + content * 7) % OWNER_COUNT);
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let words = path.split(|c: char| !c.is_alphanumeric());
    FileEntry {
        id: FileId::of(&owner, &hash),
        owner,
        hash,
        pieces_root: None,
        size_bytes: 1 << random.below(34),
        category: Category::ALL[extension.len() % 8],
        tags: words
            .filter(|word| word.len() > 3)
            .take(4)
            .map(Into::into)
            .collect(),
        names: vec![RecordName {
            path: path.into(),
            filename: None,
        }],
        uploaded_at: Timestamp::from_second(i64::try_from(number).unwrap_or(0)).unwrap_or_default(),
        is_partial: false,
        downloads: (1 << random.below(12)) / (1 + random.below(4_096)),
        rating_sum: 0,
        rating_votes: 0,
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// Queries by class, their words taken from the texts.
fn classes(texts: &[String], random: &mut Random) -> Vec<(&'static str, Vec<SearchParams>)> {
    let words = common_words(texts);
    let plain = |q: String| SearchParams {
        q,
        ..SearchParams::default()
    };
    let mut any_of = |words: &[&str]| words[index(random.below(words.len() as u64))].to_owned();
    let common = &words[..50.min(words.len())];
    let rare = &words[words.len() / 4..];
    let letters: Vec<String> = ('a'..='z').map(String::from).collect();
    let mut classes = Vec::new();
    let mut add = |name: &'static str, make: &mut dyn FnMut() -> SearchParams| {
        classes.push((name, (0..QUERY_COUNT).map(|_| make()).collect()));
    };
    add("rare word", &mut || plain(any_of(rare)));
    add("common word", &mut || plain(any_of(common)));
    let mut random = Random(7);
    let mut text_of = || texts[index(random.below(texts.len() as u64))].as_str();
    add("word of a name", &mut || {
        let mut words: Vec<&str> = words_of(text_of()).collect();
        plain(words.swap_remove(words.len() / 2).to_owned())
    });
    add("two words of a name", &mut || {
        let words: Vec<&str> = words_of(text_of()).collect();
        plain(format!("{} {}", words[0], words[words.len() - 1]))
    });
    add("two common words", &mut || {
        plain(format!("{} {}", any_of(common), any_of(common)))
    });
    add("phrase", &mut || {
        let name = text_of().rsplit('/').next().unwrap_or_default();
        plain(format!("\"{}\"", name.chars().take(12).collect::<String>()))
    });
    add("three letters", &mut || {
        plain(any_of(&words)[..3].to_owned())
    });
    add("two letters", &mut || plain(any_of(&words)[..2].to_owned()));
    let mut letter = letters.iter().cycle();
    add("one letter", &mut || {
        plain(letter.next().cloned().unwrap_or_default())
    });
    add("filtered", &mut || SearchParams {
        category: Some(Category::Image),
        min_size: Some(1 << 20),
        ..plain(any_of(&words[..2_000.min(words.len())]))
    });
    add("by ending and size", &mut || {
        plain("ext:iso size:>4G".to_owned())
    });
    let sorts = [
        Sort::Filename,
        Sort::Size,
        Sort::UploadTime,
        Sort::Downloads,
    ];
    let mut sort = sorts.iter().cycle();
    add("sorted", &mut || SearchParams {
        sort: sort.next().copied().unwrap_or_default(),
        ..plain(any_of(&words[..2_000.min(words.len())]))
    });
    add("everything", &mut || plain(String::new()));
    add("nothing found", &mut || {
        plain(format!("{}qqx", any_of(rare)))
    });
    classes
}

/// Words of four letters or more, those in most texts first.
fn common_words(texts: &[String]) -> Vec<&str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in texts.iter().flat_map(|text| words_of(text)) {
        *counts.entry(word).or_default() += 1;
    }
    let mut by_count: Vec<(&str, usize)> = counts.into_iter().collect();
    by_count.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    let words = by_count.into_iter().map(|(word, _)| word);
    words
        .filter(|word| word.len() > 3 && word.is_ascii())
        .collect()
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// The best of three for each: what the search takes, not what else the machine does.
fn measure(view: &CatalogView, searches: &[SearchParams]) -> Vec<Duration> {
    let ask = |params: &SearchParams| {
        let started = Instant::now();
        let query = Query::parse(&params.q).unwrap_or_default();
        black_box(view.search(&query, params).ok());
        started.elapsed()
    };
    let best = |params| (0..3).map(|_| ask(params)).min().unwrap_or_default();
    searches.iter().map(best).collect()
}

/// The same question over all texts, one after the other: the first rows, and how many in all.
fn scan(texts: &[String], params: &SearchParams) -> Duration {
    let started = Instant::now();
    let query = Query::parse(&params.q).unwrap_or_default();
    let wanted = query.words.iter().chain(&query.phrases);
    let finders: Vec<Finder<'_>> = wanted.map(|word| Finder::new(word.as_bytes())).collect();
    let mut rows = Vec::new();
    let mut total = 0;
    for text in texts {
        if finders
            .iter()
            .all(|finder| finder.find(text.as_bytes()).is_some())
        {
            total += 1;
            if rows.len() < params.limit {
                rows.push(text);
            }
        }
    }
    black_box((rows, total));
    started.elapsed()
}

fn quantile(took: &[Duration], of: f64) -> Duration {
    let mut sorted = took.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1) as f64;
    let (mut position, target) = (0, last * of);
    while (position as f64) < target {
        position += 1;
    }
    sorted.get(position).copied().unwrap_or_default()
}

fn report(class: &str, took: &[Duration]) {
    println!(
        "{class:>22}: p50 {:>9.1?}  p99 {:>9.1?}  worst {:>9.1?}",
        quantile(took, 0.5),
        quantile(took, 0.99),
        quantile(took, 1.0),
    );
}

fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4_096
}
