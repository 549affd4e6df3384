//! The list of transfers: downloads and uploads under one filter, in one order.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use super::{cut, holds};
use crate::daemon::command::{TransferFilter, TransferSort, TransfersWatch};
use crate::daemon::state::{TransferCounts, TransferRow, is_open};
use crate::fetch::{DownloadState, DownloadStatus};

/// Rows of the window, position of the first, and how many rows there are under the filter.
pub fn rows(
    downloads: &[Arc<DownloadStatus>],
    uploads: &[TransferRow],
    watch: &TransfersWatch,
) -> (usize, Vec<TransferRow>, usize) {
    let mut all: Vec<TransferRow> = downloads
        .iter()
        .filter(|download| {
            is_under(&download.state, watch.filter) && holds(&download.name, &watch.text)
        })
        .map(|download| TransferRow::Down(DownloadStatus::clone(download)))
        .collect();
    if matches!(watch.filter, TransferFilter::All | TransferFilter::Uploads) {
        let named = uploads
            .iter()
            .filter(|upload| holds(name(upload), &watch.text));
        all.extend(named.cloned());
    }
    all.sort_by(|one, other| {
        let order = compare(one, other, watch.sort);
        let order = if watch.is_reversed {
            order.reverse()
        } else {
            order
        };
        order.then_with(|| added(other).cmp(&added(one)))
    });
    let total = all.len();
    let (first, rows) = cut(all, watch.window);
    (first, rows, total)
}

/// How many transfers are under each filter.
pub fn counts(downloads: &[Arc<DownloadStatus>], uploads: &[TransferRow]) -> TransferCounts {
    let under = |filter| {
        downloads
            .iter()
            .filter(|download| is_under(&download.state, filter))
            .count()
    };
    TransferCounts {
        all: under(TransferFilter::All) + uploads.len(),
        downloading: under(TransferFilter::Downloading),
        paused: under(TransferFilter::Paused),
        queued: under(TransferFilter::Queued),
        failed: under(TransferFilter::Failed),
        uploads: uploads.len(),
        done: under(TransferFilter::Done),
    }
}

/// Active first, then paused, queued, failed, uploads, done.
pub const fn rank(state: &DownloadState) -> u8 {
    match state {
        DownloadState::Downloading | DownloadState::Finishing | DownloadState::Looking => 0,
        DownloadState::Paused => 1,
        DownloadState::Queued => 2,
        DownloadState::NoSource { .. }
        | DownloadState::DiskFull { .. }
        | DownloadState::Failed { .. } => 3,
        DownloadState::Done => 5,
        DownloadState::Cancelled { .. } => 6,
    }
}

const UPLOAD_RANK: u8 = 4;

const fn is_under(state: &DownloadState, filter: TransferFilter) -> bool {
    match filter {
        TransferFilter::All => !matches!(state, DownloadState::Cancelled { .. }),
        TransferFilter::Downloading => rank(state) == 0,
        TransferFilter::Paused => rank(state) == 1,
        TransferFilter::Queued => rank(state) == 2,
        TransferFilter::Failed => rank(state) == 3,
        TransferFilter::Done => rank(state) == 5,
        TransferFilter::Uploads => false,
    }
}

/// Ascending for names, largest or newest first for figures.
fn compare(one: &TransferRow, other: &TransferRow, sort: TransferSort) -> Ordering {
    match sort {
        TransferSort::State => row_rank(one)
            .cmp(&row_rank(other))
            .then_with(|| turn(one).cmp(&turn(other))),
        TransferSort::Name => name(one).to_lowercase().cmp(&name(other).to_lowercase()),
        TransferSort::Size => size(other).cmp(&size(one)),
        TransferSort::Progress => per_mille(other).cmp(&per_mille(one)),
        TransferSort::Rate => rate(other).cmp(&rate(one)),
        TransferSort::Sources => sources(other).cmp(&sources(one)),
        TransferSort::Added => added(other).cmp(&added(one)),
    }
}

/// Where a download that is not over stands in the queue: what goes first comes first.
fn turn(row: &TransferRow) -> Option<(Reverse<i8>, i64)> {
    match row {
        TransferRow::Down(download) if is_open(&download.state) => {
            Some((Reverse(download.priority), download.place))
        }
        _ => None,
    }
}

const fn row_rank(row: &TransferRow) -> u8 {
    match row {
        TransferRow::Down(download) => rank(&download.state),
        TransferRow::Up { .. } => UPLOAD_RANK,
    }
}

fn name(row: &TransferRow) -> &str {
    match row {
        TransferRow::Down(download) => &download.name,
        TransferRow::Up { name, .. } => name,
    }
}

const fn size(row: &TransferRow) -> u64 {
    match row {
        TransferRow::Down(download) => download.size_bytes,
        TransferRow::Up { size_bytes, .. } => *size_bytes,
    }
}

fn per_mille(row: &TransferRow) -> u128 {
    let (done, size) = match row {
        TransferRow::Down(download) => (download.done_bytes, download.size_bytes),
        TransferRow::Up {
            sent_bytes,
            size_bytes,
            ..
        } => (*sent_bytes, *size_bytes),
    };
    u128::from(done) * 1000 / u128::from(size.max(1))
}

const fn rate(row: &TransferRow) -> u64 {
    match row {
        TransferRow::Down(download) => download.rate_bytes,
        TransferRow::Up { rate_bytes, .. } => *rate_bytes,
    }
}

const fn sources(row: &TransferRow) -> u32 {
    match row {
        TransferRow::Down(download) => download.sources.0,
        TransferRow::Up { .. } => 0,
    }
}

/// Newest first among equals; uploads have no number.
fn added(row: &TransferRow) -> Option<crate::fetch::DownloadId> {
    match row {
        TransferRow::Down(download) => Some(download.id),
        TransferRow::Up { .. } => None,
    }
}
