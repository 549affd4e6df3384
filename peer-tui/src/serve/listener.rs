//! Takes connections and drives them through hyper into the routes: caps, timers, a way out of a
//! shortage of descriptors, and a drain at the end.
//!
//! Must not know any route.

pub mod connection;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use self::connection::Service;
use self::connection::outflow::Outflow;

/// Connections at once: slots are few, but many may ask and be told to wait.
const CONNECTIONS_MAX_COUNT: usize = 1_024;
/// Connections that the kernel keeps until they are taken.
const BACKLOG: i32 = 1024;
/// Out of descriptors: connections end all the time, so look again soon.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long running answers may go on once serving stops.
const DRAIN: Duration = Duration::from_secs(3);
/// Ports that are tried behind a taken one that nobody chose.
const NEXT_PORTS: u16 = 100;

/// The accept loop and all that it started.
#[derive(Debug, Clone)]
pub struct Listener {
    local_addr: SocketAddr,
    connections: TaskTracker,
    stopping: CancellationToken,
    cut: CancellationToken,
}

/// Binds `address`, or, where nobody chose it and it is taken, one of the next ports, or any.
///
/// # Errors
/// What the system says of the address that was asked for.
pub fn bind(address: SocketAddr, is_fixed: bool) -> io::Result<TcpListener> {
    let first = match bind_dual(address) {
        Err(error) if !is_fixed && error.kind() == io::ErrorKind::AddrInUse => error,
        done => return done,
    };
    let next = (1..=NEXT_PORTS).filter_map(|step| address.port().checked_add(step));
    next.chain([0])
        .find_map(|port| bind_dual(SocketAddr::new(address.ip(), port)).ok())
        .ok_or(first)
}

/// `[::]` takes IPv4 too, and falls back to `0.0.0.0` where IPv6 is switched off.
fn bind_dual(address: SocketAddr) -> io::Result<TcpListener> {
    match bind_one(address) {
        Err(error)
            if address.ip().is_unspecified()
                && address.is_ipv6()
                && error.kind() != io::ErrorKind::AddrInUse =>
        {
            bind_one(SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())))
        }
        done => done,
    }
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // Only so that a restart need not wait for old connections; a second listener still fails.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

impl Listener {
    /// Starts to take connections.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn start(
        socket: TcpListener,
        service: Service,
        stopping: CancellationToken,
    ) -> io::Result<Self> {
        let listener = Self {
            local_addr: socket.local_addr()?,
            connections: TaskTracker::new(),
            stopping,
            cut: CancellationToken::new(),
        };
        tokio::spawn(listener.clone().run(socket, service));
        Ok(listener)
    }

    /// Where it listens, with the real port.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Takes no more connections, lets answers go on for a little, cuts the rest.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.connections.close();
        if timeout(DRAIN, self.connections.wait()).await.is_err() {
            debug!(count = self.connections.len(), "cut running answers");
        }
        self.cut.cancel();
    }

    async fn run(self, socket: TcpListener, service: Service) {
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX_COUNT));
        loop {
            let turn = async {
                let permit = Arc::clone(&room).acquire_owned().await.ok()?;
                Some((socket.accept().await, permit))
            };
            let (accepted, permit) = tokio::select! {
                Some(turn) = turn => turn,
                () = self.stopping.cancelled() => return,
            };
            let (stream, remote) = match accepted {
                Ok(pair) => pair,
                Err(error) if is_about_one_connection(&error) => continue,
                Err(error) => {
                    warn!(%error, "take a connection: trying again (are there enough descriptors?)");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let _ = stream.set_nodelay(true);
            let Ok(local) = stream.local_addr() else {
                continue;
            };
            let cut = self.cut.child_token();
            let stream = Outflow::new(stream);
            let serving =
                service
                    .clone()
                    .serve(stream, remote, local, self.stopping.clone(), cut.clone());
            self.connections.spawn(async move {
                tokio::select! {
                    () = serving => {}
                    () = cut.cancelled() => {}
                }
                drop(permit);
            });
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
