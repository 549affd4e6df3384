//! Files on the wire: records, registration one by one and in batches, holders of a content.
//!
//! Knows shapes only; what a registration must obey stands in [`crate::registration`].

use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

pub use crate::catalog_digest::{CatalogDigest, CatalogDigestError, CatalogRange, CatalogRanges};
use crate::category::Category;
use crate::hash::{ContentHash, PiecesRoot};
use crate::ids::{FileId, PeerId};

/// One owner's record of one content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FileInfo {
    /// Names these bytes at this owner.
    pub id: FileId,
    /// Last part of the path, as it was given: clean it before showing.
    pub filename: String,
    /// Path below the share folder, `/` between parts, file name included.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the whole file.
    pub hash: ContentHash,
    /// Merkle root, where the owner told it.
    #[schema(required)]
    pub pieces_root: Option<PiecesRoot>,
    /// Kind of file.
    pub category: Category,
    /// Lower-case words, at most 16.
    #[schema(max_items = 16)]
    pub tags: Vec<String>,
    /// The peer that has it.
    pub owner: PeerId,
    /// Its name.
    pub owner_name: String,
    /// `ip:port` (`[ip]:port` for IPv6) at which this client reaches the owner.
    pub peer_address: String,
    /// When it was registered last.
    pub upload_time: Timestamp,
    /// Redirects given for it.
    pub downloads: u64,
    /// Mean of 1 to 5 stars, 0 when nobody has rated.
    #[schema(minimum = 0, maximum = 5)]
    pub rating: f64,
    /// Online peers that hold this content, partial holders not counted.
    pub sources: u64,
}

/// Body of POST `/api/v1/files/register`, and an `add` line of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FileRegistration {
    /// Last part of the path, at most 1,024 bytes.
    #[schema(min_length = 1, max_length = 1024)]
    pub filename: String,
    /// Path below the share folder with the file name, at most 4,096 bytes; the file name alone
    /// where absent.
    #[schema(min_length = 1, max_length = 4096)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Bytes, at most 2^63 - 1.
    #[schema(maximum = 9_223_372_036_854_775_807_u64)]
    pub size: u64,
    /// SHA-256, 64 hex digits.
    pub hash: ContentHash,
    /// Merkle root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pieces_root: Option<PiecesRoot>,
    /// Derived by the index where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Derived by the index where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The owner's id; may be absent in a batch line, where the header names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `ip:port`; taken only when it is an address that the owner has proven.
    #[schema(value_type = Option<String>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_address: Option<SocketAddr>,
    /// A download that is not finished.
    #[serde(default, deserialize_with = "false_where_null")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

/// Null stands for a field that is absent, here as in every other optional one.
fn false_where_null<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Option::<bool>::deserialize(from).map(Option::unwrap_or_default)
}

/// Answer to the registration of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FileRegistered {
    /// Id of the record.
    pub id: FileId,
    /// False when a record of this content and owner was there already.
    pub created: bool,
    /// The record as it now stands.
    pub file: FileInfo,
}

/// One line of POST `/api/v1/files/batch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum BatchLine {
    /// Register or update.
    Add(FileRegistration),
    /// Withdraw a record, or one name of it.
    Remove {
        /// Id of the record.
        id: FileId,
        /// Only this name of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
}

/// A batch line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectedLine {
    /// Counted from 1.
    #[schema(minimum = 1)]
    pub line: u64,
    /// Problem slug.
    #[serde(rename = "type")]
    pub slug: String,
    /// A sentence that helps.
    pub detail: String,
}

/// Answer to a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchResponse {
    /// Records that are new.
    pub added: u64,
    /// Records that were there.
    pub updated: u64,
    /// Names or records withdrawn.
    pub removed: u64,
    /// Lines not taken, the first 10,000 of them.
    pub rejected: Vec<RejectedLine>,
    /// How many lines were not taken, listed or not.
    #[serde(default)]
    pub rejected_count: u64,
}

/// One peer that holds a content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// Its id.
    pub peer: PeerId,
    /// Its name.
    pub name: String,
    /// `ip:port` at which this client reaches it.
    pub address: String,
    /// Its record of the content.
    pub file_id: FileId,
    /// The root it told.
    #[schema(required)]
    pub pieces_root: Option<PiecesRoot>,
    /// Holds only some pieces so far.
    pub partial: bool,
    /// Within its heartbeat deadline.
    pub is_online: bool,
    /// 0 to 100.
    #[schema(maximum = 100)]
    pub reputation: u8,
}

/// Answer to GET `/api/v1/content/{hash}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContentInfo {
    /// SHA-256 of the content.
    pub hash: ContentHash,
    /// Bytes.
    pub size: u64,
    /// The root that most holders tell.
    #[schema(required)]
    pub pieces_root: Option<PiecesRoot>,
    /// Names it goes by, most used first.
    pub names: Vec<String>,
    /// Every holder.
    pub sources: Vec<Source>,
}

/// Body of POST `/api/v1/content/lookup`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LookupRequest {
    /// At most 1,000.
    #[schema(max_items = 1000)]
    pub hashes: Vec<ContentHash>,
}

/// Answer to a lookup; unknown hashes are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LookupResponse {
    /// In the order asked.
    pub contents: Vec<ContentInfo>,
}

/// Body of POST `/api/v1/files/{id}/rating`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RatingRequest {
    /// 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub stars: u8,
}

/// Answer to a rating.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RatingResponse {
    /// Mean of all votes.
    #[schema(minimum = 0, maximum = 5)]
    pub rating: f64,
    /// How many peers voted.
    pub votes: u64,
}

/// Answer to GET `/api/v1/peers/{id}/files`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FilePage {
    /// The page, by path.
    pub files: Vec<FileInfo>,
    /// Rows in this page.
    pub count: usize,
    /// Opaque; pass it as `cursor` for the next page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}
