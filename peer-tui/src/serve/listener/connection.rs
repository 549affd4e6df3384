//! One connection: hyper on top of a stream that counts what leaves, the gate before the routes, an
//! answer whatever happens in a handler, and an end for clients that take nothing.

pub mod answers;
pub mod heads;
pub mod outflow;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use http::{Request, Response as HttpResponse};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::problem::{Problem, Slug};
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;
use tracing::{debug, error};
use warp::filters::BoxedFilter;
use warp::reply::Response;

use self::outflow::Outflow;
use crate::serve::gate::Gate;
use crate::serve::outlet::Outlet;
use crate::serve::reply;

/// A kept connection may be silent for so long between two requests; a head that has begun must come
/// sooner (see [`heads`]).
const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(30);
/// Request heads, 16 KiB; also the most that hyper buffers of a connection.
const HEAD_MAX_BYTES: usize = 16 * 1024;
const HEADERS_MAX_COUNT: usize = 64;

/// Both ends of a connection, as handlers see them.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The client's end; IPv4-mapped addresses already as IPv4.
    pub remote: SocketAddr,
    /// This end, likewise.
    pub local: SocketAddr,
    /// Where bytes leave.
    pub outlet: Outlet,
}

impl Connection {
    /// Whether the client runs on this machine.
    pub fn is_same_machine(&self) -> bool {
        self.remote.ip().is_loopback() || self.remote.ip() == self.local.ip()
    }
}

/// What answers requests; cheap to clone.
#[derive(Clone)]
pub struct Service {
    gate: Arc<Gate>,
    routes: BoxedFilter<(Response,)>,
}

impl Service {
    /// `gate` before `routes`.
    pub fn new(gate: Gate, routes: BoxedFilter<(Response,)>) -> Self {
        Self {
            gate: Arc::new(gate),
            routes,
        }
    }

    /// Serves a connection to its end, or until `stopping` and the answer at hand. `cut` ends it at
    /// once.
    pub async fn serve(
        self,
        stream: Outflow,
        remote: SocketAddr,
        local: SocketAddr,
        stopping: CancellationToken,
        cut: CancellationToken,
    ) {
        let outlet = Outlet {
            written: stream.written(),
            stand_ins: stream.stand_ins(),
            turn: Arc::default(),
            cut,
        };
        let connection = Connection {
            remote: canonical(remote),
            local: canonical(local),
            outlet: outlet.clone(),
        };
        let handler = service_fn(move |request: Request<Incoming>| {
            let answer = self.clone().answer(request, connection.clone());
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
            () = outlet.taken_too_slowly() => {
                debug!(%remote, "a client that takes next to nothing was let go");
                return;
            }
            () = stopping.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = ended {
            debug!(%remote, %error, "a connection ended badly");
        }
    }

    async fn answer(self, request: Request<Incoming>, connection: Connection) -> Response {
        let (head, body) = request.into_parts();
        if let Err(problem) = self.gate.check(&head, connection.remote.ip()) {
            return reply::problem(&problem);
        }
        let mut request = Request::from_parts(head, body);
        request.extensions_mut().insert(connection);
        let mut routes = warp::service(self.routes);
        let handling = AssertUnwindSafe(routes.call(request)).catch_unwind().await;
        match handling {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => {
                error!("a handler panicked; the request was answered with 500");
                let detail = "the peer failed to answer this; its log says more";
                reply::problem(&Problem::new(Slug::Internal, detail))
            }
        }
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = address.ip().to_canonical();
    SocketAddr::new(ip, address.port())
}
