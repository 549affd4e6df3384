//! One line of a batch: from its bytes to a checked change.
//!
//! The contract's [`protocol::file::BatchLine`] is a tagged enum, which serde reads by way of a
//! buffered copy of every value; a million lines are read here, so this reads all fields flat, in
//! one pass.

use std::borrow::Cow;
use std::net::SocketAddr;

use protocol::category::Category;
use protocol::file::FileRegistration;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::FileId;
use serde::Deserialize;

use crate::command::{FileChange, Refusal};
use crate::http::body::parse_json;
use crate::http::files::check;
use crate::http::problem::invalid_field;

/// A change, and whose files it is about where the line says so.
#[derive(Debug, PartialEq)]
pub struct BatchChange {
    /// Text of the owner's id.
    pub owner: Option<String>,
    /// What to do.
    pub change: FileChange,
}

/// All fields of all kinds of lines.
#[derive(Deserialize)]
struct Line {
    op: Op,
    id: Option<FileId>,
    filename: Option<String>,
    path: Option<String>,
    size: Option<u64>,
    hash: Option<ContentHash>,
    pieces_root: Option<PiecesRoot>,
    category: Option<Category>,
    tags: Option<Vec<String>>,
    owner: Option<String>,
    peer_address: Option<SocketAddr>,
    #[serde(default)]
    partial: bool,
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
    let line: Line = parse_json(line)?;
    match line.op {
        Op::Add => add(line).map(Some),
        Op::Remove => Ok(Some(BatchChange {
            owner: line.owner,
            change: FileChange::Remove {
                id: line.id.ok_or_else(|| missing("id"))?,
                path: line.path,
            },
        })),
    }
}

fn add(line: Line) -> Result<BatchChange, Refusal> {
    let registration = FileRegistration {
        filename: line.filename.ok_or_else(|| missing("filename"))?,
        path: line.path,
        size: line.size.ok_or_else(|| missing("size"))?,
        hash: line.hash.ok_or_else(|| missing("hash"))?,
        pieces_root: line.pieces_root,
        category: line.category,
        tags: line.tags,
        owner: line.owner,
        peer_address: line.peer_address,
        partial: line.partial,
    };
    Ok(BatchChange {
        change: FileChange::Add(check(&registration)?),
        owner: registration.owner,
    })
}

fn missing(field: &str) -> Refusal {
    let detail: Cow<'_, str> = format!("missing field `{field}`").into();
    invalid_field(format!("/{field}"), detail)
}
