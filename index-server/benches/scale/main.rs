//! The whole index as clients meet it: the real program in a process of its own, real sockets, a
//! real journal. Prints a table of markdown.
//!
//! `cargo bench -p index-server --bench scale`. Sizes by environment: `RECORDS` (1000000),
//! `SOCKETS` (10000), `PEERS` (10000), `SECONDS` of each load (5), `CORPUS` (a file of real names,
//! see [`corpus`]), `NAMES` (no folders), `QUERIES` (see [`mix`]), `KEEP` (the data folder of the part `files` stays), `ONLY` (parts, comma between: `files`, `feed`, `peers`). A run of seconds:
//! `RECORDS=20000 SOCKETS=500 PEERS=500 SECONDS=1`.

#![expect(
    clippy::expect_used,
    reason = "a bench that cannot go on has nobody to tell"
)]

mod corpus;
mod feed;
mod files;
mod mix;
mod peers;
mod process;
mod search;
mod wire;

use std::time::Duration;

/// Sizes of a run.
#[derive(Debug, Clone)]
pub struct Sizes {
    records: usize,
    sockets: usize,
    peers: usize,
    load: Duration,
}

/// Rows of the table, printed as they come.
#[derive(Debug, Default)]
pub struct Table;

impl Table {
    /// A measure and its figure.
    pub fn row(&self, measure: &str, figure: &str) {
        println!("| {measure} | {figure} |");
    }
}

fn main() {
    if let Ok(order) = std::env::var(feed::WATCH) {
        feed::watch(&order);
        return;
    }
    let number = |name: &str, usual: usize| {
        let set = std::env::var(name).ok();
        set.map_or(usual, |text| text.parse().expect("a number"))
    };
    let sizes = Sizes {
        records: number("RECORDS", 1_000_000),
        sockets: number("SOCKETS", 10_000),
        peers: number("PEERS", 10_000),
        load: Duration::from_secs(number("SECONDS", 5) as u64),
    };
    let only = std::env::var("ONLY").unwrap_or_default();
    let wanted = |part: &str| only.is_empty() || only.split(',').any(|name| name == part);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    println!("| measure | figure |\n|---|---|");
    runtime.block_on(async {
        if wanted("files") {
            files::run(&sizes, &Table).await;
        }
        if wanted("feed") {
            feed::run(&sizes, &Table).await;
            feed::never_read(&Table).await;
        }
        if wanted("peers") {
            peers::run(&sizes, &Table).await;
        }
    });
}

/// The value below which the share `of` lies.
pub fn quantile(sorted: &[Duration], of: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length"
    )]
    let at = (sorted.len().saturating_sub(1) as f64 * of).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// A time in milliseconds.
pub fn ms(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1000.0)
}
