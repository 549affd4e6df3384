//! Settings with their defaults and reasons. Layers: default < file < environment < flag.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything the engine can be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// URL of the index; found by itself where absent.
    pub index: Option<String>,
    /// Folders to share.
    pub shares: Vec<PathBuf>,
    /// Where fetched files go.
    pub downloads: PathBuf,
    /// Share the download folder too.
    pub share_downloads: bool,
    /// Address and port to serve at.
    pub listen: SocketAddr,
    /// Whether `listen` was chosen by a person (then a taken port is an error, else the next free
    /// one is used).
    pub listen_is_fixed: bool,
    /// Address that others reach this peer at, where it is not the one that is seen.
    pub advertise: Option<SocketAddr>,
    /// Name shown to others.
    pub name: String,
    /// Identity, cache, queue, socket.
    pub data: PathBuf,
    /// Own heartbeat interval; a shorter one than the index tells wins.
    pub heartbeat_interval: Option<Duration>,
    /// Between full looks at the folders.
    pub rescan_every: Duration,
    /// Bytes a second, out.
    pub up_limit: Option<u64>,
    /// Bytes a second, in.
    pub down_limit: Option<u64>,
    /// Upload slots in all.
    pub slots: usize,
    /// Upload slots a downloader.
    pub slots_per_client: usize,
    /// Larger files are not shared.
    pub max_file_size: Option<u64>,
}
