//! Taking in, searching, both at once, and coming back after kill -9.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::corpus::{Corpus, Holding, KINDS};
use crate::mix::Mix;
use crate::process::Process;
use crate::search::{Asked, load};
use crate::wire::Wire;
use crate::{Sizes, Table, ms};

/// Peers that send at once.
const SENDERS_COUNT: usize = 4;
const BATCH: &str = "/api/v1/files/batch";
const NDJSON: &str = "application/x-ndjson";

/// All rows about files.
pub async fn run(sizes: &Sizes, table: &Table) {
    let folder = crate::process::folder();
    let corpus = Corpus::load(sizes.records);
    let queries = Arc::new(corpus.queries());
    let process = Process::start(folder.path()).await;
    let addr = process.addr;
    let empty_bytes = process.resident_bytes();
    take_in(&process, corpus.holdings, table).await;
    let memory = |process: &Process| {
        let held = process.resident_bytes();
        format!(
            "{} B a record ({} MB in all, {} MB of them when empty)",
            held.saturating_sub(empty_bytes) / sizes.records as u64,
            held / 1_000_000,
            empty_bytes / 1_000_000
        )
    };
    table.row("memory after taking in", &memory(&process));
    let quiet = search_rows(&process, &queries, sizes, table).await;
    visibility(addr, table).await;
    under_batches(&process, &queries, sizes, quiet, table).await;
    table.row("memory after that", &memory(&process));
    process.kill();
    table.row("data folder", &format!("{} MB", folder_mb(folder.path())));
    let again = Process::start(folder.path()).await;
    table.row("kill -9 until ready", &ms(again.ready_after));
    table.row("memory after the restart", &memory(&again));
    again.kill();
}

