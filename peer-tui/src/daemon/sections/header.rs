//! The state line: link, peers, rates, what is open.

use std::collections::VecDeque;
use std::sync::Arc;

use protocol::stats::NetworkStats;

use crate::daemon::state::{Header, LinkState, is_open};
use crate::fetch::DownloadStatus;
use crate::index_client::Link;
use crate::share::HashProgress;

/// What the state line is made of.
#[derive(Debug)]
pub struct HeaderParts<'a> {
    /// This peer's name.
    pub name: &'a str,
    /// URL of the index, where one is known.
    pub index: Option<&'a str>,
    /// The session, where an index is known.
    pub link: Option<&'a Link>,
    /// Newest figures of the network.
    pub stats: Option<&'a NetworkStats>,
    /// Speed, one sample a second, oldest first: (in, out).
    pub speed: &'a VecDeque<(u64, u64)>,
    /// Rates now: (in, out).
    pub rates: (u64, u64),
    /// All downloads.
    pub downloads: &'a [Arc<DownloadStatus>],
    /// Running uploads.
    pub active_uploads: usize,
    /// Files shared.
    pub shared_files: u64,
    /// How far hashing is.
    pub progress: HashProgress,
    /// First share folder.
    pub share_folder: String,
    /// Limits: (in, out).
    pub limits: (Option<u64>, Option<u64>),
    /// How others join.
    pub join_hint: &'a str,
}

/// Samples of the little graph in the state line.
const HISTORY: usize = 8;

/// The state line.
pub fn header(parts: &HeaderParts<'_>) -> Header {
    let recent = parts.speed.len().saturating_sub(HISTORY);
    Header {
        name: parts.name.to_owned(),
        index: parts.index.unwrap_or_default().to_owned(),
        link: parts.link.map_or(LinkState::Searching, link_state),
        online_peers: parts.stats.map_or(0, |stats| stats.online_peers),
        total_peers: parts.stats.map_or(0, |stats| stats.total_peers),
        total_files: parts.stats.map_or(0, |stats| stats.total_files),
        down_rate: parts.rates.0,
        up_rate: parts.rates.1,
        down_history: parts
            .speed
            .iter()
            .skip(recent)
            .map(|(down, _)| *down)
            .collect(),
        open_downloads: parts.downloads.iter().filter(|d| is_open(&d.state)).count(),
        active_uploads: parts.active_uploads,
        shared_files: parts.shared_files,
        hashing_files: parts.progress.pending_files,
        share_folder: parts.share_folder.clone(),
        down_limit: parts.limits.0,
        up_limit: parts.limits.1,
        join_hint: parts.join_hint.to_owned(),
    }
}

/// The session as a screen shows it.
pub fn link_state(link: &Link) -> LinkState {
    match link {
        Link::Registering => LinkState::Registering,
        Link::Live { .. } => LinkState::Live,
        Link::Lost {
            since,
            reason,
            retry_at,
            tries,
        } => LinkState::Lost {
            since: *since,
            retry_at: *retry_at,
            tries: *tries,
            reason: reason.clone(),
        },
    }
}
