//! What identifies the rows of each list.

use protocol::hash::ContentHash;
use protocol::ids::PeerId;

use super::list::Identified;
use crate::daemon::state::{BrowseRow, LogRow, PeerRow, ResultRow, ShareRow, TransferRow};
use crate::daemon::state::{DownloadId, SourceStatus};

/// Identity of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TransferKey {
    /// A download.
    Down(DownloadId),
    /// An upload: which content, to whomever it goes.
    Up(ContentHash),
}

impl Identified for ResultRow {
    type Key = ContentHash;

    fn key(&self) -> ContentHash {
        self.hash
    }

    fn is_gone_now(&mut self) {
        self.sources = 0;
    }
}

impl Identified for TransferRow {
    type Key = TransferKey;

    fn key(&self) -> TransferKey {
        match self {
            Self::Down(status) => TransferKey::Down(status.id),
            Self::Up { hash, .. } => TransferKey::Up(*hash),
        }
    }
}

impl Identified for ShareRow {
    type Key = String;

    fn key(&self) -> String {
        self.key.clone()
    }
}

impl Identified for PeerRow {
    type Key = PeerId;

    fn key(&self) -> PeerId {
        self.id
    }
}

impl Identified for LogRow {
    type Key = u64;

    fn key(&self) -> u64 {
        self.number
    }
}

impl Identified for BrowseRow {
    /// Whether a folder, and its path: a folder and a file may share a path over time.
    type Key = (bool, String);

    fn key(&self) -> (bool, String) {
        match self {
            Self::Folder { path, .. } => (true, path.clone()),
            Self::File(row) => (false, row.path.clone()),
        }
    }
}

impl Identified for SourceStatus {
    type Key = PeerId;

    fn key(&self) -> PeerId {
        self.peer
    }
}
