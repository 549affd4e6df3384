//! The HTTP side of a peer: bytes of shared files to whoever asks, fairly.
//!
//! Knows the share's view and unfinished downloads through [`PartialContents`]; knows nothing of
//! fetching.

mod buffers;
mod bytes;
pub mod call;
mod content;
mod contents;
pub mod feed;
mod file_stream;
pub mod gate;
mod labels;
pub mod listener;
mod medium;
pub mod metrics;
pub mod names;
mod open_files;
pub mod opened;
mod operations;
pub mod outlet;
pub mod range_reply;
mod reply;
pub mod routes;
pub mod slots;
pub mod spread;
pub mod stand_in;
pub mod stream;
#[cfg(test)]
mod tests;
pub mod uploads;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::ids::PeerId;
use protocol::pieces::{PieceLayout, PieceSet};
use protocol::search::{SearchParams, SearchResponse};
use protocol::stats::NetworkStats;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::buffers::Buffers;
use self::call::App;
use self::feed::LocalFeed;
use self::gate::Gate;
use self::listener::Listener;
use self::listener::connection::Service;
use self::metrics::Metrics;
use self::open_files::OpenFiles;
use self::slots::Slots;
use self::spread::Spread;
use self::uploads::Uploads;
use crate::identity::Identity;
use crate::index_client::IndexError;
use crate::rate::{RateLimit, RateLimits};
use crate::share::Share;

/// An unfinished download that others may already read from.
#[derive(Debug, Clone)]
pub struct PartialContent {
    /// Its name here, as people see it.
    pub name: String,
    /// Where the bytes lie.
    pub path: PathBuf,
    /// How it is cut.
    pub layout: PieceLayout,
    /// Its root.
    pub pieces_root: PiecesRoot,
    /// Piece hashes.
    pub pieces: Arc<[PieceHash]>,
    /// Verified pieces; changes as more arrive (the value's version is what `since` counts).
    pub held: watch::Receiver<Arc<PieceSet>>,
    /// How many others are known to hold each piece.
    pub holders: watch::Receiver<Arc<[u32]>>,
}

/// Who knows of unfinished downloads.
pub trait PartialContents: Send + Sync + 'static {
    /// The unfinished download of this content.
    fn partial(&self, hash: &ContentHash) -> Option<PartialContent>;
    /// (downloads finished ever, verified bytes fetched ever, active now), for `/api/v1/stats`.
    fn totals(&self) -> (u64, u64, u64);
}

/// One running upload.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadStatus {
    /// Which content.
    pub hash: ContentHash,
    /// Its name here.
    pub name: String,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// To whom.
    pub client: SocketAddr,
    /// Who that one says it is: shown so, and believed for nothing else.
    pub told: Option<PeerId>,
    /// Bytes sent to this client of this content, in all recent requests together.
    pub sent_bytes: u64,
    /// Bytes a second, lately.
    pub rate_bytes: u64,
}

/// Figures of the serving side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServeStatus {
    /// Answers with bytes, ever.
    pub total_uploads: u64,
    /// Bytes sent, ever.
    pub total_bytes: u64,
    /// Running now, one row a client and content.
    pub active: Vec<UploadStatus>,
    /// Slots in use and in all.
    pub slots: (usize, usize),
    /// Bytes a second, lately.
    pub rate_bytes: u64,
}

/// The network as the serving side needs it: searches for programs of this machine, figures for the
/// local feed.
pub trait Network: Send + Sync + 'static {
    /// Hands a search to the index.
    fn search(
        &self,
        params: SearchParams,
    ) -> BoxFuture<'static, Result<SearchResponse, IndexError>>;
    /// The figures as the index told them last; `None` before it was reached.
    fn stats(&self) -> watch::Receiver<Option<NetworkStats>>;
}

/// What the serving side is told at start.
#[derive(Clone)]
pub struct ServeConfig {
    /// Upload slots in all.
    pub slots: usize,
    /// Upload slots of one client address.
    pub slots_per_client: usize,
    /// How long a request waits for a slot at most.
    pub slot_wait: Duration,
    /// Bytes a second, over all uploads.
    pub up_limit: Option<u64>,
    /// Answers with bytes and bytes sent before this start, which the totals go on from.
    pub earlier: (u64, u64),
    /// Signs address proofs.
    pub identity: Arc<Identity>,
    /// Name of this peer.
    pub name: String,
    /// What is served.
    pub share: Share,
    /// Unfinished downloads, served too.
    pub partials: Arc<dyn PartialContents>,
    /// The index, for searches of this machine and the local feed.
    pub network: Arc<dyn Network>,
    /// Further names that this machine may be called by in `Host`.
    pub allowed_hosts: Vec<String>,
}

