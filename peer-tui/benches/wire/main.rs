//! How fast files go from peer to peer, by the real programs on this machine, beside the programs
//! that people use for it: `cargo bench -p peer-tui --bench wire -- [transfer|serving|small_files]`.
//!
//! Needs the release binaries of both programs (`cargo build --release`). `WIRE_MIB` (default 1024)
//! and `WIRE_FILES` (default 10000) set the work, `WIRE_ROUNDS` (default 3) how often; the best of the
//! rounds counts. Everything lies in a folder of its own below `WIRE_FOLDER` (default: the folder for
//! temporary files) and is taken away at the end.

mod network;
mod programs;
mod rivals;
mod samples;
mod serving;
mod small_files;
mod transfer;

use std::path::PathBuf;
use std::time::Duration;

/// Whatever ends a bench.
pub type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_asked = |name: &str| asked.is_empty() || asked.iter().any(|word| word == name);
    if is_asked("transfer") {
        transfer::run()?;
    }
    if is_asked("serving") {
        serving::run()?;
    }
    if is_asked("small_files") {
        small_files::run()?;
    }
    Ok(())
}

/// A number from the environment.
pub fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// A folder of this run.
///
/// # Errors
/// When it cannot be made.
pub fn scratch() -> Result<tempfile::TempDir, Failure> {
    let below = std::env::var_os("WIRE_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    Ok(tempfile::Builder::new().prefix("wire-").tempdir_in(below)?)
}

/// A line of the table: what, how long, how that stands to our own time.
pub fn tell(what: &str, took: Duration, own: Duration, more: &str) {
    println!(
        "  {what:<44} {:>7.2} s   ratio {:>5.2}  {more}",
        took.as_secs_f64(),
        own.as_secs_f64() / took.as_secs_f64()
    );
}

/// The shortest of the rounds; `run` gets the number of its round and yields the time that counts.
///
/// # Errors
/// The first of `run`.
pub fn best(mut run: impl FnMut(u64) -> Result<Duration, Failure>) -> Result<Duration, Failure> {
    let mut best = Duration::MAX;
    for round in 0..setting("WIRE_ROUNDS", 3).max(1) {
        best = best.min(run(round)?);
    }
    Ok(best)
}
