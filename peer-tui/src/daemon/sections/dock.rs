//! The dock under the search: the few transfers that matter most, so that the answer to Enter is
//! seen without leaving.

use std::sync::Arc;

use super::transfers::{counts, rank};
use crate::daemon::state::{Dock, TransferRow};
use crate::fetch::{DownloadState, DownloadStatus};

/// At most `limit` rows: running ones, then failed, paused and queued ones, then the done ones;
/// among equals the newest first. Uploads fill what is left.
pub fn dock(downloads: &[Arc<DownloadStatus>], uploads: &[TransferRow], limit: usize) -> Dock {
    let mut relevant: Vec<&Arc<DownloadStatus>> = downloads
        .iter()
        .filter(|download| !matches!(download.state, DownloadState::Cancelled { .. }))
        .collect();
    relevant.sort_by_key(|download| (place(&download.state), std::cmp::Reverse(download.id)));
    let rows = relevant
        .into_iter()
        .map(|download| TransferRow::Down(DownloadStatus::clone(download)))
        .chain(uploads.iter().cloned())
        .take(limit)
        .collect();
    Dock {
        rows,
        counts: counts(downloads, uploads),
    }
}

/// What needs a person comes before what waits by itself.
const fn place(state: &DownloadState) -> u8 {
    match rank(state) {
        0 => 0,
        3 => 1,
        other => other + 1,
    }
}
