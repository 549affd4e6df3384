//! Peers on the wire: registration, heartbeat, reports, and what a client is told of a peer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hash::ContentHash;
use crate::ids::PeerId;
use crate::stats::NetworkStats;

/// What a client is told of a peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// Its id.
    pub id: PeerId,
    /// The name it gave itself, as it gave it: clean it before showing.
    pub name: String,
    /// Host part of the address published to this client, without port or brackets.
    pub address: String,
    /// TCP port it serves files on.
    pub port: u16,
    /// Free text; empty when not given.
    pub region: String,
    /// Whether its heartbeat is within the deadline.
    pub is_online: bool,
    /// Whether it registered with a key.
    pub is_verified: bool,
    /// When it was heard last.
    pub last_seen: Timestamp,
    /// 0 to 100, starts at 50.
    pub reputation: u8,
    /// How many complete records it has.
    pub shared_files: u64,
    /// Their bytes.
    pub shared_bytes: u64,
    /// The program version it told; empty when not given.
    pub version: String,
}

/// Body of POST `/api/v1/peers/register`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RegisterRequest {
    /// Text of an earlier id, or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name to show; the index makes one from the id where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// IP literal; where absent, the address seen on the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// TCP port it serves files on.
    pub port: u16,
    /// How many files it is about to share (informative; the index counts records itself).
    #[serde(default)]
    pub shared_files: u64,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Program version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Raw ed25519 key, 64 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// ed25519 signature over [`crate::proof::register_statement`], 128 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// A nonce from GET `/api/v1/nonce`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Digest of all (path, hash) that the peer has to share, see [`crate::file::CatalogDigest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_digest: Option<String>,
}

/// Whether the index already holds what the peer shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogState {
    /// The digests agree: nothing needs to be sent.
    InSync,
    /// Send every file again.
    SendAll,
}

/// Answer to a registration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegisterResponse {
    /// The id to speak as from now on.
    pub id: PeerId,
    /// Bearer token for calls of a keyed id; also given to others, who need not send it.
    pub session_token: String,
    /// Seconds between heartbeats.
    pub heartbeat_interval: u64,
    /// The peer as others see it.
    pub peer: Peer,
    /// Present when the request carried `catalog_digest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<CatalogState>,
    /// When the first heartbeat is wanted, see [`HeartbeatResponse::next_heartbeat_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_heartbeat_ms: Option<u64>,
}

/// Answer to GET `/api/v1/nonce`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceResponse {
    /// 64 hex digits, good once.
    pub nonce: String,
    /// The index's own id (SHA-256 of its key), signed over by the peer.
    pub index_id: PeerId,
    /// Seconds it lives.
    pub expires_in: u64,
}

/// Answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeartbeatResponse {
    /// The network as it stands.
    pub stats: NetworkStats,
    /// Milliseconds until the next heartbeat is wanted: never more than the interval, and chosen by
    /// the index so that its peers do not all call in the same moment. Who does not know the field
    /// goes by the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_heartbeat_ms: Option<u64>,
}

/// How a transfer from a peer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Outcome {
    Ok,
    Corrupt,
    Failed,
    Unreachable,
}

/// Body of POST `/api/v1/peers/{id}/report`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferReport {
    /// What was fetched.
    pub content: ContentHash,
    /// How it went.
    pub outcome: Outcome,
    /// Verified bytes that came.
    #[serde(default)]
    pub bytes: u64,
}

/// Answer to GET `/api/v1/peers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeerPage {
    /// The page.
    pub peers: Vec<Peer>,
    /// Rows in this page.
    pub count: usize,
    /// Opaque; pass it as `cursor` for the next page.
    pub next_cursor: Option<String>,
}
