//! Records of a corpus, read one by one so that the corpus itself is never resident.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::Context as _;

/// One line of the corpus.
pub struct Record {
    /// What is searched: the name, or folder and name.
    pub path: String,
    /// `path` as the index folds it.
    pub folded: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Hexadecimal SHA-256.
    pub sha256: String,
    /// Words.
    pub tags: Vec<String>,
    /// Number of the owner.
    pub owner: u64,
    /// Redirects given.
    pub downloads: u64,
    /// Tenths of stars, 0 where nobody voted.
    pub rating: u64,
    /// Unix seconds.
    pub uploaded: i64,
}

/// Calls `take` with every record of the file.
pub fn each(
    corpus: &Path,
    has_folders: bool,
    mut take: impl FnMut(Record) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let file = File::open(corpus).with_context(|| format!("open {}", corpus.display()))?;
    let mut count = 0;
    for line in BufReader::with_capacity(1 << 18, file).lines() {
        let line = line?;
        count += 1;
        let record = parse(&line, has_folders)
            .with_context(|| format!("{}, line {count}", corpus.display()))?;
        take(record)?;
    }
    Ok(count)
}

fn parse(line: &str, has_folders: bool) -> anyhow::Result<Record> {
    let mut fields = line.split('\t');
    let mut next = |what: &'static str| fields.next().context(what);
    let (name, folder) = (next("no name")?, next("no folder")?);
    let path = if has_folders && !folder.is_empty() {
        format!("{folder}/{name}")
    } else {
        name.to_owned()
    };
    let size_bytes = next("no size")?.parse()?;
    let sha256 = next("no sha256")?.to_owned();
    next("no category")?;
    let tags = next("no tags")?;
    let tags = tags.split(',').filter(|tag| !tag.is_empty());
    let tags = tags.map(str::to_owned).collect();
    let owner = next("no owner")?.parse()?;
    let downloads = next("no downloads")?.parse()?;
    let rating = next("no rating")?.parse()?;
    Ok(Record {
        folded: protocol::query::fold(&path).to_string(),
        path,
        size_bytes,
        sha256,
        tags,
        owner,
        downloads,
        rating,
        uploaded: next("no time")?.parse()?,
    })
}