impl fmt::Debug for ServeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeConfig")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Why serving cannot start.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ServeError {
    /// Operation, address and reason.
    pub message: String,
}

/// The handle to the serving side; cheap to clone.
#[derive(Debug, Clone)]
pub struct Serve {
    app: Arc<App>,
    listener: Listener,
}

impl Serve {
    /// Takes the address, or, where nobody chose it (`is_fixed`), one of the next ports if its own is
    /// taken. Whoever connects waits until [`Serve::start`].
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn bind(listen: SocketAddr, is_fixed: bool) -> Result<TcpListener, ServeError> {
        listener::bind(listen, is_fixed).map_err(|reason| ServeError {
            message: match reason.kind() {
                std::io::ErrorKind::AddrInUse => format!(
                    "listen at {listen}: another program uses this port; choose another with \
                     --listen"
                ),
                _ => format!("listen at {listen}: {reason}"),
            },
        })
    }

    /// Serves at `socket` from now on.
    ///
    /// # Errors
    /// When the socket has no address.
    #[expect(
        clippy::unused_async,
        reason = "the tasks that it starts need a running runtime, which an await proves"
    )]
    pub async fn start(config: ServeConfig, socket: TcpListener) -> Result<Self, ServeError> {
        let failed = |reason: std::io::Error| ServeError {
            message: format!("listen: {reason}"),
        };
        let stopping = CancellationToken::new();
        let app = Arc::new(App {
            share: config.share.clone(),
            partials: Arc::clone(&config.partials),
            network: Arc::clone(&config.network),
            identity: Arc::clone(&config.identity),
            name: config.name.clone(),
            open_files: OpenFiles::default(),
            buffers: Buffers::default(),
            slots: Slots::new(config.slots, config.slots_per_client, config.slot_wait),
            spread: Spread::default(),
            limit: RateLimit::new(config.up_limit),
            client_limits: RateLimits::default(),
            uploads: Uploads::new(config.earlier),
            feed: LocalFeed::default(),
            metrics: Metrics::new(),
            stopping: stopping.clone(),
        });
        let machine = rustix::system::uname();
        let machine = machine.nodename().to_string_lossy();
        let gate = Gate::new(&machine, &config.allowed_hosts);
        let service = Service::new(gate, routes::routes(&app));
        let listener = Listener::start(socket, service, stopping).map_err(failed)?;
        let address = listener.local_addr().to_string();
        tokio::spawn(feed::follow(Arc::clone(&app), address));
        Ok(Self { app, listener })
    }

    /// Where it listens, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Figures as of now.
    pub fn status(&self) -> ServeStatus {
        let sums = self.app.uploads.sums();
        ServeStatus {
            total_uploads: sums.total_uploads,
            total_bytes: sums.total_bytes,
            active: sums.active,
            slots: self.app.slots.usage(),
            rate_bytes: sums.rate_bytes,
        }
    }

    /// Changes whenever an upload begins or ends, and once a second while bytes go out.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.app.uploads.watch()
    }

    /// Bytes sent since the start to whoever says so of itself at an address.
    pub fn sent_to(&self, address: IpAddr, told: Option<PeerId>) -> u64 {
        self.app.uploads.sent_to(address, told)
    }

    /// Bytes a second over all uploads from now on, running ones too.
    pub fn set_up_limit(&self, limit: Option<u64>) {
        self.app.limit.set(limit);
    }

    /// Bytes a second to each of these addresses from now on, running uploads too; no other has a
    /// limit of its own.
    pub fn set_client_limits(&self, limits: impl IntoIterator<Item = (IpAddr, u64)>) {
        let canonical = |(client, limit): (IpAddr, u64)| (client.to_canonical(), limit);
        self.app
            .client_limits
            .set_all(limits.into_iter().map(canonical));
    }

    /// Takes no more requests, lets running answers go on for a few seconds, then cuts them.
    pub async fn stop(&self) {
        self.listener.stop().await;
    }
}
