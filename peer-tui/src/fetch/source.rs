//! What is asked of one source: a run of pieces, the piece list, what it holds, or the whole file.
//! Everything it answers is checked before it counts.
//!
//! Connects only to the address that the index named, follows no redirect, takes no encoding and
//! never reads more than was asked for. Knows no other source and no plan.

pub mod address;
pub mod answer;
mod body;
mod head;
mod line;
mod lines;
mod pace;
mod plain;
mod run;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use protocol::byte_range::ByteRange;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::pieces::{PieceIndex, PieceLayout, PieceSet};
use protocol::routes;
use reqwest::{Client, Response};

use super::limits::Timing;
use super::scheduler::{Run, SourceKey};
use super::store::StoreError;
use crate::rate::{RateLimit, RateLimits};
pub use address::is_allowed;
use answer::check_whole;
use lines::Lines;
use pace::Pace;
pub use plain::{Rest, Whole};
pub use run::{Keep, fetch_run};

/// A source that nobody can replace is given up after so many silent windows.
const SILENT_WINDOWS_COUNT: u32 = 3;
/// Kept connections to one source.
const IDLE_PER_SOURCE_COUNT: usize = 16;

/// How a source failed.
#[derive(Debug)]
pub enum Fault {
    /// It does not take connections.
    Unreachable(String),
    /// It went silent, is too slow while others wait, or broke off.
    Broken(String),
    /// All its slots are taken.
    Busy(Duration),
    /// It does not have it any more.
    Gone(String),
    /// It does not have these pieces yet.
    NotHeld,
    /// It answers what no honest peer does.
    Lied(String),
    /// A piece is not what its hash says.
    Corrupt(PieceIndex),
    /// All bytes of a file are from it, and they are not what its hash says.
    OtherFile,
    /// Our own disk failed.
    Disk(StoreError),
}

/// What a run of pieces has to say while it goes on.
#[derive(Debug)]
pub enum RunNote {
    /// Bytes came (not verified yet).
    Bytes(SourceKey, u64),
    /// A piece is verified and on disk.
    Piece(SourceKey, PieceIndex),
    /// The run has ended.
    Ended(SourceKey, Run, Result<(), Fault>),
}

/// Where a content is asked for.
#[derive(Debug, Clone)]
pub struct Place {
    /// Who.
    pub key: SourceKey,
    /// Where.
    pub address: SocketAddr,
    /// What.
    pub hash: ContentHash,
    /// Of this source alone, over all downloads.
    pub limit: RateLimit,
}

/// What all requests share; cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    /// For ranges.
    lines: Lines,
    timing: Timing,
    limit: RateLimit,
    /// Of one download, besides.
    own_limit: RateLimit,
    /// Of each source.
    of_peers: RateLimits<PeerId>,
    /// What sources are told of who asks: they show it, and several peers may share an address.
    own_id: PeerId,
}

