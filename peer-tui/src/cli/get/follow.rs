//! Waits for downloads of the daemon to land.

use std::collections::HashSet;
use std::path::PathBuf;

use protocol::hash::ContentHash;

use super::progress::Progress;
use crate::cli::print::{self, name};
use crate::cli::trouble::Trouble;
use crate::daemon::client::Client;
use crate::daemon::command::{TransfersWatch, Watch, Window};
use crate::daemon::state::{TransferRow, is_open};
use crate::fetch::{DownloadId, DownloadState, DownloadStatus};

/// Of a long list only so many rows are looked at while it is worked off.
const ROWS_FIRST_COUNT: usize = 100;

/// A file that is at its place.
#[derive(Debug, Clone)]
pub struct Landed {
    /// Its download, where it was one.
    pub id: Option<DownloadId>,
    /// Which content.
    pub hash: ContentHash,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes.
    pub size_bytes: u64,
}

/// Waits until all of them are done.
///
/// # Errors
/// When one failed, was taken away, or the daemon is gone.
pub fn follow(client: &mut Client, ids: &[DownloadId]) -> Result<Vec<Landed>, Trouble> {
    let wanted: HashSet<DownloadId> = ids.iter().copied().collect();
    if ids.len() > ROWS_FIRST_COUNT {
        wait_for_most(client, &wanted)?;
    }
    watch(client, usize::MAX)?;
    let mut progress = Progress::new();
    let mut told = String::new();
    let mut seen = 0;
    loop {
        let Some(transfers) = client.next_update()?.transfers else {
            continue;
        };
        let mine = mine(transfers.rows, &wanted);
        progress.show(&mine);
        // What was queued just now may not be in the first list yet.
        if mine.len() < ids.len() && seen < ids.len() {
            seen = seen.max(mine.len());
            continue;
        }
        seen = ids.len();
        if let Some(outcome) = outcome(&mine, ids.len()) {
            progress.clear();
            return outcome;
        }
        tell_waits(&mine, &mut told, &mut progress);
    }
}

/// Waits while only the head of a long list is looked at: what is open comes first there. Ends when
/// none of them is open any more, or when something needs a look at all of them.
fn wait_for_most(client: &mut Client, wanted: &HashSet<DownloadId>) -> Result<(), Trouble> {
    let mut count = ROWS_FIRST_COUNT;
    watch(client, count)?;
    let mut progress = Progress::new();
    let mut failed_before = None;
    loop {
        let Some(transfers) = client.next_update()?.transfers else {
            continue;
        };
        let failed_count = *failed_before.get_or_insert(transfers.counts.failed);
        let is_last_open = |row: &TransferRow| match row {
            TransferRow::Down(download) => is_open(&download.state),
            TransferRow::Up { .. } => false,
        };
        let has_more =
            transfers.rows.len() == count && transfers.rows.last().is_some_and(is_last_open);
        let counts = &transfers.counts;
        progress.show_left(counts.downloading + counts.paused + counts.queued + counts.failed);
        let is_trouble = counts.failed > failed_count || counts.paused > 0;
        let mine = mine(transfers.rows, wanted);
        let is_any_open = mine.iter().any(|download| is_open(&download.state));
        if is_trouble || !(has_more || is_any_open) {
            progress.clear();
            return Ok(());
        }
        if has_more && !is_any_open {
            // Others stand before them.
            count = count.saturating_mul(2);
            watch(client, count)?;
        }
    }
}

fn watch(client: &mut Client, count: usize) -> Result<(), Trouble> {
    let window = Window { first: 0, count };
    let transfers = TransfersWatch {
        window,
        ..TransfersWatch::default()
    };
    client.watch(Watch {
        transfers: Some(transfers),
        ..Watch::default()
    })?;
    Ok(())
}

fn mine(rows: Vec<TransferRow>, wanted: &HashSet<DownloadId>) -> Vec<DownloadStatus> {
    let mine = rows.into_iter().filter_map(|row| match row {
        TransferRow::Down(download) if wanted.contains(&download.id) => Some(download),
        _ => None,
    });
    mine.collect()
}

/// The end, where it has come. A download that nobody has now is waited for, as long as others run;
/// one that needs a person ends it.
pub fn outcome(mine: &[DownloadStatus], wanted: usize) -> Option<Result<Vec<Landed>, Trouble>> {
    let failed = mine.iter().find_map(|download| match &download.state {
        DownloadState::Failed { reason } => Some(format!("{}: {reason}", name(&download.name))),
        DownloadState::Cancelled { .. } => Some(format!("{} was cancelled", name(&download.name))),
        _ => None,
    });
    if let Some(message) = failed {
        return Some(Err(Trouble::failed(message)));
    }
    if mine.len() < wanted {
        return Some(Err(Trouble::failed("a download was taken off the list")));
    }
    mine.iter()
        .all(|download| download.state == DownloadState::Done)
        .then(|| Ok(mine.iter().map(landed).collect()))
}

/// Says once why nothing moves.
fn tell_waits(mine: &[DownloadStatus], told: &mut String, progress: &mut Progress) {
    let waits = mine.iter().find_map(|download| match &download.state {
        DownloadState::NoSource { reason } | DownloadState::DiskFull { reason } => {
            Some(reason.clone())
        }
        DownloadState::Paused => Some("it is paused: `peer-tui resume` goes on".to_owned()),
        _ => None,
    });
    if let Some(reason) = waits
        && reason != *told
    {
        progress.clear();
        print::note(&format!("waiting: {}", name(&reason)));
        *told = reason;
    }
}

fn landed(download: &DownloadStatus) -> Landed {
    Landed {
        id: Some(download.id),
        hash: download.hash,
        path: download.destination.clone(),
        size_bytes: download.size_bytes,
    }
}
