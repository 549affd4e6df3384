//! The network in numbers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the whole network holds, offline peers included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NetworkStats {
    /// Known peers.
    pub total_peers: u64,
    /// Those within their heartbeat deadline.
    pub online_peers: u64,
    /// Complete records of all known peers.
    pub total_files: u64,
    /// Their bytes.
    pub total_bytes: u64,
    /// Redirects given since the index was made.
    pub total_downloads: u64,
    /// 0 to 100: the share of known peers that are online; 100 when none is known.
    #[schema(maximum = 100)]
    pub network_health: u8,
    /// When one of the figures changed last.
    pub last_updated: Timestamp,
}

impl NetworkStats {
    /// Whether the figures are the same, whenever they were made.
    pub fn is_same(&self, other: &Self) -> bool {
        let other = Self {
            last_updated: self.last_updated,
            ..other.clone()
        };
        *self == other
    }
}
