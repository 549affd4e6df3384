//! What other programs make of the same links, where they are installed.
//!
//! Knows their command lines; the sources are the same peers.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::swarm::{FILE_NAME, Swarm};

/// aria2 with the Metalink of our index: how, and the words that make it so.
pub const FOUR: [(&str, &[&str]); 2] = [
    ("as it comes", &[]),
    (
        "one connection a source",
        &[
            "--max-connection-per-server=1",
            "--split=4",
            "--min-split-size=1M",
        ],
    ),
];

/// Whether aria2 is installed.
pub fn has_aria2() -> bool {
    let mut line = Command::new("aria2c");
    let asked = line.arg("--version").stdout(Stdio::null()).status();
    let is_there = asked.is_ok_and(|status| status.success());
    if !is_there {
        println!("  aria2c is not installed: not compared");
    }
    is_there
}

/// aria2 fetches the file in one of the boxes, by the Metalink of the index.
pub fn aria2(swarm: &Swarm, name: &str, words: &[&str]) -> Outcome<Duration> {
    let folder = swarm.folder.path().join("aria2");
    let url = format!("{}/content/{}.meta4", swarm.index.url, swarm.hash);
    let mut line = swarm.net.inside(name, "aria2c".as_ref());
    line.args(["--no-conf", "--quiet", "--follow-metalink=mem"])
        .args(words)
        .arg("--dir")
        .arg(&folder)
        .arg(url);
    let started_at = Instant::now();
    let status = line.status()?;
    let took = started_at.elapsed();
    if !status.success() {
        return Err(format!("aria2c: {status}").into());
    }
    swarm.check_file(&folder.join(FILE_NAME))?;
    Ok(took)
}
