//! Takes connections and drives them through hyper into the routes: caps, timers, a way out of a
//! shortage of descriptors, and a drain at the end.
//!
//! Must not know any route.

pub mod connection;
pub mod permits;
pub mod socket;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use protocol::problem::Slug;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

pub use self::connection::Connection;
use self::connection::Service;
use self::permits::Permits;
use crate::http::App;
use crate::http::head_guard::{HEAD_READ, HEAD_READ_HURRIED};
use crate::http::routes::routes;

/// How long running answers may take once the index stops.
pub const DRAIN: Duration = Duration::from_secs(10);
/// Out of descriptors: connections end all the time, so look again soon.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long after a shortage of descriptors it still counts as one.
const SHORTAGE: Duration = Duration::from_secs(10);
/// The same trouble is told at most so often.
const ACCEPT_WARNING_EVERY: Duration = Duration::from_secs(10);

/// The accept loop and all that it started.
#[derive(Debug)]
pub struct Listener {
    local_addr: SocketAddr,
    connections: TaskTracker,
    /// Ends connections that did not end by themselves.
    cut: CancellationToken,
}

impl Listener {
    /// Starts to take connections.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn start(socket: TcpListener, app: &Arc<App>, permits: Permits) -> io::Result<Self> {
        let local_addr = socket.local_addr()?;
        let listener = Self {
            local_addr,
            connections: TaskTracker::new(),
            cut: CancellationToken::new(),
        };
        let acceptor = Acceptor {
            app: Arc::clone(app),
            service: Service::new(Arc::clone(app), routes(app), permits.clone()),
            permits,
            connections: listener.connections.clone(),
            cut: listener.cut.clone(),
            warned_at: None,
            short_at: None,
        };
        listener.connections.spawn(acceptor.run(socket));
        Ok(listener)
    }

    /// Where it listens, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Waits for running answers and sockets of the feed, then cuts the rest; `App::stopping` was
    /// cancelled before.
    pub async fn drain(&self, app: &App) {
        self.connections.close();
        app.sockets.close();
        let all = async {
            self.connections.wait().await;
            app.sockets.wait().await;
        };
        if timeout(DRAIN, all).await.is_err() {
            warn!(
                connections = self.connections.len(),
                sockets = app.sockets.len(),
                "cut what was not finished in time"
            );
        }
        self.cut.cancel();
    }
}

struct Acceptor {
    app: Arc<App>,
    service: Service,
    permits: Permits,
    connections: TaskTracker,
    cut: CancellationToken,
    warned_at: Option<Instant>,
    /// When descriptors were short last.
    short_at: Option<Instant>,
}

impl Acceptor {
    async fn run(mut self, socket: TcpListener) {
        let stopping = self.app.stopping().clone();
        loop {
            // With all permits out, newcomers wait in the kernel's queue for their turn.
            let turn = async {
                self.permits.wait_for_room().await;
                socket.accept().await
            };
            let accepted = tokio::select! {
                accepted = turn => accepted,
                () = stopping.cancelled() => return,
            };
            match accepted {
                Ok((stream, remote)) => self.take(stream, remote),
                Err(error) if is_about_one_connection(&error) => {
                    debug!(%error, "a connection went before it was taken");
                }
                Err(error) => {
                    self.warn(&error);
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream, remote: SocketAddr) {
        let Ok(local) = stream.local_addr() else {
            return;
        };
        let Some(permit) = self.permits.take(remote.ip(), &self.app.metrics) else {
            self.app.metrics.count_rejected("too-many-from-address");
            turn_away(stream);
            return;
        };
        let _ = stream.set_nodelay(true);
        let connection = self
            .service
            .connection(stream, remote, local, permit, self.head_wait());
        let (stopping, cut) = (self.app.stopping().clone(), self.cut.clone());
        self.connections.spawn(async move {
            tokio::select! {
                () = connection.serve(stopping) => {}
                () = cut.cancelled() => {}
            }
        });
    }

    /// Who holds descriptors without asking for anything must not keep others out for long.
    fn head_wait(&self) -> Duration {
        let now = self.app.clock.instant();
        match self.short_at {
            Some(at) if now - at < SHORTAGE => HEAD_READ_HURRIED,
            _ => HEAD_READ,
        }
    }

    fn warn(&mut self, error: &io::Error) {
        self.app.metrics.count_rejected("accept-failed");
        let now = self.app.clock.instant();
        self.short_at = Some(now);
        if self
            .warned_at
            .is_none_or(|at| now - at >= ACCEPT_WARNING_EVERY)
        {
            self.warned_at = Some(now);
            warn!(%error, "take a connection: trying again (are there enough descriptors?)");
        }
    }
}

/// Errors of the connection that was about to be taken, not of the listening socket.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Tells a client in one write, without waiting for it, that it has too many connections.
fn turn_away(stream: TcpStream) {
    let slug = Slug::RateLimited;
    let body = format!(
        "{{\"type\":\"{slug}\",\"title\":\"{}\",\"status\":{},\"detail\":\"this address has as \
         many connections as it may have; close some\"}}",
        slug.title(),
        slug.status()
    );
    let answer = format!(
        "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/problem+json\r\n\
         Content-Length: {}\r\nRetry-After: 5\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write(answer.as_bytes());
    }
}
