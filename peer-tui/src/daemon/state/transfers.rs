//! Rows of transfers, in the list and in the dock.

use std::collections::VecDeque;

use protocol::hash::ContentHash;
use serde::{Deserialize, Serialize};

use crate::fetch::{DownloadId, DownloadState, DownloadStatus};

/// Samples of the speed that are kept: five minutes.
pub const SPEED_MAX_COUNT: usize = 300;

/// A row of transfers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "direction", rename_all = "snake_case")]
pub enum TransferRow {
    /// In.
    Down(DownloadStatus),
    /// Out, one row a client and content, or one a content.
    Up {
        /// Which content.
        hash: ContentHash,
        /// Its name here.
        name: String,
        /// To whom: name where known, else address; of several all of them, apart by commas.
        client: String,
        /// To how many.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        clients: usize,
        /// Bytes of the file.
        size_bytes: u64,
        /// Bytes sent, the mean of several clients.
        sent_bytes: u64,
        /// Bytes a second.
        rate_bytes: u64,
    },
}

const fn one() -> usize {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_one(count: &usize) -> bool {
    *count == 1
}

/// Transfers under each filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub struct TransferCounts {
    pub all: usize,
    pub downloading: usize,
    pub paused: usize,
    pub queued: usize,
    pub failed: usize,
    pub uploads: usize,
    pub done: usize,
}

/// The dock under the search.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Dock {
    /// The most relevant, in order.
    pub rows: Vec<TransferRow>,
    /// For its title.
    pub counts: TransferCounts,
}

/// A download that got stuck: told to every screen, whatever it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// How many got stuck since the daemon started, this one included.
    pub number: u64,
    /// Which.
    pub id: DownloadId,
    /// Its name as given.
    pub name: String,
    /// `NoSource`, `DiskFull` or `Failed`, with the reason.
    pub state: DownloadState,
    /// Those that got stuck before it since a screen was told last.
    pub others: u64,
}

/// How fast bytes came and went lately, a sample a second while something moved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Speed {
    /// Samples ever taken: whoever draws several as one keeps the same ones together by it.
    pub taken: u64,
    /// (in, out) bytes a second, oldest first, at most [`SPEED_MAX_COUNT`].
    pub samples: VecDeque<(u64, u64)>,
}

impl Speed {
    /// Adds the newest sample.
    pub fn add(&mut self, sample: (u64, u64)) {
        if self.samples.len() == SPEED_MAX_COUNT {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        self.taken += 1;
    }
}

/// The list of transfers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfers {
    /// Position of the first row sent.
    pub first: usize,
    /// Rows.
    pub rows: Vec<TransferRow>,
    /// Rows under this filter and text.
    pub total: usize,
    /// For the filter line.
    pub counts: TransferCounts,
    /// Where asked for.
    pub speed: Option<Speed>,
    /// Free bytes on the disk of the download folder.
    pub disk_free_bytes: Option<u64>,
    /// Upload slots in use and in all.
    pub slots: (usize, usize),
}
