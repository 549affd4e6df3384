//! `peer-tui hash PATH...`: what the network knows files by.

use std::path::{Path, PathBuf};

use protocol::pieces::FileHashes;
use serde_json::json;

use super::print;
use super::trouble::Trouble;
use crate::share::hasher::hash_file;

/// Runs the command: a line a file, in the order given, folders by name.
///
/// # Errors
/// When one of them cannot be read; the others are printed all the same.
pub fn run(paths: &[PathBuf], json: bool) -> Result<(), Trouble> {
    let mut failures = 0_usize;
    for path in paths {
        failures += hash(path, json);
    }
    match failures {
        0 => Ok(()),
        1 => Err(Trouble::failed("one of them could not be read")),
        count => Err(Trouble::failed(format!(
            "{count} of them could not be read"
        ))),
    }
}

/// Hashes a file or all files of a folder; how many could not be read.
fn hash(path: &Path, json: bool) -> usize {
    if path.is_dir() {
        return match entries(path) {
            Ok(entries) => entries.iter().map(|entry| hash(entry, json)).sum(),
            Err(error) => complain(path, &error.to_string()),
        };
    }
    match hash_file(path, |_| {}) {
        Ok(hashes) => {
            show(path, &hashes, json);
            0
        }
        Err(error) => complain(path, &error.to_string()),
    }
}

/// What lies in a folder, by name; links are not followed, as in the share.
fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() || kind.is_file() {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

fn complain(path: &Path, reason: &str) -> usize {
    print::note(&format!(
        "peer-tui: {}: {reason}",
        print::name(&path.to_string_lossy())
    ));
    1
}

fn show(path: &Path, hashes: &FileHashes, json: bool) {
    let text = path.to_string_lossy();
    if json {
        print::json(&json!({
            "path": text,
            "size": hashes.size_bytes,
            "hash": hashes.hash,
            "pieces_root": hashes.root,
            "pieces": hashes.pieces.len(),
        }));
    } else {
        print::line(&format!(
            "{}  {:>14}  {}  {}",
            hashes.hash,
            hashes.size_bytes,
            hashes.root,
            print::name(&text)
        ));
    }
}
