//! The queries of the table of rivals, which are asked of the catalog in process there, over HTTP:
//! `QUERIES` is a file of lines with a class, a tab and a text, as `rivals queries` prints.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::files::forget;
use crate::process::Process;
use crate::search::{Asked, load};
use crate::wire::Wire;
use crate::{Sizes, Table, ms, quantile};

/// How often each query is asked anew; the best counts, as it does in process.
const ROUNDS_COUNT: usize = 3;

/// Addresses by class, in the order of the file.
#[derive(Debug)]
pub struct Mix(Vec<(String, String)>);

impl Mix {
    /// Those of `QUERIES`; none where that is not set.
    pub fn load() -> Option<Self> {
        let file = std::env::var("QUERIES").ok()?;
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        let query = |(class, text): (&str, &str)| (class.to_owned(), address(class, text));
        Some(Self(lines.map(query).collect()))
    }

    /// A row for each class and one for all, and the queries a second.
    pub async fn rows(&self, process: &Process, peer: &str, sizes: &Sizes, table: &Table) {
        let mut wire = Wire::open(process.addr).await;
        let mut best = vec![Duration::MAX; self.0.len()];
        for round in 0..ROUNDS_COUNT {
            forget(&mut wire, peer, &format!("mix{round}")).await;
            for ((_, address), best) in self.0.iter().zip(&mut best) {
                let before = Instant::now();
                let status = wire.get(address).await.status;
                *best = before.elapsed().min(*best);
                assert_eq!(status, 200, "{address}");
            }
        }
        let mut classes: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
        for ((class, _), took) in self.0.iter().zip(&best) {
            classes.entry(class).or_default().push(*took);
        }
        classes.insert("all of them", best);
        for (class, took) in &mut classes {
            took.sort_unstable();
            let (p50, p99) = (quantile(took, 0.5), quantile(took, 0.99));
            let measure = format!("- {class}, best of {ROUNDS_COUNT}, each found anew: p50 / p99");
            table.row(&measure, &format!("{} / {}", ms(p50), ms(p99)));
        }
        let addresses = self.0.iter().map(|(_, address)| address.clone());
        let all = Arc::new(addresses.collect());
        for connections in [2, 64] {
            let load = load(process, &all, Asked::Often, connections, sizes.load).await;
            table.row(
                &format!("- all, again and again, {connections} kept connections"),
                &format!("{} / {}, {:.0}/s", ms(load.p50), ms(load.p99), load.rate),
            );
        }
    }
}

fn address(class: &str, text: &str) -> String {
    let ending = if class == "extension" { "ext:" } else { "" };
    let rest = match class {
        "by filename" => "&sort=filename",
        "by size" => "&sort=size",
        "by downloads" => "&sort=downloads",
        "by rating" => "&sort=rating",
        "by upload time" => "&sort=upload_time",
        "by word, kind and size" => "&category=image&min_size=1048576",
        _ => "",
    };
    let mut address = format!("/api/v1/files/search?limit=50{rest}&q={ending}");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b':' {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02x}");
        }
    }
    address
}
