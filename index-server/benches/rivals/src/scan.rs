//! No index at all: one search for bytes over all folded names, which lie one after the other.

use std::path::Path;

use memchr::memmem::{self, Finder};
use memchr::{memchr, memrchr};

use crate::engine::{Engine, ROW_COUNT};
use crate::queries::Query;
use crate::records;

/// All names, each with a line feed behind it.
pub struct Scan(Vec<u8>);

/// Lays the names down.
pub fn fill(corpus: &Path, has_folders: bool) -> anyhow::Result<(Scan, usize)> {
    let mut text = Vec::new();
    let count = records::each(corpus, has_folders, |record| {
        text.extend_from_slice(record.folded.as_bytes());
        text.push(b'\n');
        Ok(())
    })?;
    text.shrink_to_fit();
    Ok((Scan(text), count))
}

impl Engine for Scan {
    fn search(&self, query: &Query) -> Option<usize> {
        if query.is_ours_alone() {
            return None;
        }
        let mut needles = query.needles();
        if query.is_ending() {
            needles.iter_mut().for_each(|needle| needle.push('\n'));
        }
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        let (first, others) = needles.split_first()?;
        let finder = Finder::new(first.as_bytes());
        let (mut rows, mut total, mut from) = (Vec::new(), 0_usize, 0);
        while let Some(found) = finder.find(&self.0[from..]) {
            let at = from + found;
            let start = memrchr(b'\n', &self.0[..at]).map_or(0, |end| end + 1);
            let end = memchr(b'\n', &self.0[at..]).map_or(self.0.len(), |length| at + length);
            let name = &self.0[start..end];
            from = (end + 1).min(self.0.len());
            if others
                .iter()
                .all(|other| memmem::find(name, other.as_bytes()).is_some())
            {
                total += 1;
                if rows.len() < ROW_COUNT {
                    rows.push(name);
                }
            }
        }
        std::hint::black_box(total);
        Some(rows.len())
    }
}
