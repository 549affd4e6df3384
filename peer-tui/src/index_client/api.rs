//! The calls of the index, one method each: a request, its answer or the reason why not.
//!
//! Knows the wire contract; knows neither the session nor what is shared.

mod exchange;

use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use protocol::file::{
    BatchResponse, CatalogRanges, ContentInfo, FilePage, LookupRequest, LookupResponse,
    RatingRequest, RatingResponse,
};
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::limits::LOOKUP_MAX_COUNT;
use protocol::peer::{
    HeartbeatResponse, NonceResponse, Peer, PeerPage, RegisterRequest, RegisterResponse,
    TransferReport,
};
use protocol::routes;
use protocol::search::{SearchParams, SearchResponse};
use protocol::stats::NetworkStats;
use reqwest::Method;

use super::{IndexError, IndexUrl};
use exchange::Call;

/// Peers asked for in one page.
const PEERS_PAGE_COUNT: usize = 200;

/// Who speaks: the id and, once registered, the token of its session.
#[derive(Debug, Clone)]
pub struct Credentials {
    id: PeerId,
    token: Option<Arc<str>>,
}

impl Credentials {
    /// Before registration.
    pub const fn of(id: PeerId) -> Self {
        Self { id, token: None }
    }

    /// After registration.
    pub fn with_token(id: PeerId, token: &str) -> Self {
        Self {
            id,
            token: Some(token.into()),
        }
    }
}

/// The calls of one index; cheap to clone, connections are reused.
#[derive(Debug, Clone)]
pub struct IndexApi {
    client: reqwest::Client,
    url: IndexUrl,
    credentials: Option<Credentials>,
}

impl IndexApi {
    /// Calls to the index at `url`, speaking for nobody.
    ///
    /// # Errors
    /// When no HTTP client can be made (a broken system resolver).
    pub fn new(url: IndexUrl) -> Result<Self, IndexError> {
        let client = exchange::client().map_err(|error| IndexError::Unreachable {
            url: url.to_string(),
            reason: exchange::in_words(&error),
        })?;
        Ok(Self {
            client,
            url,
            credentials: None,
        })
    }

    /// The same, speaking for a peer.
    #[must_use]
    pub fn speaking_as(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// The same at another index, speaking for the same peer without a session.
    #[must_use]
    pub fn moved_to(mut self, url: IndexUrl) -> Self {
        self.url = url;
        if let Some(credentials) = &mut self.credentials {
            credentials.token = None;
        }
        self
    }

    /// The index.
    pub const fn url(&self) -> &IndexUrl {
        &self.url
    }

    /// A fresh nonce.
    ///
    /// # Errors
    /// [`IndexError`], as every call here.
    pub async fn nonce(&self) -> Result<NonceResponse, IndexError> {
        self.call(Method::GET, routes::NONCE).json().await
    }

    /// Registers a peer.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn register(
        &self,
        request: &RegisterRequest,
    ) -> Result<RegisterResponse, IndexError> {
        let call = self.call(Method::POST, routes::PEERS_REGISTER);
        call.body(request).json().await
    }

    /// Says that this peer is still here.
    ///
    /// # Errors
    /// [`IndexError`]; refused with `unknown-peer` or status 401 means: register again.
    pub async fn heartbeat(&self) -> Result<HeartbeatResponse, IndexError> {
        self.call(Method::POST, routes::PEERS_HEARTBEAT)
            .json()
            .await
    }

