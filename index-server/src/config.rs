//! Settings with their defaults and reasons. Layers: default < file < environment < flag.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalChoice {
    /// In the data folder.
    Embedded,
    /// Nowhere: for tests and for an index that may forget.
    Memory,
}

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and port to listen at; port 0 picks one.
    pub listen: SocketAddr,
    /// Journal and keys.
    pub data: PathBuf,
    /// Where records are kept.
    pub journal: JournalChoice,
    /// Told to peers.
    pub heartbeat_interval: Duration,
    /// Silence after which a peer is offline.
    pub offline_after: Duration,
    /// How often silence is looked for.
    pub sweep_every: Duration,
    /// Silence after which a peer and its records are dropped.
    pub forget_after: Duration,
    /// Serve public addresses too.
    pub allow_public: bool,
    /// Names that may stand in `Host`.
    pub allow_hosts: Vec<String>,
    /// Count loopback in caps per address.
    pub limit_loopback: bool,
    /// Announce the index on the local network (mDNS).
    pub announce: bool,
}

impl Config {
    /// The defaults, with a data folder given.
    pub fn in_folder(data: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from(([0u16; 8], 7070)),
            data,
            journal: JournalChoice::Embedded,
            heartbeat_interval: Duration::from_secs(30),
            offline_after: Duration::from_secs(120),
            sweep_every: Duration::from_secs(30),
            forget_after: Duration::from_secs(30 * 24 * 3600),
            allow_public: false,
            allow_hosts: Vec::new(),
            limit_loopback: false,
            announce: true,
        }
    }
}
