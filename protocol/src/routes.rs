//! Every URL of the contract, so that none is typed twice.

use crate::hash::ContentHash;
use crate::ids::{FileId, PeerId};

/// Registration of a peer.
pub const PEERS_REGISTER: &str = "/api/v1/peers/register";
/// Heartbeat.
pub const PEERS_HEARTBEAT: &str = "/api/v1/peers/heartbeat";
/// All peers.
pub const PEERS: &str = "/api/v1/peers";
/// A fresh nonce.
pub const NONCE: &str = "/api/v1/nonce";
/// Registration of one file.
pub const FILES_REGISTER: &str = "/api/v1/files/register";
/// Registration and withdrawal of many.
pub const FILES_BATCH: &str = "/api/v1/files/batch";
/// Search.
pub const FILES_SEARCH: &str = "/api/v1/files/search";
/// The local list of a peer.
pub const FILES: &str = "/api/v1/files";
/// Holders of many contents.
pub const CONTENT_LOOKUP: &str = "/api/v1/content/lookup";
/// The network in numbers.
pub const STATS: &str = "/api/v1/stats";
/// The feed.
pub const FEED: &str = "/ws";
/// The feed again.
pub const FEED_API: &str = "/api/v1/ws";
/// Alive.
pub const HEALTHZ: &str = "/healthz";
/// Ready to answer.
pub const READYZ: &str = "/readyz";
/// Prometheus.
pub const METRICS: &str = "/metrics";
/// The address proof of a peer.
pub const PROOF: &str = "/.well-known/peerdex/proof";
/// Header that names the peer a call acts for.
pub const PEER_ID_HEADER: &str = "x-peer-id";

/// One peer.
pub fn peer(id: &PeerId) -> String {
    format!("{PEERS}/{id}")
}

/// A peer's files.
pub fn peer_files(id: &PeerId) -> String {
    format!("{PEERS}/{id}/files")
}

/// What a transfer from a peer was like.
pub fn peer_report(id: &PeerId) -> String {
    format!("{PEERS}/{id}/report")
}

/// One record.
pub fn file(id: &FileId) -> String {
    format!("{FILES}/{id}")
}

/// Votes for a record.
pub fn file_rating(id: &FileId) -> String {
    format!("{FILES}/{id}/rating")
}

/// Holders of a content, at the index.
pub fn content_info(hash: &ContentHash) -> String {
    format!("/api/v1/content/{hash}")
}

/// Redirect at the index, bytes at a peer.
pub fn download(id: &FileId) -> String {
    format!("/download/{id}")
}

/// Bytes by content, at a peer.
pub fn content(hash: &ContentHash) -> String {
    format!("/content/{hash}")
}

/// Piece hashes, at a peer.
pub fn content_pieces(hash: &ContentHash) -> String {
    format!("/content/{hash}/pieces")
}

/// Which pieces a peer holds.
pub fn content_have(hash: &ContentHash) -> String {
    format!("/content/{hash}/have")
}
