//! Cursors: where a page ended, sealed with what was asked, as one opaque text.
//!
//! A cursor holds the sort key of the last row and not a count, so the next page starts right
//! behind that row although records come and go in between.

use data_encoding::BASE64URL_NOPAD;
use protocol::ids::{FileId, PeerId};
use protocol::search::SearchParams;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::CursorError;
use super::rank::{Match, RowKey};

/// Tells one search or listing from all others.
pub type Fingerprint = [u8; 8];

/// What a search asks for, page and cursor aside.
pub fn of_search(params: &SearchParams) -> Fingerprint {
    fingerprint(&(
        "search",
        SearchParams {
            limit: 0,
            cursor: None,
            // An order that is not named is the sort's own.
            order: Some(params.order.unwrap_or(params.sort.default_order())),
            ..params.clone()
        },
    ))
}

/// What a listing asks for.
pub fn of_listing(owner: &PeerId, prefix: &str) -> Fingerprint {
    fingerprint(&("listing", owner, prefix))
}

#[expect(
    clippy::expect_used,
    reason = "plain integers, texts and lists in memory have no way to fail"
)]
fn fingerprint(asked: &impl Serialize) -> Fingerprint {
    let bytes = postcard::to_stdvec(asked).expect("packing into memory cannot fail");
    let full = Sha256::digest(bytes);
    let mut short = Fingerprint::default();
    short.copy_from_slice(&full[..8]);
    short
}

/// The key of the last row of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    class: Match,
    value: u64,
    name: String,
    content: u64,
    id: FileId,
}

impl Position {
    /// Keeps a row's key.
    pub fn of(key: &RowKey<'_>) -> Self {
        Self {
            class: key.class,
            value: key.value,
            name: key.name.to_owned(),
            content: key.content,
            id: key.id,
        }
    }

    /// Bytes held outside.
    pub fn bytes(&self) -> usize {
        self.name.len()
    }

    /// The key.
    pub fn key(&self) -> RowKey<'_> {
        RowKey {
            class: self.class,
            value: self.value,
            name: &self.name,
            content: self.content,
            id: self.id,
        }
    }
}

/// Where a search goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchCursor {
    /// Behind this.
    pub position: Position,
    /// With this query text in place of the one that was asked.
    pub corrected: Option<String>,
}

/// A position as text.
#[expect(
    clippy::expect_used,
    reason = "plain integers, texts and lists in memory have no way to fail"
)]
pub fn seal(asked: Fingerprint, position: &impl Serialize) -> String {
    let bytes = postcard::to_stdvec(&(asked, position)).expect("packing into memory cannot fail");
    BASE64URL_NOPAD.encode(&bytes)
}

/// The position in `text`, where it was sealed for the same question.
///
/// # Errors
/// [`CursorError`] for anything else.
pub fn open<P: DeserializeOwned>(asked: Fingerprint, text: &str) -> Result<P, CursorError> {
    let bytes = BASE64URL_NOPAD
        .decode(text.as_bytes())
        .map_err(|_| CursorError)?;
    let ((sealed_for, position), rest): ((Fingerprint, P), _) =
        postcard::take_from_bytes(&bytes).map_err(|_| CursorError)?;
    if sealed_for == asked && rest.is_empty() {
        Ok(position)
    } else {
        Err(CursorError)
    }
}
