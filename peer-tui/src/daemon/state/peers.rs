//! Rows of peers.

use jiff::Timestamp;
use protocol::ids::PeerId;
use serde::{Deserialize, Serialize};

/// A row of peers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent fact of a row"
)]
pub struct PeerRow {
    /// Identity.
    pub id: PeerId,
    /// Name as given.
    pub name: String,
    /// `ip:port`.
    pub address: String,
    /// Within its deadline.
    pub is_online: bool,
    /// This peer itself.
    pub is_me: bool,
    /// Registered with a key.
    pub is_verified: bool,
    /// Never fetched from.
    pub is_blocked: bool,
    /// Last heard by the index.
    pub last_seen: Timestamp,
    /// Last round trip.
    pub latency_ms: Option<u32>,
    /// The last 20, oldest first; `None` for a failed one.
    pub latencies_ms: Vec<Option<u32>>,
    /// 0 to 100.
    pub reputation: u8,
    /// Complete records.
    pub shared_files: u64,
    /// Their bytes.
    pub shared_bytes: u64,
    /// Bytes this peer got from it, ever.
    pub got_bytes: u64,
    /// Bytes this peer gave to it, since the daemon started.
    pub gave_bytes: u64,
    /// Program version it told.
    pub version: String,
    /// Region it told.
    pub region: String,
    /// Limit of what comes from it, bytes a second.
    #[serde(default)]
    pub down_limit: Option<u64>,
    /// Limit of what goes to it.
    #[serde(default)]
    pub up_limit: Option<u64>,
}

/// Limits of one peer, bytes a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerLimit {
    /// Whose.
    pub peer: PeerId,
    /// Its name as given; empty while the index does not know it.
    pub name: String,
    /// Of what comes from it.
    pub down: Option<u64>,
    /// Of what goes to its address.
    pub up: Option<u64>,
}

/// The list of peers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peers {
    /// Position of the first row sent.
    pub first: usize,
    /// Rows.
    pub rows: Vec<PeerRow>,
    /// Rows under this filter.
    pub total: usize,
    /// For the filter line: online, all, verified, blocked.
    pub counts: (usize, usize, usize, usize),
}
