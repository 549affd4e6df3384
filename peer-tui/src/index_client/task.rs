//! The owner of the session.

use std::sync::Arc;

use arc_swap::ArcSwap;
use protocol::event::Envelope;
use protocol::hash::ContentHash;
use protocol::stats::NetworkStats;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::{IndexApi, IndexClientConfig, IndexUrl, Link, PartialFile, PeerTable};

/// What the handle may ask for, in order.
#[derive(Debug)]
pub enum Command {
    /// See [`super::IndexClient::publish_partial`].
    PublishPartial(PartialFile),
    /// See [`super::IndexClient::withdraw_partial`].
    WithdrawPartial(ContentHash),
    /// See [`super::IndexClient::reconnect_now`].
    Reconnect,
    /// See [`super::IndexClient::set_index`].
    SetIndex(IndexUrl),
    /// See [`super::IndexClient::stop`].
    Stop(oneshot::Sender<()>),
}

/// Where the session shows itself.
pub struct Outlets {
    /// Calls with the token of the session.
    pub api: Arc<ArcSwap<IndexApi>>,
    /// How it stands.
    pub link: watch::Sender<Link>,
    /// Known peers.
    pub peers: watch::Sender<Arc<PeerTable>>,
    /// The network in numbers.
    pub stats: watch::Sender<Option<NetworkStats>>,
    /// The feed.
    pub events: broadcast::Sender<Arc<Envelope>>,
}

/// Runs the session until it is stopped.
pub async fn run(config: IndexClientConfig, outlets: Outlets, mut orders: mpsc::Receiver<Command>) {
    let _ = (config, outlets);
    while orders.recv().await.is_some() {}
}
