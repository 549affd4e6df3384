//! What readers see: one immutable state of peers, files and figures, swapped in whole.
//!
//! Knows how a stored fact becomes a wire object for one client (which address that client can
//! reach); knows nothing of HTTP or of how the state came about.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use compact_str::CompactString;
use hashbrown::HashMap;
use jiff::Timestamp;
use protocol::file::{FileInfo, Source};
use protocol::ids::PeerId;
use protocol::peer::Peer;
use protocol::stats::NetworkStats;
use serde::{Deserialize, Serialize};

use crate::catalog::{CatalogView, FileEntry, RecordName};

/// Where a peer is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerAddress {
    /// This address: seen on its connection, or proven.
    At(IpAddr),
    /// On the index's own machine; it registered over this loopback address and is published to
    /// each client under the host at which that client reached the index.
    SameMachine(IpAddr),
}

/// A peer as readers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerEntry {
    /// Its id.
    pub id: PeerId,
    /// Name as given.
    pub name: CompactString,
    /// Where it is reached.
    pub address: PeerAddress,
    /// TCP port.
    pub port: u16,
    /// Free text.
    pub region: CompactString,
    /// Free text.
    pub version: CompactString,
    /// Within its deadline.
    pub is_online: bool,
    /// Registered with a key.
    pub is_verified: bool,
    /// Heard last.
    pub last_seen: Timestamp,
    /// 0 to 100.
    pub reputation: u8,
    /// Complete records.
    pub shared_files: u64,
    /// Their bytes.
    pub shared_bytes: u64,
}

/// From where a client looks: both ends of its connection to the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Vantage {
    /// The client's end; IPv4-mapped addresses already as IPv4.
    pub remote: IpAddr,
    /// The index's end, likewise.
    pub local: IpAddr,
}

impl Vantage {
    /// Whether the client runs on the index's machine.
    pub fn is_same_machine(&self) -> bool {
        self.remote.is_loopback() || self.remote == self.local
    }

    /// The host under which this client reaches a peer.
    pub fn host_of(&self, address: PeerAddress) -> IpAddr {
        match address {
            PeerAddress::At(host) => host,
            PeerAddress::SameMachine(host) if self.is_same_machine() => host,
            PeerAddress::SameMachine(_) => self.local,
        }
    }
}

impl PeerEntry {
    /// What a client at `vantage` is told.
    pub fn to_wire(&self, vantage: &Vantage) -> Peer {
        Peer {
            id: self.id,
            name: self.name.to_string(),
            address: vantage.host_of(self.address).to_string(),
            port: self.port,
            region: self.region.to_string(),
            is_online: self.is_online,
            is_verified: self.is_verified,
            last_seen: self.last_seen,
            reputation: self.reputation,
            shared_files: self.shared_files,
            shared_bytes: self.shared_bytes,
            version: self.version.to_string(),
        }
    }

    /// `ip:port` for a client at `vantage`.
    pub fn socket_addr(&self, vantage: &Vantage) -> SocketAddr {
        SocketAddr::new(vantage.host_of(self.address), self.port)
    }
}

/// A record as a client at `vantage` is told of it; `name` where another of its names than the
/// last one is meant.
pub fn file_to_wire(
    entry: &FileEntry,
    name: Option<&RecordName>,
    owner: &PeerEntry,
    sources: u64,
    vantage: &Vantage,
) -> FileInfo {
    let name = name.or_else(|| entry.names.last());
    let path = name.map_or("", |name| name.path.as_str());
    let filename = name
        .and_then(|name| name.filename.as_deref())
        .unwrap_or_else(|| path.rsplit('/').next().unwrap_or(path));
    FileInfo {
        id: entry.id,
        filename: filename.to_owned(),
        path: path.to_owned(),
        size: entry.size_bytes,
        hash: entry.hash,
        pieces_root: entry.pieces_root,
        category: entry.category,
        tags: entry.tags.iter().map(ToString::to_string).collect(),
        owner: entry.owner,
        owner_name: owner.name.to_string(),
        peer_address: owner.socket_addr(vantage).to_string(),
        upload_time: entry.uploaded_at,
        downloads: entry.downloads,
        rating: mean_rating(entry.rating_sum, entry.rating_votes),
        sources,
    }
}

/// A holder as a client at `vantage` is told of it.
pub fn source_to_wire(entry: &FileEntry, owner: &PeerEntry, vantage: &Vantage) -> Source {
    Source {
        peer: owner.id,
        name: owner.name.to_string(),
        address: owner.socket_addr(vantage).to_string(),
        file_id: entry.id,
        pieces_root: entry.pieces_root,
        partial: entry.is_partial,
        is_online: owner.is_online,
        reputation: owner.reputation,
    }
}

/// Mean of all votes, 0 without one.
pub fn mean_rating(sum: u64, votes: u64) -> f64 {
    if votes == 0 {
        0.0
    } else {
        sum as f64 / votes as f64
    }
}

/// One state of everything, for ever.
#[derive(Debug)]
pub struct View {
    /// Known peers.
    pub peers: Arc<HashMap<PeerId, Arc<PeerEntry>>>,
    /// Files and search.
    pub catalog: Arc<CatalogView>,
    /// The figures.
    pub stats: NetworkStats,
}
