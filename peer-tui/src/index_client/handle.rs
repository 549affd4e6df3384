//! The handle to the session with the index: cheap to clone, asks and never waits for the session.
//!
//! Calls go straight to the index with the token that the session holds; what must be in order
//! (publishing, reconnecting, stopping) goes through the owner task.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use protocol::event::Envelope;
use protocol::file::{ContentInfo, FilePage, RatingResponse};
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use protocol::names::SharePath;
use protocol::peer::TransferReport;
use protocol::search::{SearchParams, SearchResponse};
use protocol::stats::NetworkStats;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::api::{Credentials, IndexApi};
use super::task::{self, Command, Outlets};
use super::{IndexError, IndexUrl, Link, PeerTable, ShareSource, lookup};
use crate::identity::Identity;

/// Events held for a reader of [`IndexClient::events`] that is behind; then it is told how many it
/// missed and reads the lists anew.
const EVENTS_QUEUE_COUNT: usize = 1024;
/// Orders to the session that may wait: they are few, and whoever sends one waits for room.
const COMMANDS_QUEUE_COUNT: usize = 256;
/// The goodbye to the index takes no longer; the sweep finds out by itself.
const LEAVE_WAIT: Duration = Duration::from_secs(2);

/// What the session is told at start.
#[derive(Clone)]
pub struct IndexClientConfig {
    /// Which index.
    pub url: IndexUrl,
    /// The key to register with.
    pub identity: Identity,
    /// Name shown to others (cut to what the contract takes).
    pub name: String,
    /// Region shown to others.
    pub region: Option<String>,
    /// Port that files are served on.
    pub listen_port: u16,
    /// Address told to the index in place of the one it sees.
    pub advertise: Option<SocketAddr>,
    /// Own heartbeat interval; a shorter one than the index tells wins.
    pub heartbeat_interval: Option<Duration>,
    /// Program version.
    pub version: String,
    /// What to publish.
    pub share: Arc<dyn ShareSource>,
}

/// An unfinished download that others may read verified pieces of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialFile {
    /// Which content.
    pub hash: ContentHash,
    /// Bytes when it is whole.
    pub size_bytes: u64,
    /// Root that its pieces are checked against.
    pub root: PiecesRoot,
    /// Name to publish it under.
    pub path: SharePath,
}

/// The handle to the session with the index; cheap to clone.
#[derive(Debug, Clone)]
pub struct IndexClient {
    api: Arc<ArcSwap<IndexApi>>,
    own_id: PeerId,
    link: watch::Receiver<Link>,
    peers: watch::Receiver<Arc<PeerTable>>,
    stats: watch::Receiver<Option<NetworkStats>>,
    events: broadcast::Sender<Arc<Envelope>>,
    commands: mpsc::Sender<Command>,
    lookups: lookup::Lookups,
}

impl IndexClient {
    /// Starts the owner task; it registers by itself and tries for ever. Must be called inside a
    /// tokio runtime.
    ///
    /// # Errors
    /// When no HTTP client can be made (a broken system resolver).
    pub fn start(config: IndexClientConfig) -> Result<Self, IndexError> {
        let own_id = config.identity.id();
        let api = IndexApi::new(config.url.clone())?.speaking_as(Credentials::of(own_id));
        let api = Arc::new(ArcSwap::from_pointee(api));
        let (events, _) = broadcast::channel(EVENTS_QUEUE_COUNT);
        let (commands, orders) = mpsc::channel(COMMANDS_QUEUE_COUNT);
        let (link_out, link) = watch::channel(Link::Registering);
        let (peers_out, peers) = watch::channel(Arc::new(PeerTable::default()));
        let (stats_out, stats) = watch::channel(None);
        let outlets = Outlets {
            api: api.clone(),
            link: link_out,
            peers: peers_out,
            stats: stats_out,
            events: events.clone(),
        };
        let lookups = lookup::Lookups::start(api.clone());
        tokio::spawn(task::run(config, outlets, orders));
        Ok(Self {
            api,
            own_id,
            link,
            peers,
            stats,
            events,
            commands,
            lookups,
        })
    }

    /// How the session stands, and every change of that.
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// The index spoken to now.
    pub fn url(&self) -> IndexUrl {
        self.api.load().url().clone()
    }

