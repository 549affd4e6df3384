//! One connection to a holder, asked for one small file after the other.
//!
//! As strict as any request to a source: the answer's head is checked, never more is read than was
//! asked for, and everything has its time.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, HOST, USER_AGENT};
use http::response::Parts;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use protocol::contents;
use protocol::hash::ContentHash;
use protocol::routes::{self, PEER_ID_HEADER};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::super::run::Shared;
use super::super::source::Fault;
use super::super::source::answer::check_whole_head;
use super::contents::Contents;
use crate::rate::RateLimit;

/// Most that hyper buffers of one connection.
const BUFFER_MAX_BYTES: usize = 64 * 1024;

pub(super) struct Line {
    requests: SendRequest<Empty<Bytes>>,
    host: String,
    _driver: AbortOnDropHandle<()>,
}

impl Line {
    /// Connects.
    pub(super) async fn open(address: SocketAddr, shared: &Shared) -> Result<Self, Fault> {
        let unreachable = || Fault::Unreachable("does not take connections".to_owned());
        let connecting = timeout(shared.timing.connect, TcpStream::connect(address));
        let stream = connecting
            .await
            .map_err(|_| unreachable())?
            .map_err(|_| unreachable())?;
        stream.set_nodelay(true).map_err(|_| unreachable())?;
        let (requests, connection) = Builder::new()
            .max_buf_size(BUFFER_MAX_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| unreachable())?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer hears of its end.
            let _ = connection.await;
        });
        Ok(Self {
            requests,
            host: address.to_string(),
            _driver: AbortOnDropHandle::new(driver),
        })
    }

    /// A whole content, within the limit of all downloads and that of the holder.
    pub(super) async fn whole(
        &mut self,
        hash: &ContentHash,
        size_bytes: u64,
        limit: &RateLimit,
        shared: &Shared,
    ) -> Result<Vec<u8>, Fault> {
        let (head, body) = self.get(&routes::content(hash), shared).await?;
        let told = check_whole_head(head.status, &head.headers, Some(hash), Some(size_bytes));
        let body = good_body(told, body, shared).await?;
        let wait = shared.http.limit().take(size_bytes);
        let wait = wait.max(limit.take(size_bytes));
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let bytes = read(body, size_bytes, shared).await?;
        if bytes.len() as u64 != size_bytes {
            return Err(Fault::Broken("broke off".to_owned()));
        }
        Ok(bytes)
    }

    /// Many contents, with their sizes, in one answer; [`Fault::Gone`] from a holder that does not
    /// know how.
    pub(super) async fn many(
        &mut self,
        wanted: &[(ContentHash, u64)],
        shared: &Shared,
    ) -> Result<Contents, Fault> {
        let path = contents::path(wanted.iter().map(|(hash, _)| hash));
        let (head, body) = self.get(&path, shared).await?;
        let told = check_whole_head(head.status, &head.headers, None, None);
        let body = good_body(told, body, shared).await?;
        let sizes = wanted
            .iter()
            .map(|(_, size)| usize::try_from(*size).unwrap_or(0));
        Ok(Contents::new(body, sizes))
    }

    async fn get(&mut self, path: &str, shared: &Shared) -> Result<(Parts, Incoming), Fault> {
        let request = http::Request::get(path)
            .header(HOST, &self.host)
            .header(USER_AGENT, concat!("peer-tui/", env!("CARGO_PKG_VERSION")))
            .header(PEER_ID_HEADER, shared.holders.own_id().to_string())
            .header(ACCEPT_ENCODING, "identity")
            .body(Empty::new())
            .map_err(|error| broken(&error))?;
        let asking = async {
            self.requests.ready().await?;
            self.requests.send_request(request).await
        };
        match timeout(shared.timing.first_byte, asking).await {
            Ok(Ok(answer)) => Ok(answer.into_parts()),
            Ok(Err(error)) => Err(broken(&error)),
            Err(_) => Err(Fault::Broken("did not answer in time".to_owned())),
        }
    }
}

/// The body of an answer whose head is what it should be. The short one of a busy holder is read, so
/// that the connection can go on.
async fn good_body(
    told: Result<(), Fault>,
    body: Incoming,
    shared: &Shared,
) -> Result<Incoming, Fault> {
    match told {
        Ok(()) => Ok(body),
        Err(fault @ Fault::Busy(_)) => {
            read(body, 4096, shared).await?;
            Err(fault)
        }
        Err(fault) => Err(fault),
    }
}

async fn read(mut body: Incoming, max_bytes: u64, shared: &Shared) -> Result<Vec<u8>, Fault> {
    let room = usize::try_from(max_bytes).unwrap_or(0);
    let reading = async {
        let mut bytes = Vec::with_capacity(room);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            if let Some(chunk) = frame.data_ref() {
                if bytes.len() + chunk.len() > room {
                    return Err(Fault::Lied("sent more than was asked for".to_owned()));
                }
                bytes.extend_from_slice(chunk);
            }
        }
        Ok(bytes)
    };
    match timeout(shared.timing.slow_window, reading).await {
        Ok(read) => read,
        Err(_) => Err(Fault::Broken("is too slow".to_owned())),
    }
}

pub(super) fn broken(error: &dyn std::error::Error) -> Fault {
    Fault::Broken(format!("broke off ({error})"))
}
