//! Peers on the wire: registration, heartbeat, reports, and what a client is told of a peer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hash::ContentHash;
use crate::ids::PeerId;
use crate::stats::NetworkStats;

/// What a client is told of a peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Peer {
    /// Its id.
    pub id: PeerId,
    /// The name it gave itself, as it gave it: clean it before showing.
    pub name: String,
    /// Host part of the address published to this client, without port or brackets.
    pub address: String,
    /// TCP port it serves files on.
    #[schema(minimum = 1, maximum = 65535)]
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
    #[schema(maximum = 100)]
    pub reputation: u8,
    /// How many complete records it has.
    pub shared_files: u64,
    /// Their bytes.
    pub shared_bytes: u64,
    /// The program version it told; empty when not given.
    pub version: String,
}

/// Body of POST `/api/v1/peers/register`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegisterRequest {
    /// Text of an earlier id, or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name to show, at most 128 bytes; the index makes one from the id where absent.
    #[schema(max_length = 128)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// IP literal; where absent, the address seen on the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// TCP port it serves files on.
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
    /// How many files it is about to share (informative; the index counts records itself).
    #[serde(default)]
    pub shared_files: u64,
    /// Free text, at most 64 bytes.
    #[schema(max_length = 64)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Program version, at most 64 bytes.
    #[schema(max_length = 64)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Raw ed25519 key, 64 hex digits; comes together with `signature` and `nonce`.
    #[schema(pattern = "^[0-9A-Fa-f]{64}$")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// ed25519 signature, 128 hex digits, over these fields one behind the other, each behind its
    /// length (4 bytes, big endian): `peerdex register v1`, the 32 bytes of the index id, the text
    /// of the nonce, the text of `address` (empty where absent), the port (2 bytes, big endian),
    /// the protocol version (4 bytes, big endian: 1).
    #[schema(pattern = "^[0-9A-Fa-f]{128}$")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// A nonce from GET `/api/v1/nonce`.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Digest of all (path, hash) that the peer has to share, 32 hex digits: the XOR of the first
    /// 16 bytes of SHA-256(path, NUL, hash) each.
    #[schema(pattern = "^[0-9A-Fa-f]{32}$")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_digest: Option<String>,
}

/// Whether the index already holds what the peer shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatalogState {
    /// The digests agree: nothing needs to be sent.
    InSync,
    /// Send every file again.
    SendAll,
}

/// Answer to a registration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
    /// Milliseconds until the first heartbeat is wanted, never more than the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_heartbeat_ms: Option<u64>,
}

/// Answer to GET `/api/v1/nonce`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NonceResponse {
    /// 64 hex digits, good once.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub nonce: String,
    /// The index's own id (SHA-256 of its key), signed over by the peer.
    pub index_id: PeerId,
    /// Seconds it lives.
    pub expires_in: u64,
}

/// Answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Outcome {
    Ok,
    Corrupt,
    Failed,
    Unreachable,
}

/// Body of POST `/api/v1/peers/{id}/report`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PeerPage {
    /// The page.
    pub peers: Vec<Peer>,
    /// Rows in this page.
    pub count: usize,
    /// Opaque; pass it as `cursor` for the next page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}