/// All holdings, from several peers at once.
async fn take_in(process: &Process, holdings: Vec<Holding>, table: &Table) {
    let addr = process.addr;
    let mut wire = Wire::open(addr).await;
    let mut named = Vec::new();
    for holding in holdings {
        let id = wire
            .register(&format!("owner {}", holding.owner), 7071)
            .await;
        named.push((id, holding));
    }
    let count: usize = named.iter().map(|(_, holding)| holding.count).sum();
    let (named, next) = (Arc::new(named), Arc::new(AtomicUsize::new(0)));
    let (started, cpu) = (Instant::now(), process.cpu());
    let senders: Vec<_> = (0..SENDERS_COUNT)
        .map(|_| {
            let (named, next) = (Arc::clone(&named), Arc::clone(&next));
            tokio::spawn(async move {
                let mut wire = Wire::open(addr).await;
                while let Some((id, holding)) = named.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = wire.post(BATCH, NDJSON, id, holding.lines.as_bytes());
                    let answer = answer.await.json();
                    assert_eq!(answer["rejected"], serde_json::json!([]));
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.expect("sent");
    }
    let rate = count as f64 / started.elapsed().as_secs_f64();
    let cpu = process.cpu().saturating_sub(cpu).as_secs_f64() * 1e6 / count as f64;
    table.row(
        &format!("taking in {count} records from {SENDERS_COUNT} peers at once"),
        &format!("{rate:.0} records/s, {cpu:.1} us of CPU each"),
    );
}

/// Yields the quiet p99 of searches that nobody asked before.
async fn search_rows(
    process: &Process,
    queries: &Arc<Vec<String>>,
    sizes: &Sizes,
    table: &Table,
) -> Duration {
    let mut quiet = Duration::ZERO;
    let mut wire = Wire::open(process.addr).await;
    let id = wire.register("who makes all forgotten", 7071).await;
    for connections in [2, 64] {
        for (asked, how) in [(Asked::Once, "first asked"), (Asked::Often, "asked again")] {
            if asked == Asked::Once {
                forget(&mut wire, &id, &format!("{connections}")).await;
            } else {
                load(process, queries, Asked::Once, 2, sizes.load * 4).await;
            }
            let load = load(process, queries, asked, connections, sizes.load).await;
            table.row(
                &format!(
                    "search, {connections} kept connections, {how}: p50 / p99, queries a second"
                ),
                &format!(
                    "{} / {}, {:.0}/s, {:.0} us of CPU each",
                    ms(load.p50),
                    ms(load.p99),
                    load.rate,
                    load.cpu.as_secs_f64() * 1e6
                ),
            );
            if connections == 2 && asked == Asked::Once {
                quiet = load.p99;
            }
        }
    }
    if let Some(mix) = Mix::load() {
        mix.rows(process, &id, sizes, table).await;
    }
    forget(&mut wire, &id, "kinds").await;
    by_kind(process, queries, sizes, table).await;
    quiet
}

/// A change, after which the index has to find everything anew.
pub async fn forget(wire: &mut Wire, id: &str, word: &str) {
    let lines = new_lines(1, &format!("forgotten{word}"));
    wire.post(BATCH, NDJSON, id, lines.as_bytes()).await.json();
}

/// The same queries, one kind after the other.
async fn by_kind(process: &Process, queries: &[String], sizes: &Sizes, table: &Table) {
    for (number, kind) in KINDS.iter().enumerate() {
        let alike = queries.iter().skip(number).step_by(KINDS.len());
        let alike = Arc::new(alike.cloned().collect());
        let first = load(process, &alike, Asked::Once, 2, sizes.load * 4).await;
        let again = load(process, &alike, Asked::Often, 2, sizes.load / 4).await;
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        table.row(
            &format!("- {kind}, first asked, again: p50 / p99"),
            &format!(
                "{} / {}, {} / {}, {:.0} and {:.0} us of CPU each",
                ms(first.p50),
                ms(first.p99),
                ms(again.p50),
                ms(again.p99),
                micros(first.cpu),
                micros(again.cpu)
            ),
        );
    }
}

/// Sends a batch of 1,000 and asks for its last line until it is found.
async fn visibility(addr: SocketAddr, table: &Table) {
    let (mut sending, mut asking) = (Wire::open(addr).await, Wire::open(addr).await);
    let id = sending.register("the newcomer", 7071).await;
    let mut took = Vec::new();
    for round in 0..9 {
        let lines = new_lines(1_000, &format!("visible{round}"));
        let last = format!("/api/v1/files/search?q=visible{round}x999y");
        let started = Instant::now();
        sending
            .post(BATCH, NDJSON, &id, lines.as_bytes())
            .await
            .json();
        while asking.get(&last).await.json()["count"] != 1 {}
        took.push(started.elapsed());
    }
    took.sort_unstable();
    table.row(
        "a batch of 1,000: sent until searchable, durable (median, slowest of 9)",
        &format!("{}, {}", ms(took[4]), ms(took[8])),
    );
}

async fn under_batches(
    process: &Process,
    queries: &Arc<Vec<String>>,
    sizes: &Sizes,
    quiet: Duration,
    table: &Table,
) {
    let addr = process.addr;
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let writer = tokio::spawn(async move {
        let mut wire = Wire::open(addr).await;
        let id = wire.register("the busy one", 7071).await;
        let mut count = 0;
        while !over.load(Ordering::Relaxed) {
            let lines = new_lines(1_000, &format!("busy{count}"));
            wire.post(BATCH, NDJSON, &id, lines.as_bytes()).await.json();
            count += 1;
            // A constant stream, not all that the machine can do: ten batches a second.
            tokio::time::sleep(Duration::from_millis(75)).await;
        }
        count
    });
    let started = Instant::now();
    let load = load(process, queries, Asked::Once, 2, sizes.load).await;
    is_over.store(true, Ordering::Relaxed);
    let batches = writer.await.expect("sent");
    table.row(
        "search while batches of 1,000 stream in: p50 / p99",
        &format!(
            "{} / {} ({:.1} of the quiet one; {:.0} batches a second)",
            ms(load.p50),
            ms(load.p99),
            load.p99.as_secs_f64() / quiet.as_secs_f64(),
            f64::from(batches) / started.elapsed().as_secs_f64(),
        ),
    );
}

fn new_lines(count: usize, word: &str) -> String {
    let line = |number: usize| {
        let name = format!("{word}x{number}y.dat");
        let hash = protocol::hash::ContentHash::of(name.as_bytes());
        format!(
            r#"{{"op":"add","filename":"{name}","path":"new/{name}","size":{number},"hash":"{hash}"}}"#
        ) + "\n"
    };
    (0..count).map(line).collect()
}

fn folder_mb(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).expect("the folder");
    let size = |entry: std::fs::DirEntry| entry.metadata().map_or(0, |facts| facts.len());
    files.filter_map(Result::ok).map(size).sum::<u64>() / 1_000_000
}
