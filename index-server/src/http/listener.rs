//! Takes connections and drives them through hyper into the routes: caps, timers, a way out of a
//! shortage of descriptors, and a drain at the end.
//!
//! Must not know any route.

pub mod connection;
pub mod permits;
pub mod socket;
mod turned_away;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

pub use self::connection::Connection;
use self::connection::Service;
use self::permits::{ALL_MAX_COUNT, Crowd, Permits};
use self::turned_away::Porch;
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

/// A full house is told at most so often.
const FULL_WARNING_EVERY: Duration = Duration::from_mins(1);

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
            porch: Porch::default(),
            warned_at: None,
            full_at: None,
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
    porch: Porch,
    warned_at: Option<Instant>,
    /// When it was told last that all connections are taken.
    full_at: Option<Instant>,
    /// When descriptors were short last.
    short_at: Option<Instant>,
}

impl Acceptor {
    async fn run(mut self, socket: TcpListener) {
        let stopping = self.app.stopping().clone();
        loop {
            // With all permits out, newcomers are told so; where that are too many at once, they
            // wait in the kernel's queue for their turn.
            let turn = async {
                tokio::select! {
                    () = self.permits.wait_for_room() => {}
                    () = self.porch.wait_for_room() => {}
                }
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

    fn take(&mut self, stream: TcpStream, remote: SocketAddr) {
        let Ok(local) = stream.local_addr() else {
            return;
        };
        let permit = match self.permits.take(remote.ip(), &self.app.metrics) {
            Ok(permit) => permit,
            Err(crowd) => return self.turn_away(stream, crowd),
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

    fn turn_away(&mut self, stream: TcpStream, crowd: Crowd) {
        let reason = match crowd {
            Crowd::All => "too-many",
            Crowd::OfAddress => "too-many-from-address",
        };
        self.app.metrics.count_rejected(reason);
        let now = self.app.clock.instant();
        let is_news = self.full_at.is_none_or(|at| now - at >= FULL_WARNING_EVERY);
        if crowd == Crowd::All && is_news {
            self.full_at = Some(now);
            warn!(
                max = ALL_MAX_COUNT,
                "all connections are taken: newcomers are answered with 503"
            );
        }
        if let Some(telling) = self.porch.turn_away(stream, crowd) {
            self.connections.spawn(telling);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, JournalChoice};
    use crate::feed::Feed;
    use crate::metrics::Metrics;
    use protocol::ids::PeerId;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// The first line of what is answered, and all of it.
    async fn ask(address: SocketAddr) -> (String, String) {
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let _ = client.write_all(request).await;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        (answer.lines().next().unwrap_or_default().to_owned(), answer)
    }

    #[tokio::test]
    async fn a_connection_too_many_is_told_so_at_once_and_served_when_there_is_room() {
        let mut config = Config::in_folder("/nowhere".into());
        config.journal = JournalChoice::Memory;
        let metrics = Metrics::new();
        let id = PeerId::from_bytes([1; 32]);
        let app = App::new(&config, id, Feed::new(1), Arc::clone(&metrics));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let permits = Permits::sparing_loopback().of_all(1);
        let listener = Listener::start(socket, &Arc::new(app), permits).unwrap();
        let held = TcpStream::connect(listener.local_addr()).await.unwrap();
        for _ in 0..3 {
            let asking = ask(listener.local_addr());
            let (status, answer) = timeout(DRAIN, asking).await.expect("no silence");
            assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
            assert!(answer.contains("\r\nRetry-After: "), "{answer}");
        }
        let page = metrics.encode();
        let counted = "connections_rejected_total{reason=\"too-many\"} 3";
        assert!(page.contains(counted), "{page}");
        drop(held);
        let served = async { while ask(listener.local_addr()).await.0 != "HTTP/1.1 200 OK" {} };
        timeout(DRAIN, served).await.expect("room again");
    }
}
