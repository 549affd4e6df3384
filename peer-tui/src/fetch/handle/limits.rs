//! Bytes a second: over all downloads, of one of them, from one peer. All of them hold at once.

use protocol::ids::PeerId;

use super::super::DownloadId;
use super::super::change::Change;
use super::{Fetch, FetchError};

impl Fetch {
    /// Bytes a second over all downloads from now on; `None` for no limit.
    pub fn set_down_limit(&self, limit: Option<u64>) {
        self.limit.set(limit);
    }

    /// Bytes a second from each of these peers from now on, over all downloads; nobody else has a
    /// limit of its own.
    pub fn set_peer_limits(&self, limits: impl IntoIterator<Item = (PeerId, u64)>) {
        self.peer_limits.set_all(limits);
    }

    /// Bytes a second that each of these may take from now on; `None` for no limit of its own.
    ///
    /// # Errors
    /// As [`Fetch::pause`].
    pub async fn limit(&self, ids: &[DownloadId], limit: Option<u64>) -> Result<(), FetchError> {
        self.change(Change::Limit(limit), ids).await
    }
}
