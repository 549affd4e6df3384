//! A file registration, checked: the only way from a request body to a record.

use compact_str::CompactString;

use crate::category::Category;
use crate::file::FileRegistration;
use crate::hash::{ContentHash, PiecesRoot};
use crate::names::SharePath;

/// A registration that keeps every rule; category and tags are filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFile {
    /// Share path, file name included.
    pub path: SharePath,
    /// File name, where a client sent one that is not the last part of the path.
    pub filename: Option<CompactString>,
    /// Bytes.
    pub size_bytes: u64,
    /// Content.
    pub hash: ContentHash,
    /// Merkle root.
    pub pieces_root: Option<PiecesRoot>,
    /// Given or derived.
    pub category: Category,
    /// Given or derived, normalised.
    pub tags: Vec<CompactString>,
    /// An unfinished download.
    pub is_partial: bool,
}

/// A field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FieldError {
    /// JSON pointer.
    pub pointer: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

impl FileRegistration {
    /// Checks every field.
    ///
    /// # Errors
    /// [`FieldError`] for the first field that breaks a rule.
    pub fn check(&self) -> Result<CheckedFile, FieldError> {
        unimplemented!("helper")
    }
}
