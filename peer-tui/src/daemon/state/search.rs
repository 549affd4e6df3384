//! Rows of search results and of a peer's files.

use protocol::category::Category;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use serde::{Deserialize, Serialize};

/// What this peer has to do with a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "own", rename_all = "snake_case")]
pub enum Own {
    /// Nothing.
    None,
    /// It shares this content itself.
    Shared,
    /// Being fetched, percent.
    Downloading {
        /// 0 to 100.
        percent: u8,
    },
    /// Waits in the queue.
    Queued,
    /// Somebody paused it.
    Paused {
        /// 0 to 100.
        percent: u8,
    },
    /// Nobody who has it is online; tried again by itself.
    NoSource {
        /// 0 to 100.
        percent: u8,
    },
    /// What is missing has no room; tried again by itself.
    DiskFull {
        /// 0 to 100.
        percent: u8,
    },
    /// Does not go on without a person.
    Failed {
        /// 0 to 100.
        percent: u8,
    },
    /// Fetched.
    Done,
}

/// A row of results: one content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// Identity of the row.
    pub hash: ContentHash,
    /// The record shown.
    pub file_id: FileId,
    /// File name as given.
    pub name: String,
    /// Share path as given.
    pub path: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Kind.
    pub category: Category,
    /// Online holders.
    pub sources: u64,
    /// Holder shown.
    pub owner: PeerId,
    /// Its name.
    pub owner_name: String,
    /// Round trip to it, where measured.
    pub latency_ms: Option<u32>,
    /// Its reputation, 0 to 100.
    pub reputation: u8,
    /// What this peer has to do with it.
    pub own: Own,
}

/// Search results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Of which search.
    pub generation: u64,
    /// Position of the first row sent.
    pub first: usize,
    /// Rows.
    pub rows: Vec<ResultRow>,
    /// Matches in all.
    pub total: u64,
    /// Whether that is exact.
    pub total_is_exact: bool,
    /// What was searched for in place of what was typed, which has nothing but a typing error in it.
    #[serde(default)]
    pub corrected: Option<String>,
    /// Whether there are more which the index did not get to.
    #[serde(default)]
    pub is_cut: bool,
    /// Microseconds from asking to having the answer.
    pub took_us: u64,
    /// Why there are none: query error or index lost, in words.
    pub trouble: Option<String>,
}

/// An entry of a peer's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum BrowseRow {
    /// A folder.
    Folder {
        /// Name.
        name: String,
        /// Whole path.
        path: String,
        /// Files below it.
        files: u64,
        /// Their bytes.
        size_bytes: u64,
    },
    /// A file.
    File(ResultRow),
}

/// The files of one peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Browse {
    /// Whose.
    pub peer: PeerId,
    /// Its name.
    pub peer_name: String,
    /// Which folder.
    pub folder: String,
    /// Position of the first row sent.
    pub first: usize,
    /// Folders first, then files, by name.
    pub rows: Vec<BrowseRow>,
    /// Rows in all.
    pub total: usize,
    /// Still being read from the index.
    pub is_loading: bool,
    /// Why it could not be read.
    pub trouble: Option<String>,
}
