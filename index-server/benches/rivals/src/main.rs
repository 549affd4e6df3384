//! The catalog of the index beside other engines: one corpus, the same queries, one table.
//!
//! ```console
//! $ cargo run --release --manifest-path index-server/benches/rivals/Cargo.toml -- CORPUS.tsv
//! ```
//!
//! `corpus 1000000 OUT.tsv` in place of the file makes one out of the lists of Debian's apt-file.
//! `queries CORPUS.tsv` prints the queries, and `engine ours CORPUS.tsv` puts one engine through those
//! on its input, for a profile of it.
//! `--folders` after the corpus searches folders too, not only file names. The corpus has a record
//! a line: name, folder, size, sha256, category, tags, owner, downloads, rating, uploaded.
//!
//! Every engine runs in a process of its own, so that memory and caches do not mix, and holds its
//! index in memory. Each query is asked three times and the best counts. All engines get names
//! folded as the index folds them. What an answer is differs, each time in favour of the rival:
//! ours ranks, counts the matches and yields whole records, one a content (as the index does by
//! default) or, in the third column, one a record (as the rivals do); tantivy yields the numbers
//! of the 50 most downloaded documents that hold all trigrams, wherever they stand, and keeps no
//! name; SQLite yields the first 50 names it meets, unranked and uncounted; the scan counts, and
//! keeps the first 50. With "a page" tantivy and SQLite do what the index must: the names of the 50
//! most downloaded matches, and how many match (SQLite up to 10,001, as ours does). All owners are online. tantivy and SQLite look for three letters and more.

mod engine;
mod maker;
mod ours;
mod queries;
mod records;
mod scan;
mod sqlite;
mod table;
mod tantivy_index;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Engines in the order of the table; the first is what the others are compared with.
const ENGINES: [&str; 8] = [
    "ours",
    "ours, as it grew",
    "ours, a row a record",
    "tantivy",
    "tantivy, a page",
    "sqlite",
    "sqlite, a page",
    "scan",
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has_folders = arguments.iter().any(|argument| argument == "--folders");
    let plain: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| *argument != "--folders")
        .collect();
    match plain.as_slice() {
        ["engine", name, corpus] => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            let queries = queries::read(&text);
            engine::run(name, Path::new(corpus), has_folders, &queries)
        }
        ["corpus", count, output] => {
            let count = count.parse().context("the number of records to make")?;
            maker::make(count, Path::new(output))
        }
        ["queries", corpus] => {
            let queries = queries::make(Path::new(corpus), has_folders)?;
            print!("{}", queries::write(&queries));
            Ok(())
        }
        [corpus] => compare(corpus, has_folders),
        _ => bail!("usage: rivals CORPUS.tsv [--folders] | rivals corpus COUNT OUT.tsv"),
    }
}

fn compare(corpus: &str, has_folders: bool) -> anyhow::Result<()> {
    let queries = queries::make(Path::new(corpus), has_folders)?;
    let text = queries::write(&queries);
    let mut columns = Vec::new();
    for name in ENGINES {
        eprintln!("running {name} ...");
        columns.push(table::Column::read(&child(
            name,
            corpus,
            has_folders,
            &text,
        )?)?);
    }
    print!("{}", table::markdown(&ENGINES, &queries, &columns));
    Ok(())
}

/// Runs one engine in a process of its own and yields what it prints.
fn child(name: &str, corpus: &str, has_folders: bool, queries: &str) -> anyhow::Result<String> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["engine", name, corpus]);
    if has_folders {
        command.arg("--folders");
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("start the engine's process")?;
    let mut input = child.stdin.take().context("the engine's input")?;
    input.write_all(queries.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{name} ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
