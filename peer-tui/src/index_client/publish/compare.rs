//! Where the share and what the index holds of it differ, by digests of ranges of paths.
//!
//! Pure: from sorted names and the index's ranges to the ranges that must be read.

use std::collections::HashSet;
use std::sync::Arc;

use protocol::file::{CatalogDigest, CatalogRange, CatalogRanges};
use protocol::ids::FileId;

use super::line::Line;
use crate::share::SharedFile;

/// A range in which the two differ.
#[derive(Debug)]
pub(super) struct Differing<'a> {
    /// As the index told it; `None` where it holds nothing at all.
    pub(super) range: Option<&'a CatalogRange>,
    /// What is shared in it.
    pub(super) files: &'a [Arc<SharedFile>],
}

/// The ranges to read, in order. `files` must be sorted by path. Whatever the index told, every
/// file lies in one range or in none that differs: a range that it made up is read, and what is
/// read decides.
pub(super) fn differing<'a>(
    told: &'a CatalogRanges,
    files: &'a [Arc<SharedFile>],
) -> Vec<Differing<'a>> {
    if told.ranges.is_empty() {
        return vec![Differing { range: None, files }];
    }
    let mut differing = Vec::new();
    let mut rest = files;
    for (number, range) in told.ranges.iter().enumerate() {
        let is_last = number + 1 == told.ranges.len();
        let own_count = match &range.until {
            Some(until) if !is_last => {
                rest.partition_point(|file| file.path.as_str() <= until.as_str())
            }
            _ => rest.len(),
        };
        let (own, behind) = rest.split_at(own_count);
        rest = behind;
        if own.len() as u64 != range.count || digest_of(own).to_hex() != range.digest {
            let range = Some(range);
            differing.push(Differing { range, files: own });
        }
    }
    differing
}

/// The lines of all ranges in the order to send them: withdrawals first, each once, and none of a
/// name that is shared. A path that stands for several contents may lie in two ranges, and only one
/// of them knows what is shared under it.
pub(super) fn in_order(lines: Vec<Line>, files: &[Arc<SharedFile>]) -> Vec<Line> {
    let is_shared = |id: &FileId, path: &str| {
        let start = files.partition_point(|file| file.path.as_str() < path);
        let mut there = files[start..].iter();
        let mut there = there.by_ref().take_while(|file| file.path.as_str() == path);
        there.any(|file| file.id == *id)
    };
    let (adds, mut ordered): (Vec<_>, Vec<_>) = lines.into_iter().partition(Line::is_add);
    let mut seen = HashSet::new();
    ordered.retain(|line| match line {
        Line::Remove { id, path } => !is_shared(id, path) && seen.insert((*id, path.clone())),
        _ => true,
    });
    ordered.extend(adds);
    ordered
}

fn digest_of(files: &[Arc<SharedFile>]) -> CatalogDigest {
    let mut digest = CatalogDigest::default();
    for file in files {
        digest.toggle(file.path.as_str(), &file.hash);
    }
    digest
}

#[cfg(test)]
mod tests;
