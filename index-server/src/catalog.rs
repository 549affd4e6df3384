//! Contents and records, and the search over them: a writer's [`Catalog`] and the immutable
//! [`CatalogView`] that readers get.
//!
//! A record lies in one of few segments that never change; a change marks it dead there and puts it
//! anew into the next segment, and small segments are merged into larger ones. A view is a list of
//! segments with their dead, so making one copies nothing of size.
//!
//! Knows owners only as an id with a name, a reputation and an online flag. Knows nothing of HTTP,
//! journals or clocks.

mod across;
mod budget;
mod columns;
mod compact;
mod contents;
mod correct;
mod cursor;
mod docs;
mod exact;
mod hit;
mod keys;
mod layer;
mod listing;
mod load;
mod lookup;
mod matcher;
pub mod membership;
mod natural;
mod owners;
mod paths;
mod plan;
mod postings;
mod rank;
mod remembered;
mod search;
mod segment;
pub mod stored;
mod texts;
mod view;
mod words;
mod writer;

#[cfg(test)]
mod model;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;

use compact_str::CompactString;
use jiff::Timestamp;
use protocol::category::Category;
use protocol::file::CatalogDigest;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use serde::{Deserialize, Serialize};

pub use hit::Hit;
pub use paths::PathText;
pub use view::CatalogView;
pub use writer::Catalog;

/// One name of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordName {
    /// Share path, the key of the name.
    pub path: CompactString,
    /// File name, where it is not the last part of the path.
    pub filename: Option<CompactString>,
}

/// One owner's record of one content, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// [`FileId::of`] owner and hash.
    pub id: FileId,
    /// Whose.
    pub owner: PeerId,
    /// Which bytes.
    pub hash: ContentHash,
    /// Merkle root, where told.
    pub pieces_root: Option<PiecesRoot>,
    /// Bytes.
    pub size_bytes: u64,
    /// Kind.
    pub category: Category,
    /// Lower-case words.
    pub tags: Vec<CompactString>,
    /// All names, the one registered last at the end; never empty.
    pub names: Vec<RecordName>,
    /// When it was registered last.
    pub uploaded_at: Timestamp,
    /// A download that is not finished: never in search results.
    pub is_partial: bool,
    /// Redirects given.
    pub downloads: u64,
    /// Sum of all stars.
    pub rating_sum: u64,
    /// Number of votes.
    pub rating_votes: u64,
}

impl FileEntry {
    /// Takes what `newer` says of the same record; its names are the last ones from now on, and what
    /// was counted stays. Yields whether any of them is new.
    pub fn renew(&mut self, newer: Self) -> bool {
        let mut names = std::mem::take(&mut self.names);
        let mut is_new = false;
        for name in newer.names {
            match names.iter().position(|known| known.path == name.path) {
                Some(place) => drop(names.remove(place)),
                None => is_new = true,
            }
            names.push(name);
        }
        *self = Self {
            names,
            downloads: self.downloads,
            rating_sum: self.rating_sum,
            rating_votes: self.rating_votes,
            ..newer
        };
        is_new
    }

    /// Takes a name away; yields whether it was there.
    pub fn unname(&mut self, path: &str) -> bool {
        let place = self.names.iter().position(|name| name.path == path);
        place.map(|place| self.names.remove(place)).is_some()
    }
}

/// What the catalog knows of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerFacts {
    /// Name as given.
    pub name: CompactString,
    /// Whether its records stand in default results.
    pub is_online: bool,
    /// 0 to 100: which of several holders is shown.
    pub reputation: u8,
}

/// Sums over an owner's complete records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnerTotals {
    /// Complete records.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Over all their (path, hash).
    pub digest: CatalogDigest,
}

/// A page of results.
#[derive(Debug, Clone)]
pub struct SearchPage<'v> {
    /// Rows in order.
    pub hits: Vec<Hit<'v>>,
    /// Matches in all.
    pub total: u64,
    /// Whether `total` is exact.
    pub total_is_exact: bool,
    /// Whether the search ended because it had done as much as one search may: then `total` is a
    /// lower bound however small it is, and where rows are fewer than asked for, `next_cursor` goes
    /// on behind what was looked at.
    pub is_cut: bool,
    /// Steps of work that were counted, for whoever measures what one takes.
    pub steps: u64,
    /// For the next page.
    pub next_cursor: Option<String>,
    /// The query that was searched for in place of the one asked, where that found nothing.
    pub corrected: Option<String>,
}

/// A page of one owner's records, by path.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnerPage {
    /// (which of the entry's names stands here, entry).
    pub rows: Vec<(RecordName, FileEntry)>,
    /// For the next page.
    pub next_cursor: Option<String>,
}

/// A cursor that is not one of ours, or of another search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this cursor is not from an answer to the same search; leave it out to start over")]
pub struct CursorError;