    /// Says goodbye.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn leave(&self, id: &PeerId) -> Result<(), IndexError> {
        self.call(Method::DELETE, &routes::peer(id)).done().await
    }

    /// Tells what a transfer from a peer was like.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn report(&self, peer: &PeerId, report: &TransferReport) -> Result<(), IndexError> {
        let call = self.call(Method::POST, &routes::peer_report(peer));
        call.body(report).done().await
    }

    /// All peers, page by page.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn all_peers(&self) -> Result<Vec<Peer>, IndexError> {
        let mut peers = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut call = self.call(Method::GET, routes::PEERS);
            call.param("limit", &PEERS_PAGE_COUNT.to_string());
            if let Some(cursor) = &cursor {
                call.param("cursor", cursor);
            }
            let page: PeerPage = call.json().await?;
            let is_empty = page.peers.is_empty();
            peers.extend(page.peers);
            cursor = page.next_cursor;
            // A page without rows ends it too, so that no index can hold us here for ever.
            if cursor.is_none() || is_empty {
                return Ok(peers);
            }
        }
    }

    /// A page of the files of one peer, by path.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn peer_files(
        &self,
        peer: &PeerId,
        prefix: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<FilePage, IndexError> {
        let mut call = self.call(Method::GET, &routes::peer_files(peer));
        call.param("limit", &limit.to_string());
        if !prefix.is_empty() {
            call.param("prefix", prefix);
        }
        if let Some(cursor) = cursor {
            call.param("cursor", cursor);
        }
        call.json().await
    }

    /// What the index holds of a peer, as digests of ranges; `None` from an index that does not
    /// tell.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn peer_digest(&self, peer: &PeerId) -> Result<Option<CatalogRanges>, IndexError> {
        let call = self.call(Method::GET, &routes::peer_digest(peer));
        match call.json().await {
            Ok(ranges) => Ok(Some(ranges)),
            Err(IndexError::Refused(problem)) if problem.slug == "not-found" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a batch of registrations and withdrawals, an NDJSON line each, as a stream.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn batch(
        &self,
        lines: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
    ) -> Result<BatchResponse, IndexError> {
        let call = self.call(Method::POST, routes::FILES_BATCH);
        call.lines(reqwest::Body::wrap_stream(lines)).json().await
    }

    /// Searches.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn search(&self, params: &SearchParams) -> Result<SearchResponse, IndexError> {
        let mut call = self.call(Method::GET, routes::FILES_SEARCH);
        exchange::search_params(&mut call, params);
        call.json().await
    }

    /// Everybody who holds a content; `None` when it is unknown.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn content(&self, hash: &ContentHash) -> Result<Option<ContentInfo>, IndexError> {
        let call = self.call(Method::GET, &routes::content_info(hash));
        match call.json().await {
            Ok(content) => Ok(Some(content)),
            Err(IndexError::Refused(problem)) if problem.status == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Holders of many contents; unknown ones are left out. Asked in batches of what one call takes.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn lookup(&self, hashes: &[ContentHash]) -> Result<Vec<ContentInfo>, IndexError> {
        let mut contents = Vec::with_capacity(hashes.len());
        for batch in hashes.chunks(LOOKUP_MAX_COUNT) {
            let request = LookupRequest {
                hashes: batch.to_vec(),
            };
            let call = self.call(Method::POST, routes::CONTENT_LOOKUP);
            let answer: LookupResponse = call.body(&request).json().await?;
            contents.extend(answer.contents);
        }
        Ok(contents)
    }

    /// Votes for a record, 1 to 5 stars.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn rate(&self, file: &FileId, stars: u8) -> Result<RatingResponse, IndexError> {
        let call = self.call(Method::POST, &routes::file_rating(file));
        call.body(&RatingRequest { stars }).json().await
    }

    /// The network in numbers.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn stats(&self) -> Result<NetworkStats, IndexError> {
        self.call(Method::GET, routes::STATS).json().await
    }

    fn call(&self, method: Method, path: &str) -> Call<'_> {
        let mut call = Call::new(&self.client, &self.url, method, path);
        if let Some(Credentials { id, token }) = &self.credentials {
            call.header(routes::PEER_ID_HEADER, id.to_string());
            if let Some(token) = token {
                call.header("authorization", format!("Bearer {token}"));
            }
        }
        call
    }
}
