//! One connection: hyper on top of the watched stream, the gate before the routes, and an answer
//! whatever happens in a handler.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response as HttpResponse, StatusCode};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::problem::Slug;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;
use tracing::{debug, error};
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::command::Refusal;
use crate::http::App;
use crate::http::head_guard::{HeadGuard, KEEP_ALIVE_IDLE, Verdict};
use crate::http::listener::permits::{Permit, Permits, Share};
use crate::http::listener::socket::own_address_towards;
use crate::http::problem;
use crate::http::routes::RoutePattern;
use crate::view::Vantage;

/// Request heads, 16 KiB as elsewhere; also the most that hyper buffers of a connection.
const HEAD_MAX_BYTES: usize = 16 * 1024;
const HEADERS_MAX_COUNT: usize = 64;

/// Both ends of a connection and the right to hold it, as handlers see them.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Both ends; IPv4-mapped addresses already as IPv4.
    pub vantage: Vantage,
    /// Kept by whoever goes on with the connection after an upgrade.
    pub permit: Arc<Permit>,
    /// Counted for the client of a proxy; kept likewise.
    pub share: Option<Arc<Share>>,
}

/// What answers requests; cheap to clone.
#[derive(Clone)]
pub struct Service {
    app: Arc<App>,
    routes: BoxedFilter<(Response,)>,
    permits: Permits,
}

/// A connection about to be served.
pub struct Pending {
    service: Service,
    stream: HeadGuard,
    connection: Connection,
}

impl Service {
    /// The gate of `app` before `routes`; `permits` count the clients of proxies.
    pub fn new(app: Arc<App>, routes: BoxedFilter<(Response,)>, permits: Permits) -> Self {
        Self {
            app,
            routes,
            permits,
        }
    }

    /// Makes a connection ready to be served; its first head must come within `head_wait`.
    pub fn connection(
        &self,
        stream: TcpStream,
        remote: SocketAddr,
        local: SocketAddr,
        permit: Permit,
        head_wait: Duration,
    ) -> Pending {
        let vantage = Vantage {
            remote: remote.ip().to_canonical(),
            local: local.ip().to_canonical(),
        };
        Pending {
            service: self.clone(),
            stream: HeadGuard::new(stream, head_wait),
            connection: Connection {
                vantage,
                permit: Arc::new(permit),
                share: None,
            },
        }
    }

