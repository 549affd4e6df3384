//! Places in the queue, as asked for through the handle: moved, and put back.

use tokio::sync::oneshot;

use super::super::DownloadId;
use super::super::change::Move;
use super::super::task::Order;
use super::{Fetch, FetchError};

impl Fetch {
    /// Moves, together, among those of the same priority that run, stand or wait as they do.
    /// Yields the order before of all that stand elsewhere now, for [`Fetch::arrange`].
    ///
    /// # Errors
    /// [`FetchError::Stopped`].
    pub async fn reorder(
        &self,
        ids: &[DownloadId],
        to: Move,
    ) -> Result<Vec<DownloadId>, FetchError> {
        let (answer, answered) = oneshot::channel();
        self.send(Order::Reorder(ids.to_vec(), to, answer)).await?;
        answered.await.map_err(|_| FetchError::Stopped)
    }

    /// Puts these into this order, on the places that they hold.
    ///
    /// # Errors
    /// [`FetchError::Stopped`].
    pub async fn arrange(&self, order: Vec<DownloadId>) -> Result<(), FetchError> {
        let (answer, answered) = oneshot::channel();
        self.send(Order::Arrange(order, answer)).await?;
        answered.await.map_err(|_| FetchError::Stopped)
    }
}
