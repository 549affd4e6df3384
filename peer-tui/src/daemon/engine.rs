//! The engine: share, serve, fetch and the session with the index, wired together, with one handle
//! to ask it. Knows no screen and no socket.

mod act;
mod downloads;
mod folder;
mod index;
mod limits;
mod partials;
mod places;
mod probe;
mod pump;
mod remember;
mod start;

use std::sync::{Arc, OnceLock};

use protocol::file::{ContentInfo, FilePage};
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::search::{SearchParams, SearchResponse};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::folder::find_peer;
use self::index::LateIndex;
pub use self::probe::Interest;
use self::probe::Interests;
use self::remember::Recall;
pub use self::start::{EngineOptions, IndexChoice};
use super::board::Board;
use super::peers::PeerBook;
use super::sections::header::{HeaderParts, header};
use super::sections::transfers;
use super::state::{Header, Status};
use crate::config::Config;
use crate::fetch::{DownloadDetail, DownloadId, Fetch};
use crate::host::HostedIndex;
use crate::index_client::{IndexClient, IndexError};
use crate::serve::Serve;
use crate::share::{Share, ShareView};

/// The handle; cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

struct Parts {
    board: Board,
    config: Config,
    share: Share,
    fetch: Fetch,
    serve: Serve,
    index: Arc<LateIndex>,
    recall: Recall,
    interests: Interests,
    hosted: OnceLock<tokio::sync::Mutex<Option<HostedIndex>>>,
    /// Somebody asked for the end.
    stop: CancellationToken,
    /// Tasks of the wiring.
    tasks: TaskTracker,
}

/// Rows of one page of a peer's files.
const FILES_PAGE_COUNT: usize = 200;

impl Engine {
    /// What is shown.
    pub fn board(&self) -> &Board {
        &self.0.board
    }

    /// What is shared.
    pub fn share_view(&self) -> Arc<ShareView> {
        self.0.share.view()
    }

    /// All downloads.
    pub fn fetch(&self) -> &Fetch {
        &self.0.fetch
    }

    /// A place to say which peers are looked at.
    pub fn interest(&self) -> Interest {
        self.0.interests.add()
    }

    /// One transfer closely.
    pub async fn detail(&self, id: DownloadId) -> Option<DownloadDetail> {
        self.0.fetch.detail(id).await
    }

    /// Searches the network.
    ///
    /// # Errors
    /// When the index does not answer or refuses the query.
    pub async fn search(&self, params: &SearchParams) -> Result<SearchResponse, IndexError> {
        self.index()?.search(params).await
    }

    /// Whether no index is known yet.
    pub fn is_looking_for_index(&self) -> bool {
        self.index().is_err()
    }

    /// A page of a peer's files at or below `folder` (empty for all).
    ///
    /// # Errors
    /// When the index does not answer or does not know the peer.
    pub async fn peer_files(
        &self,
        peer: &PeerId,
        folder: &str,
        cursor: Option<String>,
    ) -> Result<FilePage, IndexError> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let index = self.index()?;
        index
            .peer_files(peer, &prefix, cursor.as_deref(), FILES_PAGE_COUNT)
            .await
    }

    /// All holders of a content; `None` when nobody ever had it.
    ///
    /// # Errors
    /// When the index does not answer.
    pub async fn content(&self, hash: &ContentHash) -> Result<Option<ContentInfo>, IndexError> {
        self.index()?.content(*hash).await
    }

    /// Reads the figures of all peers again soon.
    pub async fn refresh_peers(&self) {
        if let Some(index) = self.0.index.get() {
            index.refresh_peers().await;
        }
    }

    /// The state line.
    pub fn header(&self) -> Header {
        let board = self.board();
        let network = board.network();
        let transfers = board.transfers();
        let view = self.share_view();
        let limits = board.limits();
        let first_share = view
            .roots()
            .iter()
            .find(|root| !root.is_downloads)
            .map(|root| root.root.display().to_string());
        board.read_speed(|speed| {
            header(&HeaderParts {
                name: &board.facts().name,
                index: network.index.as_deref(),
                link: network.link.as_ref(),
                stats: network.stats.as_ref(),
                speed: &speed.samples,
                rates: (transfers.fetch.down_rate, transfers.serve.rate_bytes),
                downloads: &transfers.fetch.downloads,
                active_uploads: transfers.uploads.len(),
                shared_files: view.count() as u64,
                progress: view.progress(),
                share_folder: first_share.unwrap_or_default(),
                limits: (limits.down, limits.up),
                join_hint: &network.join_hint,
            })
        })
    }

    /// Everything in figures.
    pub fn status(&self) -> Status {
        let board = self.board();
        let facts = board.facts();
        let transfers = board.transfers();
        let view = self.share_view();
        Status {
            header: self.header(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            id: facts.id,
            listen: facts.listen.to_string(),
            data: facts.data.display().to_string(),
            shares: view
                .roots()
                .iter()
                .map(|root| root.root.display().to_string())
                .collect(),
            downloads: facts.downloads.display().to_string(),
            shared_bytes: view.total_bytes(),
            network: board.network().stats.clone(),
            uploads: (transfers.serve.total_bytes, transfers.serve.total_uploads),
            downloads_done: (
                transfers.fetch.fetched_bytes,
                transfers.fetch.finished_count,
            ),
            counts: transfers::counts(&transfers.fetch.downloads, &transfers.uploads),
            started_at: facts.started_at,
            peer_limits: board.read_peers(PeerBook::limits),
        }
    }

    /// Asks for the end; whoever runs the engine stops it.
    pub fn request_stop(&self) {
        self.0.stop.cancel();
    }

    /// Waits until somebody asked for the end.
    pub async fn stopped(&self) {
        self.0.stop.cancelled().await;
    }

    /// Stops everything in order: the index is told (2 s at most), downloads are made safe, uploads
    /// end, the cache is closed.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        if let Some(index) = self.0.index.get() {
            index.stop().await;
        }
        self.0.fetch.stop().await;
        self.0.serve.stop().await;
        self.remember_uploads().await;
        self.0.share.stop().await;
        self.0.tasks.close();
        self.0.tasks.wait().await;
        if let Some(hosted) = self.0.hosted.get()
            && let Some(server) = hosted.lock().await.take()
        {
            server.stop().await;
        }
    }

    /// Keeps the totals of the serving side for the next start.
    async fn remember_uploads(&self) {
        let status = self.0.serve.status();
        let uploads = (status.total_uploads, status.total_bytes);
        self.0.recall.change(move |all| all.uploads = uploads).await;
    }

    fn index(&self) -> Result<&IndexClient, IndexError> {
        self.0.index.get().ok_or_else(LateIndex::unknown)
    }
}
