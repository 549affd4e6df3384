//! The list of transfers: downloads and uploads under one filter, in one order.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use super::{cut, holds};
use crate::daemon::command::{TransferFilter, TransferSort, TransfersWatch};
use crate::daemon::state::{TransferCounts, TransferRow, is_open};
use crate::fetch::{DownloadState, DownloadStatus};

/// A transfer where it lies: lists are long, and only a window of them is copied.
#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    Down(&'a DownloadStatus),
    Up(Upload<'a>),
}

/// An upload, and what lists are ordered by.
#[derive(Debug, Clone, Copy)]
struct Upload<'a> {
    row: &'a TransferRow,
    name: &'a str,
    size_bytes: u64,
    sent_bytes: u64,
    rate_bytes: u64,
}

impl<'a> Place<'a> {
    fn of(row: &'a TransferRow) -> Self {
        match row {
            TransferRow::Down(download) => Self::Down(download),
            TransferRow::Up {
                name,
                size_bytes,
                sent_bytes,
                rate_bytes,
                ..
            } => Self::Up(Upload {
                row,
                name,
                size_bytes: *size_bytes,
                sent_bytes: *sent_bytes,
                rate_bytes: *rate_bytes,
            }),
        }
    }
}

/// Rows of the window, position of the first, and how many rows there are under the filter.
pub fn rows(
    downloads: &[Arc<DownloadStatus>],
    uploads: &[TransferRow],
    watch: &TransfersWatch,
) -> (usize, Vec<TransferRow>, usize) {
    let under = downloads.iter().filter(|download| {
        is_under(&download.state, watch.filter) && holds(&download.name, &watch.text)
    });
    let mut all: Vec<Place<'_>> = under.map(|download| Place::Down(download)).collect();
    if matches!(watch.filter, TransferFilter::All | TransferFilter::Uploads) {
        let uploads = uploads.iter().map(Place::of);
        all.extend(uploads.filter(|upload| holds(name(*upload), &watch.text)));
    }
    all.sort_by(|one, other| {
        let order = compare(*one, *other, watch.sort);
        let order = if watch.is_reversed {
            order.reverse()
        } else {
            order
        };
        order.then_with(|| added(*other).cmp(&added(*one)))
    });
    let total = all.len();
    let (first, rows) = cut(all, watch.window);
    let rows = rows.into_iter().map(|place| match place {
        Place::Down(download) => TransferRow::Down(download.clone()),
        Place::Up(upload) => upload.row.clone(),
    });
    (first, rows.collect(), total)
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
fn compare(one: Place<'_>, other: Place<'_>, sort: TransferSort) -> Ordering {
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
fn turn(row: Place<'_>) -> Option<(Reverse<i8>, i64)> {
    match row {
        Place::Down(download) if is_open(&download.state) => {
            Some((Reverse(download.priority), download.place))
        }
        _ => None,
    }
}

const fn row_rank(row: Place<'_>) -> u8 {
    match row {
        Place::Down(download) => rank(&download.state),
        Place::Up(_) => UPLOAD_RANK,
    }
}

fn name(row: Place<'_>) -> &str {
    match row {
        Place::Down(download) => &download.name,
        Place::Up(upload) => upload.name,
    }
}

const fn size(row: Place<'_>) -> u64 {
    match row {
        Place::Down(download) => download.size_bytes,
        Place::Up(upload) => upload.size_bytes,
    }
}

fn per_mille(row: Place<'_>) -> u128 {
    let (done, size) = match row {
        Place::Down(download) => (download.done_bytes, download.size_bytes),
        Place::Up(upload) => (upload.sent_bytes, upload.size_bytes),
    };
    u128::from(done) * 1000 / u128::from(size.max(1))
}

const fn rate(row: Place<'_>) -> u64 {
    match row {
        Place::Down(download) => download.rate_bytes,
        Place::Up(upload) => upload.rate_bytes,
    }
}

const fn sources(row: Place<'_>) -> u32 {
    match row {
        Place::Down(download) => download.sources.0,
        Place::Up(_) => 0,
    }
}

/// Newest first among equals; uploads have no number.
fn added(row: Place<'_>) -> Option<crate::fetch::DownloadId> {
    match row {
        Place::Down(download) => Some(download.id),
        Place::Up(_) => None,
    }
}
