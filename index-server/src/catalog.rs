//! Contents and records, and the search over them: a writer's [`Catalog`] and the immutable
//! [`CatalogView`] that readers get.
//!
//! Knows owners only as an id with a name, a reputation and an online flag. Knows nothing of HTTP,
//! journals or clocks.

use std::sync::Arc;

use compact_str::CompactString;
use jiff::Timestamp;
use protocol::category::Category;
use protocol::file::CatalogDigest;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use protocol::query::Query;
use protocol::search::SearchParams;
use serde::{Deserialize, Serialize};

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

/// A row of results.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The record shown (with `collapse`, the best online one of its content).
    pub entry: FileEntry,
    /// Online complete holders of its content.
    pub sources: u64,
}

/// A page of results.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPage {
    /// Rows in order.
    pub hits: Vec<Hit>,
    /// Matches in all.
    pub total: u64,
    /// Whether `total` is exact.
    pub total_is_exact: bool,
    /// For the next page.
    pub next_cursor: Option<String>,
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

/// The writer's side: owned by the world, changed only by applied records.
#[derive(Debug, Default)]
pub struct Catalog {}

impl Catalog {
    /// Puts an owner in, or changes what is known of it; its records follow at once.
    pub fn put_owner(&mut self, owner: PeerId, facts: OwnerFacts) {
        let _ = (owner, facts);
        unimplemented!("helper")
    }

    /// Takes an owner out with all its records; yields the ids that went.
    pub fn drop_owner(&mut self, owner: &PeerId) -> Vec<FileId> {
        let _ = owner;
        unimplemented!("helper")
    }

    /// Puts a record in, in place of one with the same id.
    pub fn put(&mut self, entry: FileEntry) {
        let _ = entry;
        unimplemented!("helper")
    }

    /// Takes a record out; yields it.
    pub fn remove(&mut self, id: &FileId) -> Option<FileEntry> {
        let _ = id;
        unimplemented!("helper")
    }

    /// The record as it stands.
    pub fn get(&self, id: &FileId) -> Option<FileEntry> {
        let _ = id;
        unimplemented!("helper")
    }

    /// Sets the redirect count of a record.
    pub fn set_downloads(&mut self, id: &FileId, downloads: u64) {
        let _ = (id, downloads);
        unimplemented!("helper")
    }

    /// Sets the votes of a record.
    pub fn set_rating(&mut self, id: &FileId, sum: u64, votes: u64) {
        let _ = (id, sum, votes);
        unimplemented!("helper")
    }

    /// Sums over an owner's complete records; kept, not counted anew.
    pub fn totals(&self, owner: &PeerId) -> OwnerTotals {
        let _ = owner;
        unimplemented!("helper")
    }

    /// Every record, for a snapshot, in no particular order.
    pub fn entries(&self) -> Box<dyn Iterator<Item = FileEntry> + '_> {
        unimplemented!("helper")
    }

    /// What readers see from now on; cheap after a small change.
    pub fn view(&mut self) -> Arc<CatalogView> {
        unimplemented!("helper")
    }
}

/// The readers' side: one state of the catalog, for ever.
#[derive(Debug, Default)]
pub struct CatalogView {}

impl CatalogView {
    /// The page that `params` asks for; `query` is `params.q` parsed.
    ///
    /// # Errors
    /// [`CursorError`] for a cursor of another search.
    pub fn search(&self, query: &Query, params: &SearchParams) -> Result<SearchPage, CursorError> {
        let _ = (query, params);
        unimplemented!("helper")
    }

    /// One record.
    pub fn file(&self, id: &FileId) -> Option<FileEntry> {
        let _ = id;
        unimplemented!("helper")
    }

    /// Every record of a content, partial and offline ones too.
    pub fn holders(&self, hash: &ContentHash) -> Vec<FileEntry> {
        let _ = hash;
        unimplemented!("helper")
    }

    /// Online complete holders of a content.
    pub fn sources(&self, hash: &ContentHash) -> u64 {
        let _ = hash;
        unimplemented!("helper")
    }

    /// One owner's records below `prefix` (a text that paths start with), one row a name, by path.
    ///
    /// # Errors
    /// [`CursorError`] for a cursor of another listing.
    pub fn files_of(
        &self,
        owner: &PeerId,
        prefix: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<OwnerPage, CursorError> {
        let _ = (owner, prefix, cursor, limit);
        unimplemented!("helper")
    }

    /// Complete records of all owners.
    pub fn file_count(&self) -> u64 {
        unimplemented!("helper")
    }

    /// Their bytes.
    pub fn byte_count(&self) -> u64 {
        unimplemented!("helper")
    }
}