impl Http {
    /// A client that follows nothing and asks no proxy.
    ///
    /// # Errors
    /// When it cannot be made (a broken system resolver).
    pub fn new(
        timing: Timing,
        limit: RateLimit,
        of_peers: RateLimits<PeerId>,
        own_id: PeerId,
    ) -> reqwest::Result<Self> {
        let client = Client::builder()
            .user_agent(concat!("peer-tui/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timing.connect)
            .pool_max_idle_per_host(IDLE_PER_SOURCE_COUNT)
            .pool_idle_timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .build()?;
        Ok(Self {
            client,
            lines: Lines::default(),
            timing,
            limit,
            own_limit: RateLimit::new(None),
            of_peers,
            own_id,
        })
    }

    /// The same for one download with a limit of its own.
    #[must_use]
    pub fn limited(&self, own_limit: RateLimit) -> Self {
        Self {
            own_limit,
            ..self.clone()
        }
    }

    /// Bytes a second over all downloads.
    pub const fn limit(&self) -> &RateLimit {
        &self.limit
    }

    /// Bytes a second from one peer.
    pub fn limit_of(&self, peer: PeerId) -> RateLimit {
        self.of_peers.of(peer)
    }

    /// Asks, and waits for the head of the answer.
    async fn get(
        &self,
        place: &Place,
        path: &str,
        headers: Vec<(&'static str, String)>,
    ) -> Result<Response, Fault> {
        let url = format!("http://{}{path}", place.address);
        // Whatever comes is compared with its hash: a source that is told so need not copy it.
        let mut request = self
            .client
            .get(url)
            .header(routes::PEER_ID_HEADER, self.own_id.to_string())
            .header("accept-encoding", "identity")
            .header("want-repr-digest", "sha-256=9");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let sent =
            tokio::time::timeout(self.timing.connect + self.timing.first_byte, request.send());
        match sent.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => {
                Err(Fault::Unreachable("does not take connections".to_owned()))
            }
            Ok(Err(error)) => Err(Fault::Broken(innermost(&error))),
            Err(_) => Err(Fault::Broken("did not answer in time".to_owned())),
        }
    }

    /// A small answer, whole and soon; longer than `max_bytes` is a lie.
    async fn small(
        &self,
        of_source: &RateLimit,
        response: Response,
        max_bytes: usize,
    ) -> Result<Vec<u8>, Fault> {
        let patience = self.timing.slow_window * SILENT_WINDOWS_COUNT;
        match tokio::time::timeout(patience, self.read_small(of_source, response, max_bytes)).await
        {
            Ok(bytes) => bytes,
            Err(_) => Err(Fault::Broken("is too slow".to_owned())),
        }
    }

    async fn read_small(
        &self,
        of_source: &RateLimit,
        mut response: Response,
        max_bytes: usize,
    ) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let mut pace = Pace::new(self.timing, None);
        while let Some(chunk) = self.chunk(of_source, &mut response, &mut pace).await? {
            if bytes.len() + chunk.len() > max_bytes {
                return Err(Fault::Lied("sent more than was asked for".to_owned()));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// The next bytes, in time, within the limits.
    async fn chunk(
        &self,
        of_source: &RateLimit,
        response: &mut Response,
        pace: &mut Pace,
    ) -> Result<Option<Bytes>, Fault> {
        let chunk = match pace.wait(response.chunk()).await? {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(None),
            Err(error) => return Err(Fault::Broken(innermost(&error))),
        };
        self.count(of_source, chunk.len() as u64, pace).await?;
        Ok(Some(chunk))
    }

    /// Bytes came: waits as long as the limits want.
    async fn count(&self, of_source: &RateLimit, bytes: u64, pace: &mut Pace) -> Result<(), Fault> {
        let limits = [&self.limit, &self.own_limit, of_source];
        let wait = limits.map(|limit| limit.take(bytes));
        let wait = wait.into_iter().max().unwrap_or_default();
        pace.count(bytes, Instant::now(), !wait.is_zero())?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Whether bytes come by a limit of ours.
    fn is_limited(&self, of_source: &RateLimit) -> bool {
        let limits = [&self.limit, &self.own_limit, of_source];
        limits.iter().any(|limit| limit.bytes_per_sec().is_some())
    }

    /// The bytes of the piece list (not checked yet).
    ///
    /// # Errors
    /// The [`Fault`]; [`Fault::Gone`] also from a peer that knows no pieces.
    pub async fn pieces(&self, place: &Place, layout: PieceLayout) -> Result<Vec<u8>, Fault> {
        let response = self
            .get(place, &routes::content_pieces(&place.hash), Vec::new())
            .await?;
        check_whole(&response, None, None)?;
        self.small(&place.limit, response, layout.count() as usize * 32)
            .await
    }

    /// Which pieces a source of an unfinished download holds, once there are more than `since`, or
    /// after a while.
    ///
    /// # Errors
    /// The [`Fault`].
    pub async fn have(
        &self,
        place: &Place,
        layout: PieceLayout,
        since: u32,
    ) -> Result<PieceSet, Fault> {
        let path = routes::content_have(&place.hash);
        let wait_secs = self.timing.first_byte.as_secs() / 2;
        let path = format!("{path}?since={since}&wait={wait_secs}");
        let response = self.get(place, &path, Vec::new()).await?;
        check_whole(&response, None, None)?;
        let bytes = self
            .small(
                &place.limit,
                response,
                (layout.count() as usize).div_ceil(8),
            )
            .await?;
        PieceSet::from_bytes(layout.count(), &bytes)
            .ok_or_else(|| Fault::Lied("said that it holds pieces that are none".to_owned()))
    }
}

/// The header that asks for a range.
fn range_of(range: ByteRange) -> Vec<(&'static str, String)> {
    vec![("range", range.to_range_header())]
}

/// Runs disk work on a blocking thread.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down: nothing awaits this any more.
            Err(_) => std::future::pending().await,
        },
    }
}

/// What a person should read of a failed request.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    broke_off(&cause.to_string())
}

/// How a connection ended, without the number that the system has for it: people read this.
fn broke_off(cause: &str) -> String {
    let words = cause.split(" (os error ").next().unwrap_or(cause);
    format!("broke off ({words})")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_end_of_a_connection_is_said_in_words() {
        let error = std::io::Error::from_raw_os_error(104).to_string();
        let said = super::broke_off(&error);
        assert!(
            said.starts_with("broke off (") && !said.contains("104"),
            "{said}"
        );
        assert_eq!(
            super::broke_off("unexpected end"),
            "broke off (unexpected end)"
        );
    }
}
