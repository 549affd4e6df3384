//! Makes a corpus of real file names: the paths of all Debian packages, as apt-file has them.
//!
//! Everything that Debian does not tell follows from SHA-256 of a seed and the path, so the same
//! lists make the same corpus everywhere. Whole folders are drawn, so that names stand beside
//! their like; about a quarter of the records are further copies that other owners hold. Where more
//! are wanted than the lists have, all of it comes once more as a snapshot, with other bytes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use protocol::category::Category;
use sha2::{Digest as _, Sha256};

const SEED: &[u8] = b"peerdex-corpus-1";
/// Paths drawn for each 1,000 records wanted: 750 and a margin, for folders come whole.
const DRAWN: u64 = 790;
/// Folders fall into so many bins, of which as many are drawn as the paths wanted fill.
const BIN_COUNT: usize = 1 << 16;
/// Files of an owner on average.
const FILES_PER_OWNER: u64 = 500;
/// 2023-01-01, the earliest registration, and three years in seconds.
const EPOCH: u64 = 1_672_531_200;
const SPAN: u64 = 3 * 365 * 86_400;

/// Writes `count` records to `output`, by owner, and which owners are online (owner, 0 or 1) to
/// the file beside it that ends in `.owners.tsv`.
pub fn make(count: u64, output: &Path) -> anyhow::Result<()> {
    let lists = lists()?;
    let mut bins = vec![0; BIN_COUNT];
    each_path(&lists, |path, _| bins[bin_of(folder_of(path))] += 1)?;
    let wanted = count.saturating_mul(DRAWN).div_ceil(1_000);
    let mut paths = 0;
    let is_short = |size: &&u64| {
        let is_short = paths < wanted;
        paths += **size;
        is_short
    };
    let bins_drawn = bins.iter().take_while(is_short).count();
    let owners = (count / FILES_PER_OWNER).max(50);
    let mut records = Vec::new();
    for snapshot in 0.. {
        each_path(&lists, |path, package| {
            let folder = folder_of(path);
            if bin_of(folder) < bins_drawn && !path.contains('\t') {
                let again = (snapshot > 0).then(|| format!("snapshots/{snapshot}/{path}"));
                copies(
                    again.as_deref().unwrap_or(path),
                    package,
                    owners,
                    &mut records,
                );
            }
        })?;
        ensure!(!records.is_empty(), "the lists have no names");
        if records.len() as u64 >= count {
            break;
        }
    }
    // By a hash of its own, so that what is left over is cut off everywhere alike.
    records.sort_by_cached_key(|(_, line)| Numbers::of(line).next());
    records.truncate(usize::try_from(count)?);
    records.sort_by(|(a_owner, a), (b_owner, b)| {
        let folder = |line| str::split(line, '\t').nth(1);
        (a_owner, folder(a), a).cmp(&(b_owner, folder(b), b))
    });
    write_lines(output, records.iter().map(|(_, line)| line))?;
    let online = (0..owners).map(|owner| {
        let is_online = Numbers::of(&format!("owner {owner}")).next() % 10 < 4;
        format!("{owner}\t{}", u8::from(is_online))
    });
    write_lines(&output.with_extension("owners.tsv"), online)
}

fn write_lines(
    path: &Path,
    lines: impl Iterator<Item = impl std::fmt::Display>,
) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
    let mut file = BufWriter::new(file);
    let write = || {
        for line in lines {
            writeln!(file, "{line}")?;
        }
        file.flush()
    };
    write().with_context(|| format!("write {}", path.display()))
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn bin_of(folder: &str) -> usize {
    usize::try_from(Numbers::of(folder).next() % BIN_COUNT as u64).unwrap_or(0)
}

/// The record of a path and its further copies, each as (owner, line).
fn copies(path: &str, package: &str, owners: u64, records: &mut Vec<(u64, String)>) {
    let folder = folder_of(path);
    let name = path[folder.len()..].trim_start_matches('/');
    if name.is_empty() {
        return;
    }
    let mut numbers = Numbers::of(path);
    let category = Category::of_name(name);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let section = package.rsplit('/').nth(1).unwrap_or("misc");
    let stem = package.rsplit('/').next().unwrap_or_default();
    let stem = stem.split(['-', '+', '.']).next().unwrap_or_default();
    let mut tags = vec![section, stem];
    if ending.len() < 8 && ending.chars().all(char::is_alphanumeric) {
        tags.push(ending);
    }
    tags.retain(|tag| !tag.is_empty());
    tags.dedup();
    let size = numbers.next() >> (30 + numbers.next() % 24);
    // Half of the files once at most, one of a thousand a thousand times.
    let downloads = (1 << 20) / (1 + numbers.next() % (1 << 20)) - 1;
    let rating = [0, 0, 10 + numbers.next() % 41][usize::try_from(numbers.next() % 3).unwrap_or(0)];
    let uploaded = numbers.next() % SPAN;
    // Of four paths one has a copy, of four of those a second one, and so on: a third in all.
    let mut copy = 0;
    let mut owner = Numbers::of(folder).next() % owners;
    let sha256 = content_of(path);
    loop {
        let uploaded = EPOCH + (uploaded + copy * 7_919_317) % SPAN;
        let line = format!(
            "{name}\t{folder}\t{size}\t{sha256}\t{category}\t{}\t{owner}\t{downloads}\t{rating}\t{uploaded}",
            tags.join(",")
        );
        records.push((owner, line));
        if !numbers.next().is_multiple_of(4) {
            return;
        }
        copy += 1;
        owner = (owner + 1 + numbers.next() % (owners - 1)) % owners;
    }
}

/// The content hash of a path in hexadecimal digits.
fn content_of(path: &str) -> String {
    protocol::hash::ContentHash::of(&[SEED, path.as_bytes()].concat()).to_string()
}

/// Paths of the Contents lists that apt-file fetched.
fn lists() -> anyhow::Result<Vec<String>> {
    let output = Command::new("apt-get")
        .args(["indextargets", "--format", "$(FILENAME)"])
        .arg("Created-By: Contents-deb")
        .output()
        .context("run apt-get indextargets (a corpus is made on Debian or its kin)")?;
    let mut lists: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    lists.sort();
    if lists.is_empty() {
        bail!("apt has no Contents lists: apt-get install apt-file && apt-file update");
    }
    Ok(lists)
}

/// Calls `take` with every path and the package it is in (`section/name`).
fn each_path(lists: &[String], mut take: impl FnMut(&str, &str)) -> anyhow::Result<()> {
    for list in lists {
        let mut child = Command::new("/usr/lib/apt/apt-helper")
            .args(["cat-file", list])
            .stdout(Stdio::piped())
            .spawn()
            .context("run apt-helper")?;
        let output = child.stdout.take().context("the output of apt-helper")?;
        let mut lines = BufReader::with_capacity(1 << 18, output);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            if let Ok(text) = std::str::from_utf8(&line)
                && let Some((path, packages)) = text.trim_end().rsplit_once(' ')
            {
                take(
                    path.trim_end(),
                    packages.split(',').next().unwrap_or_default(),
                );
            }
            line.clear();
        }
        ensure!(child.wait()?.success(), "apt-helper cannot read {list}");
    }
    Ok(())
}

/// Numbers that follow from the seed and a text.
struct Numbers {
    state: [u8; 32],
}

impl Numbers {
    fn of(text: &str) -> Self {
        let hash = Sha256::new().chain_update(SEED).chain_update(text);
        Self {
            state: hash.finalize().into(),
        }
    }

    fn next(&mut self) -> u64 {
        self.state = Sha256::digest(self.state).into();
        self.state
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}
