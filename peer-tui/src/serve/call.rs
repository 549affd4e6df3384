//! One request as a handler gets it, and what handlers work with.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, Method};
use hyper::upgrade::OnUpgrade;
use protocol::file::FileInfo;
use protocol::problem::{Problem, Slug};
use protocol::routes::PEER_ID_HEADER;
use tokio_util::sync::CancellationToken;

use super::buffers::Buffers;
use super::feed::LocalFeed;
use super::listener::connection::Connection;
use super::metrics::Metrics;
use super::open_files::OpenFiles;
use super::slots::Slots;
use super::spread::Spread;
use super::uploads::{Client, Uploads};
use super::{Network, PartialContents};
use crate::identity::Identity;
use crate::rate::{RateLimit, RateLimits};
use crate::share::{Share, SharedFile};

/// What handlers work with; one a peer.
pub struct App {
    /// What is served.
    pub share: Share,
    /// Unfinished downloads.
    pub partials: Arc<dyn PartialContents>,
    /// The index.
    pub network: Arc<dyn Network>,
    /// Signs address proofs.
    pub identity: Arc<Identity>,
    /// Name of this peer.
    pub name: String,
    /// Files that are open already.
    pub open_files: OpenFiles,
    /// Memory for chunks.
    pub buffers: Buffers,
    /// Upload slots.
    pub slots: Slots,
    /// How often pieces went out.
    pub spread: Spread,
    /// Over all uploads.
    pub limit: RateLimit,
    /// Of each client address.
    pub client_limits: RateLimits<IpAddr>,
    /// Who fetches what.
    pub uploads: Uploads,
    /// Local events.
    pub feed: LocalFeed,
    /// Instruments.
    pub metrics: Arc<Metrics>,
    /// Cancelled once serving stops.
    pub stopping: CancellationToken,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl App {
    /// A shared file as the contract tells of it; `address` is where it is reached.
    pub fn file_info(&self, file: &SharedFile, address: String) -> FileInfo {
        let modified = i64::try_from(file.stamp.modified_ns / 1_000_000).unwrap_or(0);
        FileInfo {
            id: file.id,
            filename: file.path.file_name().to_owned(),
            path: file.path.as_str().to_owned(),
            size: file.stamp.size_bytes,
            hash: file.hash,
            pieces_root: Some(file.pieces_root),
            category: file.category,
            tags: file.tags.clone(),
            owner: self.identity.id(),
            owner_name: self.name.clone(),
            peer_address: address,
            upload_time: jiff::Timestamp::from_millisecond(modified).unwrap_or_default(),
            downloads: 0,
            rating: 0.0,
            sources: 1,
        }
    }
}

/// A request whose path is known.
#[derive(Debug)]
pub struct Call {
    /// What handlers work with.
    pub app: Arc<App>,
    /// GET or HEAD.
    pub method: Method,
    /// The variable part of the path as it was sent.
    pub target: String,
    /// The query string.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// Both ends of the connection.
    pub connection: Connection,
    /// Where the connection can become something else.
    pub upgrade: Option<OnUpgrade>,
}

impl Call {
    /// A header as text.
    pub fn header(&self, name: http::header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first non-empty value of a query parameter, decoded.
    pub fn param(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    }

    /// A whole number in the query.
    ///
    /// # Errors
    /// `invalid-parameter` for anything else.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        let Some(text) = self.param(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            let detail = format!("{name} takes a whole number");
            Problem::new(Slug::InvalidParameter, detail).at(name)
        })
    }

    /// Who asks, as far as that is seen or told.
    pub fn client(&self) -> Client {
        let told = self.headers.get(PEER_ID_HEADER);
        let told = told.and_then(|told| told.to_str().ok()?.parse().ok());
        Client {
            address: self.connection.remote,
            told,
        }
    }

    /// HEAD: headers as for GET, no body.
    pub fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }
}