    async fn answer(
        self,
        request: Request<Incoming>,
        connection: Connection,
        verdict: Verdict,
    ) -> Response {
        let started = self.app.clock.instant();
        let method = request.method().clone();
        let closes = request.headers().contains_key(TRANSFER_ENCODING) || verdict.is_ambiguous();
        let remote = connection.vantage.remote;
        let handling = AssertUnwindSafe(self.admit_and_route(request, connection, &verdict));
        let mut response = handling.catch_unwind().await.unwrap_or_else(|_| {
            error!(%method, "a handler panicked; the request was answered with 500");
            problem::internal()
        });
        if closes || response.status() == StatusCode::PAYLOAD_TOO_LARGE {
            // Behind a chunked body the stream is no longer watched for smuggled heads, and one
            // that is too large is not read.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        let pattern = response.extensions().get::<RoutePattern>();
        let route = pattern.map_or("none", |pattern| pattern.0);
        let took = self.app.clock.instant() - started;
        let status = response.status().as_u16();
        let size = response.body().size_hint().exact().unwrap_or(0);
        self.app.metrics.response_bytes.inc_by(size);
        self.app.metrics.count_request(route, status);
        self.app.metrics.request_seconds.observe(took.as_secs_f64());
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        debug!(%method, route, status, %remote, took_us, "answered");
        response
    }

    async fn admit_and_route(
        &self,
        request: Request<Incoming>,
        connection: Connection,
        verdict: &Verdict,
    ) -> Response {
        if verdict.is_ambiguous() {
            return problem::respond(&Refusal::new(
                Slug::InvalidRequest,
                "the request can be read in two ways: Content-Length stands beside \
                 Transfer-Encoding, or a header line is folded or badly ended",
            ));
        }
        let (mut head, body) = request.into_parts();
        let admitted = self.app.gate.check(&head, &connection.vantage);
        match admitted.and_then(|client| self.seen_from(client, connection)) {
            Ok(connection) => head.extensions.insert(connection),
            Err(refusal) => return problem::respond(&refusal),
        };
        if head.uri.authority().is_some() {
            // The absolute form of a request line means the same as its path.
            let path = head.uri.path_and_query().cloned();
            head.uri = path.map_or_else(http::Uri::default, http::Uri::from);
            debug_assert!(head.headers.contains_key(HOST));
        }
        let mut routes = warp::service(self.routes.clone());
        match routes.call(Request::from_parts(head, body)).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

impl Service {
    /// The connection as handlers are to see it: with the client of a proxy at its other end, and
    /// at ours the address that this machine has towards it.
    fn seen_from(&self, client: IpAddr, connection: Connection) -> Result<Connection, Refusal> {
        let Vantage { remote, local } = connection.vantage;
        if client == remote {
            return Ok(connection);
        }
        let share = self.permits.share(client).ok_or_else(|| {
            Refusal::new(
                Slug::RateLimited,
                "this address has as many requests under way as it may have",
            )
        })?;
        let is_known_here = !local.is_loopback() || client.is_loopback();
        let towards = (!is_known_here).then(|| own_address_towards(client));
        Ok(Connection {
            vantage: Vantage {
                remote: client,
                local: towards.flatten().unwrap_or(local),
            },
            permit: connection.permit,
            share: share.map(Arc::new),
        })
    }
}

impl Pending {
    /// Serves the connection to its end, or until `stopping` and the answer at hand.
    pub async fn serve(self, stopping: CancellationToken) {
        let Self {
            service,
            stream,
            connection,
        } = self;
        let verdict = stream.verdict();
        let remote = connection.vantage.remote;
        let handler = service_fn(move |request: Request<Incoming>| {
            let answer = service
                .clone()
                .answer(request, connection.clone(), verdict.clone());
            async move { Ok::<HttpResponse<_>, Infallible>(answer.await) }
        });
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(KEEP_ALIVE_IDLE)
            .max_buf_size(HEAD_MAX_BYTES)
            .max_headers(HEADERS_MAX_COUNT)
            .serve_connection(TokioIo::new(stream), handler)
            .with_upgrades();
        tokio::pin!(serving);
        let ended = tokio::select! {
            ended = &mut serving => ended,
            () = stopping.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = ended {
            debug!(%remote, %error, "a connection ended badly");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, JournalChoice};
    use crate::feed::Feed;
    use crate::metrics::Metrics;
    use protocol::ids::PeerId;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use warp::Filter;

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_with_500_and_the_next_request_is_served() {
        let mut config = Config::in_folder("/nowhere".into());
        config.journal = JournalChoice::Memory;
        let metrics = Metrics::new();
        let id = PeerId::from_bytes([1; 32]);
        let app = App::new(&config, id, Feed::new(1), Arc::clone(&metrics));
        let panics = warp::path("panic").map(|| -> Response { panic!("as a test wants it") });
        let routes = panics
            .or(warp::any().map(Response::default))
            .unify()
            .boxed();
        let permits = Permits::sparing_loopback();
        let service = Service::new(Arc::new(app), routes, permits.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let local = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(local).await.unwrap();
        let (stream, remote) = listener.accept().await.unwrap();
        let permit = permits.take(remote.ip(), &metrics).unwrap();
        let pending = service.connection(stream, remote, local, permit, Duration::from_secs(10));
        tokio::spawn(pending.serve(CancellationToken::new()));
        let requests = "GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n\
                        GET /calm HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        client.write_all(requests.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        let statuses: Vec<_> = answer
            .split("HTTP/1.1 ")
            .skip(1)
            .map(|head| &head[..3])
            .collect();
        assert_eq!(statuses, ["500", "200"], "{answer}");
        assert!(!answer.contains("as a test wants it"), "{answer}");
    }
}