    /// Id that this peer registers under.
    pub const fn own_id(&self) -> PeerId {
        self.own_id
    }

    /// The feed, bounded: a reader that is behind is told so and reads the lists anew, as it does
    /// at a `resync` event (also sent after the feed was interrupted).
    pub fn events(&self) -> broadcast::Receiver<Arc<Envelope>> {
        self.events.subscribe()
    }

    /// All known peers; refreshed on reconnect and kept by the feed in between.
    pub fn peers(&self) -> watch::Receiver<Arc<PeerTable>> {
        self.peers.clone()
    }

    /// The network in numbers as last told; `None` before the index was reached.
    pub fn stats(&self) -> watch::Receiver<Option<NetworkStats>> {
        self.stats.clone()
    }

    /// Searches.
    ///
    /// # Errors
    /// When the index does not answer or refuses the query.
    pub async fn search(&self, params: &SearchParams) -> Result<SearchResponse, IndexError> {
        let found = self.api.load_full().search(params).await?;
        if matches!(*self.link.borrow(), Link::Lost { .. }) {
            // A full queue has something to do already.
            let _ = self.commands.try_send(Command::Answered);
        }
        Ok(found)
    }

    /// Everybody who holds a content; `None` when nobody ever registered it. Calls that come at the
    /// same time share one request.
    ///
    /// # Errors
    /// When the index does not answer.
    pub async fn content(&self, hash: ContentHash) -> Result<Option<ContentInfo>, IndexError> {
        self.lookups.content(hash).await
    }

    /// Holders of many contents, in the order asked; unknown ones are left out. Any number of
    /// hashes (asked in batches).
    ///
    /// # Errors
    /// When the index does not answer.
    pub async fn lookup(&self, hashes: &[ContentHash]) -> Result<Vec<ContentInfo>, IndexError> {
        self.api.load_full().lookup(hashes).await
    }

    /// A page of the files of one peer, by path.
    ///
    /// # Errors
    /// When the index does not answer or does not know the peer.
    pub async fn peer_files(
        &self,
        peer: &PeerId,
        prefix: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<FilePage, IndexError> {
        let api = self.api.load_full();
        api.peer_files(peer, prefix, cursor, limit).await
    }

    /// Tells the index what a transfer from a peer was like.
    ///
    /// # Errors
    /// When the index does not answer or refuses.
    pub async fn report(&self, peer: &PeerId, report: &TransferReport) -> Result<(), IndexError> {
        self.api.load_full().report(peer, report).await
    }

    /// Votes for a record, 1 to 5 stars.
    ///
    /// # Errors
    /// When the index does not answer or refuses.
    pub async fn rate(&self, file: &FileId, stars: u8) -> Result<RatingResponse, IndexError> {
        self.api.load_full().rate(file, stars).await
    }

    /// Publishes an unfinished download (its first piece is verified). Sent again by itself after
    /// a reconnect, until it is withdrawn or the share publishes the same content complete.
    pub async fn publish_partial(&self, file: PartialFile) {
        self.send(Command::PublishPartial(file)).await;
    }

    /// Withdraws an unfinished download; a complete record of the same content stays.
    pub async fn withdraw_partial(&self, hash: ContentHash) {
        self.send(Command::WithdrawPartial(hash)).await;
    }

    /// Reads the list of peers again soon: their figures change without an event of their own.
    pub async fn refresh_peers(&self) {
        self.send(Command::RefreshPeers).await;
    }

    /// Tries the index again now.
    pub async fn reconnect_now(&self) {
        self.send(Command::Reconnect).await;
    }

    /// Leaves this index and uses another one.
    pub async fn set_index(&self, url: IndexUrl) {
        self.send(Command::SetIndex(url)).await;
    }

    /// Says goodbye to the index (at most 2 s) and ends the session.
    pub async fn stop(&self) {
        let (done, is_done) = oneshot::channel();
        self.send(Command::Stop(done)).await;
        // A session that has ended already drops the sender, which is as good.
        let _ = tokio::time::timeout(LEAVE_WAIT, is_done).await;
    }

    async fn send(&self, command: Command) {
        if self.commands.send(command).await.is_err() {
            tracing::debug!("the session with the index has ended");
        }
    }
}
