//! Rows of search results: what the index told, and what this peer has to do with it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use protocol::file::FileInfo;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;

use crate::daemon::state::{Own, ResultRow};
use crate::fetch::{DownloadState, DownloadStatus};

/// What this peer knows that the index does not.
pub trait Knowledge {
    /// Whether this content is shared here.
    fn is_shared(&self, hash: &ContentHash) -> bool;
    /// Whether a file that was downloaded still lies there.
    fn is_kept(&self, file: &Path) -> bool;
    /// Last round trip to a peer.
    fn latency_ms(&self, peer: &PeerId) -> Option<u32>;
    /// Its reputation where its facts are known.
    fn reputation(&self, peer: &PeerId) -> Option<u8>;
}

/// Reputation of a peer of which nothing else is known (where every peer starts).
const REPUTATION_START: u8 = 50;

/// Rows for `files`, in their order.
pub fn rows(
    files: &[FileInfo],
    downloads: &[Arc<DownloadStatus>],
    knowledge: &impl Knowledge,
) -> Vec<ResultRow> {
    let mut wanted: HashMap<ContentHash, Option<&DownloadStatus>> =
        files.iter().map(|file| (file.hash, None)).collect();
    for download in downloads {
        if let Some(slot) = wanted.get_mut(&download.hash) {
            let newer = slot.is_none_or(|held| held.id < download.id);
            if newer && !matches!(download.state, DownloadState::Cancelled { .. }) {
                *slot = Some(download);
            }
        }
    }
    files
        .iter()
        .map(|file| ResultRow {
            hash: file.hash,
            file_id: file.id,
            name: file.filename.clone(),
            path: file.path.clone(),
            size_bytes: file.size,
            category: file.category,
            sources: file.sources,
            owner: file.owner,
            owner_name: file.owner_name.clone(),
            latency_ms: knowledge.latency_ms(&file.owner),
            reputation: knowledge
                .reputation(&file.owner)
                .unwrap_or(REPUTATION_START),
            own: own(
                wanted.get(&file.hash).copied().flatten(),
                knowledge.is_shared(&file.hash),
                knowledge,
            ),
        })
        .collect()
}

fn own(download: Option<&DownloadStatus>, is_shared: bool, knowledge: &impl Knowledge) -> Own {
    let none = if is_shared { Own::Shared } else { Own::None };
    let Some(download) = download else {
        return none;
    };
    if is_shared && download.state != DownloadState::Done {
        return Own::Shared;
    }
    let percent = percent(download.done_bytes, download.size_bytes);
    match download.state {
        // Shared means read a moment ago; the disk is asked about the others only.
        DownloadState::Done if is_shared || knowledge.is_kept(&download.destination) => Own::Done,
        DownloadState::Done => none,
        DownloadState::Downloading | DownloadState::Looking | DownloadState::Finishing => {
            Own::Downloading { percent }
        }
        DownloadState::Queued => Own::Queued,
        DownloadState::Paused => Own::Paused { percent },
        DownloadState::NoSource { .. } => Own::NoSource { percent },
        DownloadState::DiskFull { .. } => Own::DiskFull { percent },
        DownloadState::Failed { .. } => Own::Failed { percent },
        DownloadState::Cancelled { .. } => none,
    }
}

/// 0 to 100, 100 only when all is there.
pub fn percent(done_bytes: u64, size_bytes: u64) -> u8 {
    if size_bytes == 0 {
        return 100;
    }
    let percent = u128::from(done_bytes) * 100 / u128::from(size_bytes);
    u8::try_from(percent.min(100)).unwrap_or(100)
}
