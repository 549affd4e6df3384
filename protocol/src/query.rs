//! The search grammar: text in, a checked [`Query`] out.
//!
//! All parts must hold. Words match anywhere in a name or path without regard to case or accents.
//!
//! ```text
//! debian iso          both words, in any order          size:>1G  size:<=700MB  size:1M..2G
//! "linux kernel"      next to each other                ext:iso,img   category:video,audio
//! -beta -"old stuff"  none of these                     tag:linux     owner:"Lena's box"
//! hash:9f2c...        this content, also without hash: when it stands alone
//! ```
//!
//! Made for queries that are still being typed: an open quote is closed by the end, and a `-` or
//! `size:` with nothing behind it says nothing yet. A key that is none of these is a word, since
//! names hold colons. Knows no index and no record.

mod fold;
mod size;
mod token;

pub use fold::{fold, fold_phrase};

use std::ops::Range;

use compact_str::CompactString;

use crate::category::Category;
use crate::hash::ContentHash;
use crate::limits::QUERY_MAX_CHARS;
use token::{Key, Token};

/// Where the words of a query stand in its text: those that must be there, phrases aside.
pub fn words(text: &str) -> Vec<Range<usize>> {
    token::split_indices(text)
        .filter_map(|(at, token)| match token {
            Token::Word {
                text,
                is_excluded: false,
            } => Some(at..at + text.len()),
            _ => None,
        })
        .collect()
}

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
    /// Whether it can be read, and asks for what nobody may ask for or nothing can be.
    pub breaks_rule: bool,
}

impl QueryError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            breaks_rule: false,
        }
    }

    fn rule(message: impl Into<String>) -> Self {
        Self {
            breaks_rule: true,
            ..Self::new(message)
        }
    }
}

impl Query {
    /// Reads `text` in the grammar of the module.
    ///
    /// # Errors
    /// [`QueryError`] with a sentence for the person who typed it.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.chars().nth(QUERY_MAX_CHARS).is_some() {
            return Err(QueryError::rule(format!(
                "a query has at most {QUERY_MAX_CHARS} characters"
            )));
        }
        let tokens = token::split(text);
        let mut query = Self::default();
        if let [
            Token::Word {
                text,
                is_excluded: false,
            },
        ] = tokens.as_slice()
            && let Ok(hash) = text.parse()
        {
            query.hash = Some(hash);
            return Ok(query);
        }
        for token in tokens {
            query.add(token)?;
        }
        Ok(query)
    }

    /// Whether it asks for nothing in particular: everything matches.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, token: Token<'_>) -> Result<(), QueryError> {
        match token {
            Token::Word { text, is_excluded } => {
                let words = if is_excluded {
                    &mut self.without_words
                } else {
                    &mut self.words
                };
                push_new(words, fold(text));
            }
            Token::Phrase { text, is_excluded } => {
                let phrases = if is_excluded {
                    &mut self.without_phrases
                } else {
                    &mut self.phrases
                };
                push_new(phrases, fold_phrase(text));
            }
            Token::Condition {
                key,
                is_excluded: true,
                ..
            } => {
                return Err(QueryError::new(format!(
                    "only words and phrases can be excluded, not `{}:`",
                    key.as_str()
                )));
            }
            Token::Condition {
                key,
                value,
                is_excluded: false,
            } => self.add_condition(key, &value)?,
        }
        Ok(())
    }

    fn add_condition(&mut self, key: Key, value: &str) -> Result<(), QueryError> {
        let values = value
            .split(',')
            .map(str::trim)
            .filter(|value| !value.is_empty());
        match key {
            Key::Ext => {
                for value in values {
                    push_new(&mut self.extensions, fold(value.trim_start_matches('.')));
                }
            }
            Key::Category => {
                for value in values {
                    let category = value
                        .to_lowercase()
                        .parse()
                        .map_err(|error| QueryError::new(format!("`category:{value}`: {error}")))?;
                    if !self.categories.contains(&category) {
                        self.categories.push(category);
                    }
                }
            }
            Key::Tag => values.for_each(|value| push_new(&mut self.tags, fold(value))),
            Key::Owner => values.for_each(|value| push_new(&mut self.owners, fold(value))),
            Key::Size => {
                let (min, max) = size::parse(value)?;
                self.min_size = self.min_size.max(min);
                self.max_size = match (self.max_size, max) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
            Key::Hash => return self.add_hash(value),
        }
        Ok(())
    }

    fn add_hash(&mut self, value: &str) -> Result<(), QueryError> {
        let value = value.trim();
        if value.is_empty() {
            return Ok(());
        }
        let hash = value
            .parse()
            .map_err(|error| QueryError::new(format!("`hash:{value}`: {error}")))?;
        if self.hash.replace(hash).is_some_and(|other| other != hash) {
            return Err(QueryError::rule("a query asks for at most one hash"));
        }
        Ok(())
    }
}

fn push_new(list: &mut Vec<CompactString>, text: CompactString) {
    if !text.is_empty() && !list.contains(&text) {
        list.push(text);
    }
}

#[cfg(test)]
mod tests;
