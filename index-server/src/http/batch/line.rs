//! One line of a batch: from its bytes to a checked change.
//!
//! The contract's [`protocol::file::BatchLine`] is a tagged enum, which serde reads by way of a
//! buffered copy of every value; a million lines are read here, so this reads all fields flat, in
//! one pass.

use std::borrow::Cow;
use std::net::SocketAddr;

use protocol::category::Category;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::FileId;
use protocol::registration::{FieldError, FileFields};
use serde::Deserialize;

use crate::command::{FileChange, Refusal};
use crate::http::body::parse_json;
use crate::http::problem::invalid_field;

/// A change, and whose files it is about where the line says so.
#[derive(Debug, PartialEq)]
pub struct BatchChange {
    /// Text of the owner's id.
    pub owner: Option<String>,
    /// What to do.
    pub change: FileChange,
}

/// A text, borrowed from the line where nothing in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        text.0.into_owned()
    }
}

/// All fields of all kinds of lines.
#[derive(Deserialize)]
struct Line<'a> {
    op: Op,
    id: Option<FileId>,
    #[serde(borrow)]
    filename: Option<Text<'a>>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
    size: Option<u64>,
    hash: Option<ContentHash>,
    pieces_root: Option<PiecesRoot>,
    category: Option<Category>,
    #[serde(borrow)]
    tags: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    owner: Option<Text<'a>>,
    /// Read by nobody, but refused where it is no address.
    #[serde(rename = "peer_address")]
    _peer_address: Option<SocketAddr>,
    partial: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    Add,
    Remove,
}

/// The change on a line, `None` for a blank one.
///
/// # Errors
/// `invalid-json`, or `invalid-field` with its pointer.
pub fn read(line: &[u8]) -> Result<Option<BatchChange>, Refusal> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let line: Line<'_> = parse_json(line)?;
    match line.op {
        Op::Add => add(line).map(Some),
        Op::Remove => Ok(Some(BatchChange {
            owner: line.owner.map(String::from),
            change: FileChange::Remove {
                id: line.id.ok_or_else(|| missing("id"))?,
                path: line.path.map(String::from),
            },
        })),
    }
}

fn add(line: Line<'_>) -> Result<BatchChange, Refusal> {
    let filename = line.filename.ok_or_else(|| missing("filename"))?;
    let fields = FileFields {
        filename: filename.as_ref(),
        path: line.path.as_ref().map(AsRef::as_ref),
        size: line.size.ok_or_else(|| missing("size"))?,
        hash: line.hash.ok_or_else(|| missing("hash"))?,
        pieces_root: line.pieces_root,
        category: line.category,
        tags: line.tags.as_deref(),
        partial: line.partial.unwrap_or_default(),
    };
    let checked = fields
        .check()
        .map_err(|FieldError { pointer, message }| invalid_field(pointer, message))?;
    Ok(BatchChange {
        change: FileChange::Add(checked),
        owner: line.owner.map(String::from),
    })
}

fn missing(field: &str) -> Refusal {
    let detail: Cow<'_, str> = format!("missing field `{field}`").into();
    invalid_field(format!("/{field}"), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_stands_for_a_field_that_is_absent() {
        let hash = "0".repeat(64);
        let line = |rest: &str| {
            let line = format!(
                "{{\"op\":\"add\",\"filename\":\"a\",\"size\":1,\"hash\":\"{hash}\"{rest}}}"
            );
            read(line.as_bytes()).expect("a line")
        };
        let nulls =
            ",\"path\":null,\"category\":null,\"tags\":null,\"owner\":null,\"partial\":null";
        assert_eq!(line(nulls), line(""));
        assert_ne!(line(",\"partial\":true"), line(""));
    }
}
