//! Downloads that got stuck, each told once: for the log, and for a screen that shows something else.
//!
//! Knows states only; why a download is stuck, and when it is tried again, is decided elsewhere.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

use super::state::Stuck;
use crate::fetch::{DownloadId, DownloadState, DownloadStatus};

/// Lines of the log for downloads that get stuck together; the others are counted.
const LINES_MAX_COUNT: usize = 5;

/// What was told, and of which download last.
#[derive(Debug, Default)]
pub struct StuckBook {
    told: HashMap<DownloadId, Discriminant<DownloadState>>,
    last: Option<Stuck>,
}

impl StuckBook {
    /// Takes note of how all downloads stand; yields lines for the log about those that got stuck
    /// since the last time. One that is tried again and finds nothing new is not told again; one
    /// that went on in between is.
    pub fn take(&mut self, downloads: &[Arc<DownloadStatus>]) -> Vec<String> {
        let mut told = HashMap::new();
        let mut fresh = Vec::new();
        for download in downloads {
            let before = self.told.get(&download.id);
            let kind = discriminant(&download.state);
            if is_stuck(&download.state) {
                if before != Some(&kind) {
                    fresh.push(download);
                }
                told.insert(download.id, kind);
            } else if let (true, Some(before)) = (is_waiting(&download.state), before) {
                told.insert(download.id, *before);
            }
        }
        self.told = told;
        if let Some(last) = fresh.last() {
            let before = self.last.as_ref().map_or(0, |stuck| stuck.number);
            self.last = Some(Stuck {
                number: before + fresh.len() as u64,
                id: last.id,
                name: last.name.clone(),
                state: last.state.clone(),
                others: 0,
            });
        }
        lines(&fresh)
    }

    /// The one that got stuck last.
    pub const fn last(&self) -> Option<&Stuck> {
        self.last.as_ref()
    }
}

const fn is_stuck(state: &DownloadState) -> bool {
    matches!(
        state,
        DownloadState::NoSource { .. }
            | DownloadState::DiskFull { .. }
            | DownloadState::Failed { .. }
    )
}

/// Between two tries nothing has become better yet.
const fn is_waiting(state: &DownloadState) -> bool {
    matches!(state, DownloadState::Queued | DownloadState::Looking)
}

/// The name comes last: whoever opens the line is led to that transfer. A download that failed for
/// good has said so where it failed.
fn lines(fresh: &[&Arc<DownloadStatus>]) -> Vec<String> {
    let mut lines: Vec<String> = fresh
        .iter()
        .filter_map(|download| {
            let name = &download.name;
            match &download.state {
                DownloadState::NoSource { reason } => {
                    Some(format!("download has no source ({reason}): {name}"))
                }
                DownloadState::DiskFull { reason } => {
                    Some(format!("download waits for room ({reason}): {name}"))
                }
                _ => None,
            }
        })
        .collect();
    if lines.len() > LINES_MAX_COUNT {
        let others = lines.len() - LINES_MAX_COUNT;
        lines.truncate(LINES_MAX_COUNT);
        lines.push(format!(
            "{others} more downloads have no source or no room: the list of transfers has them"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use jiff::Timestamp;
    use protocol::hash::ContentHash;

    use super::*;

    fn download(id: u64, state: DownloadState) -> Arc<DownloadStatus> {
        let name = format!("file {id}");
        Arc::new(DownloadStatus {
            id: DownloadId(id),
            hash: ContentHash::of(name.as_bytes()),
            destination: PathBuf::from(&name),
            name,
            size_bytes: 200,
            done_bytes: 50,
            rate_bytes: 0,
            state,
            priority: 0,
            place: 1,
            limit_bytes: None,
            added_at: Timestamp::UNIX_EPOCH,
            finished_at: None,
            sources: (0, 0),
        })
    }

    fn no_source(reason: &str) -> DownloadState {
        DownloadState::NoSource {
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn a_download_without_a_source_is_told_once_and_again_after_it_went_on() {
        let mut book = StuckBook::default();
        let mut lines = |state: DownloadState| book.take(&[download(7, state)]);
        assert_eq!(lines(DownloadState::Downloading), Vec::<String>::new());
        assert_eq!(
            lines(no_source("nas went offline")),
            ["download has no source (nas went offline): file 7"]
        );
        for tried_again in [
            no_source("nas went offline"),
            DownloadState::Looking,
            no_source("nobody is online"),
            DownloadState::Queued,
            no_source("nobody is online"),
        ] {
            assert_eq!(lines(tried_again), Vec::<String>::new());
        }
        let reason = "free 2 GiB".to_owned();
        assert_eq!(lines(DownloadState::DiskFull { reason }).len(), 1);
        assert_eq!(lines(DownloadState::Downloading), Vec::<String>::new());
        assert_eq!(lines(no_source("nas went offline")).len(), 1);
        let last = book.last().expect("one got stuck");
        assert_eq!((last.number, last.id), (3, DownloadId(7)));
    }

    #[test]
    fn many_that_get_stuck_together_do_not_flood_the_log() {
        let all: Vec<_> = (1..=40).map(|id| download(id, no_source("gone"))).collect();
        let mut book = StuckBook::default();
        let lines = book.take(&all);
        assert_eq!(lines.len(), LINES_MAX_COUNT + 1);
        assert!(lines[LINES_MAX_COUNT].starts_with("35 more"), "{lines:?}");
        assert_eq!(book.last().map(|stuck| stuck.number), Some(40));
        let reason = "its bytes are wrong".to_owned();
        let failed = [download(50, DownloadState::Failed { reason })];
        assert_eq!(book.take(&failed), Vec::<String>::new(), "told elsewhere");
        assert_eq!(book.last().map(|stuck| stuck.number), Some(41));
    }
}
