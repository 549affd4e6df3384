//! Rows of the shares tree.

use protocol::hash::ContentHash;
use serde::{Deserialize, Serialize};

/// What a row of the shares tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum ShareKind {
    Root,
    Folder,
    File,
}

/// A row of the shares tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareRow {
    /// Identity, and what `open` lists.
    pub key: String,
    /// What it is.
    pub kind: ShareKind,
    /// 0 for roots.
    pub depth: usize,
    /// Name to show.
    pub name: String,
    /// Full path on this disk (lossy), for copying.
    pub path: String,
    /// Whether an open folder.
    pub is_open: bool,
    /// Files below it.
    pub files: u64,
    /// Bytes below it.
    pub size_bytes: u64,
    /// `None` when ready; else in words (`checking`, `not there`, `62% partial`).
    pub note: Option<String>,
    /// Whether `note` is trouble.
    pub is_trouble: bool,
    /// For files.
    pub hash: Option<ContentHash>,
}

/// The shares tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// Position of the first row sent.
    pub first: usize,
    /// Rows.
    pub rows: Vec<ShareRow>,
    /// Rows in all, as the tree is open now.
    pub total: usize,
    /// Files shared.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files found so far, waiting ones included.
    pub found_files: u64,
    /// Files waiting to be hashed.
    pub hashing_files: u64,
    /// Bytes waiting to be hashed.
    pub hashing_bytes: u64,
    /// Bytes hashed a second, lately.
    pub hash_rate: u64,
    /// Running uploads.
    pub uploads: usize,
    /// Files and folders that cannot be shared: (path, why).
    pub troubles: Vec<(String, String)>,
}
