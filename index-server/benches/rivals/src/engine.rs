//! What every engine is put through, in a process of its own: filled, asked, weighed.
//!
//! Prints a line a figure, which [`crate::table`] reads.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::queries::Query;
use crate::{ours, scan, sqlite, tantivy_index};

/// Rows that an answer has at most.
pub const ROW_COUNT: usize = 50;
/// So far matches are counted, as the index does.
pub const COUNTED_COUNT: usize = 10_001;

/// What a rival's answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// What it is quickest with.
    Rows,
    /// What the index answers: the first 50 in order with their names, and how many there are.
    Page,
}

/// How long the two threads ask.
const ASKING: Duration = Duration::from_secs(3);

/// Something that answers queries.
pub trait Engine {
    /// Number of rows found, at most [`ROW_COUNT`]; nothing where it cannot answer.
    fn search(&self, query: &Query) -> Option<usize>;
}

/// Fills the engine of that name, asks it all queries and prints what it took.
pub fn run(name: &str, corpus: &Path, has_folders: bool, queries: &[Query]) -> anyhow::Result<()> {
    let before = resident_bytes();
    let started = Instant::now();
    let progress = Progress { before, started };
    match name {
        "ours" | "ours, as it grew" | "ours, a row a record" => {
            let has_row_per_record = name == "ours, a row a record";
            let (mut engine, count) = ours::fill(corpus, has_folders, has_row_per_record)?;
            let rate = progress.rate(count);
            if name != "ours, as it grew" {
                engine.rest();
            }
            progress.tell_all(&engine, count, rate, queries);
            throughput(&engine, queries);
        }
        "tantivy" | "tantivy, a page" => {
            let answer = answer(name);
            let (engine, count) = tantivy_index::fill(corpus, has_folders, answer)?;
            progress.tell(&engine, count, queries);
            throughput(&engine, queries);
        }
        "sqlite" | "sqlite, a page" => {
            let (engine, count) = sqlite::fill(corpus, has_folders, answer(name))?;
            progress.tell(&engine, count, queries);
        }
        "scan" => {
            let (engine, count) = scan::fill(corpus, has_folders)?;
            progress.tell(&engine, count, queries);
        }
        other => bail!("no engine is called {other}"),
    }
    Ok(())
}

fn answer(name: &str) -> Answer {
    if name.ends_with("a page") {
        Answer::Page
    } else {
        Answer::Rows
    }
}

/// Where the process stood before it was filled.
struct Progress {
    before: usize,
    started: Instant,
}

impl Progress {
    fn tell(&self, engine: &impl Engine, count: usize, queries: &[Query]) {
        self.tell_all(engine, count, self.rate(count), queries);
    }

    /// Records a second until now.
    fn rate(&self, count: usize) -> f64 {
        count as f64 / self.started.elapsed().as_secs_f64()
    }

    fn tell_all(&self, engine: &impl Engine, count: usize, rate: f64, queries: &[Query]) {
        println!("count\t{count}");
        println!("rate\t{rate:.0}");
        for query in queries {
            match best(engine, query) {
                Some((took, rows)) => println!("took\t{}\t{rows}", took.as_nanos()),
                None => println!("took\t-\t-"),
            }
        }
        let held = resident_bytes().saturating_sub(self.before);
        println!("memory\t{}", held / count.max(1));
    }
}

/// The best of three: what the search takes, not what else the machine does.
fn best(engine: &impl Engine, query: &Query) -> Option<(Duration, usize)> {
    let ask = |_| {
        let started = Instant::now();
        let rows = black_box(engine.search(query))?;
        Some((started.elapsed(), rows))
    };
    (0..3).filter_map(ask).min()
}

/// Queries a second of two threads that ask, one after the other, what all engines can answer.
fn throughput(engine: &(impl Engine + Sync), queries: &[Query]) {
    let is_shared = |query: &&Query| query.has_trigrams() && !query.is_ours_alone();
    let queries: Vec<&Query> = queries.iter().filter(is_shared).collect();
    let started = Instant::now();
    let ask = &|start: usize| {
        let rounds = queries.iter().cycle().skip(start).step_by(7);
        let mut answered = 0_u64;
        for query in rounds {
            black_box(engine.search(query));
            answered += 1;
            if started.elapsed() > ASKING {
                break;
            }
        }
        answered
    };
    let answered: u64 = std::thread::scope(|scope| {
        let threads = [0, queries.len() / 2].map(|start| scope.spawn(move || ask(start)));
        threads.into_iter().filter_map(|t| t.join().ok()).sum()
    });
    println!(
        "qps\t{:.0}",
        answered as f64 / started.elapsed().as_secs_f64()
    );
}

fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_usize) * 4_096
}
