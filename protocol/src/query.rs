//! The search grammar: text in, a checked [`Query`] out.
//!
//! All parts must hold. Words match anywhere in a name or path without regard to case or accents.

use compact_str::CompactString;

use crate::category::Category;
use crate::hash::ContentHash;

/// A parsed query. Texts in it are folded by [`fold`] already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Each must occur somewhere in name or path.
    pub words: Vec<CompactString>,
    /// Each must occur as written; space, `.`, `-` and `_` are one character (folded to a space).
    pub phrases: Vec<CompactString>,
    /// None of these words may occur.
    pub without_words: Vec<CompactString>,
    /// None of these phrases may occur.
    pub without_phrases: Vec<CompactString>,
    /// File name endings, without dot, lower case; any of them.
    pub extensions: Vec<CompactString>,
    /// Any of these kinds.
    pub categories: Vec<Category>,
    /// All of these tags.
    pub tags: Vec<CompactString>,
    /// Smallest size in bytes, inclusive.
    pub min_size: Option<u64>,
    /// Largest size in bytes, inclusive.
    pub max_size: Option<u64>,
    /// Owner names (folded) or the start of their ids; any of them.
    pub owners: Vec<CompactString>,
    /// Only this content.
    pub hash: Option<ContentHash>,
}

/// Why a query was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong and what would be right.
    pub message: String,
}

impl Query {
    /// Reads `text` in the grammar of the module.
    ///
    /// # Errors
    /// [`QueryError`] with a sentence for the person who typed it.
    pub fn parse(_text: &str) -> Result<Self, QueryError> {
        unimplemented!("helper")
    }
}

/// Text as it is compared: NFKD, marks dropped, lower case.
pub fn fold(_text: &str) -> CompactString {
    unimplemented!("helper")
}

/// [`fold`], and the separators space, `.`, `-` and `_` all become one space each.
pub fn fold_phrase(_text: &str) -> CompactString {
    unimplemented!("helper")
}
