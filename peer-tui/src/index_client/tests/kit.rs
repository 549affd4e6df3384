//! An index that keeps what it is sent, and a share that is a list.

mod listing;
mod share;
mod socket;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use protocol::event::{Envelope, Event};
use protocol::file::{BatchLine, BatchResponse, CatalogDigest, FileRegistration};
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::peer::{
    CatalogState, HeartbeatResponse, NonceResponse, Peer, PeerPage, RegisterRequest,
    RegisterResponse,
};
use protocol::problem::{Problem, Slug};
use protocol::stats::NetworkStats;
use tokio::sync::{broadcast, watch};
use warp::reply::Response;
use warp::{Filter as _, Reply as _};

use super::super::*;
use crate::identity::Identity;
use listing::page;
pub(super) use share::FakeShare;
use socket::{collect, feed};

type Key = (String, ContentHash);

/// What the index holds of the one peer of a test.
#[derive(Debug, Default, Clone)]
pub(super) struct Held {
    is_known: bool,
    files: BTreeMap<Key, FileRegistration>,
    line_count: usize,
    pub(super) has_left: bool,
    pub(super) register_count: usize,
    pub(super) beat_count: usize,
    /// Heartbeats still to be refused as too much.
    pub(super) busy_count: usize,
}

impl Held {
    fn names(&self, is_partial: bool) -> Vec<String> {
        let all = self
            .files
            .iter()
            .filter(|(_, file)| file.partial == is_partial);
        all.map(|((path, _), _)| path.clone()).collect()
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.names(false)
    }

    pub(super) fn partials(&self) -> Vec<String> {
        self.names(true)
    }

    fn digest(&self) -> CatalogDigest {
        let mut digest = CatalogDigest::default();
        let whole = self.files.iter().filter(|(_, file)| !file.partial);
        whole.for_each(|((path, hash), _)| digest.toggle(path, hash));
        digest
    }

    fn take(&mut self, line: BatchLine) {
        self.line_count += 1;
        match line {
            BatchLine::Add(file) => {
                let path = file.path.clone().unwrap_or_else(|| file.filename.clone());
                self.files.insert((path, file.hash), file);
            }
            BatchLine::Remove { id, path } => self.files.retain(|(name, hash), _| {
                FileId::of(&identity().id(), hash) != id
                    || path.as_ref().is_some_and(|path| path != name)
            }),
        }
    }
}

struct State {
    held: watch::Sender<Held>,
    events: broadcast::Sender<Arc<Envelope>>,
    seq: Mutex<u64>,
}

pub(super) struct FakeIndex {
    state: Arc<State>,
    address: SocketAddr,
    server: tokio::task::JoinHandle<()>,
    stop: watch::Sender<bool>,
}

pub(super) fn identity() -> Identity {
    Identity::from_secret(&[9; 32])
}

pub(super) fn peer(number: u8, is_online: bool) -> Peer {
    Peer {
        id: PeerId::from_bytes([number; 32]),
        name: format!("peer {number}"),
        address: "192.168.1.9".to_owned(),
        port: 7071,
        region: String::new(),
        is_online,
        is_verified: true,
        last_seen: Timestamp::UNIX_EPOCH,
        reputation: 50,
        shared_files: 0,
        shared_bytes: 0,
        version: String::new(),
    }
}

fn stats() -> NetworkStats {
    NetworkStats {
        total_peers: 1,
        online_peers: 1,
        total_files: 0,
        total_bytes: 0,
        total_downloads: 0,
        network_health: 100,
        last_updated: Timestamp::UNIX_EPOCH,
    }
}

impl FakeIndex {
    pub(super) async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub(super) async fn start_at(address: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            held: watch::channel(Held::default()).0,
            events: broadcast::channel(64).0,
            seq: Mutex::new(0),
        });
        let (stop, is_stopped) = watch::channel(false);
        let server = tokio::spawn(serve(listener, state.clone(), is_stopped));
        Self {
            state,
            address,
            server,
            stop,
        }
    }

    /// Ends it with all connections; yields where it was.
    pub(super) async fn stop(self) -> SocketAddr {
        self.stop.send_replace(true);
        self.server.await.unwrap();
        self.address
    }

    pub(super) fn client(&self, share: &FakeShare) -> IndexClient {
        IndexClient::start(IndexClientConfig {
            url: self.address.to_string().parse().unwrap(),
            identity: identity(),
            name: "tester".to_owned(),
            region: None,
            listen_port: 7071,
            advertise: None,
            heartbeat_interval: Some(Duration::from_millis(200)),
            version: "1".to_owned(),
            share: Arc::new(share.clone()),
        })
        .unwrap()
    }

    pub(super) async fn until(&self, is_so: impl Fn(&Held) -> bool) {
        let mut held = self.state.held.subscribe();
        let waited =
            tokio::time::timeout(Duration::from_secs(20), held.wait_for(|held| is_so(held))).await;
        assert!(waited.is_ok(), "in time: {:?}", self.state.held.borrow());
    }

    pub(super) async fn until_subscribed(&self) {
        while self.state.events.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
    }

    pub(super) fn push(&self, event: Event) {
        let mut seq = self.state.seq.lock().unwrap();
        *seq += 1;
        let envelope = Envelope {
            seq: *seq,
            event,
            at: Timestamp::UNIX_EPOCH,
        };
        self.state.events.send(Arc::new(envelope)).unwrap();
    }

    /// As after a loss of all it knew.
    pub(super) fn forget_all(&self) {
        self.state.held.send_modify(|held| {
            held.is_known = false;
            held.files.clear();
        });
    }

    /// Refuses so many heartbeats, with `Retry-After: 0`.
    pub(super) fn be_busy(&self, count: usize) {
        self.state.held.send_modify(|held| held.busy_count = count);
    }

    /// A copy of what it holds now.
    pub(super) fn held(&self) -> Held {
        self.state.held.borrow().clone()
    }

    pub(super) fn line_count(&self) -> usize {
        self.state.held.borrow().line_count
    }

    pub(super) fn content_of(&self, path: &str) -> Option<ContentHash> {
        let held = self.state.held.borrow();
        held.files
            .keys()
            .find(|(name, _)| name == path)
            .map(|(_, hash)| *hash)
    }
}

async fn serve(
    listener: tokio::net::TcpListener,
    state: Arc<State>,
    mut is_stopped: watch::Receiver<bool>,
) {
    let feed = {
        let state = state.clone();
        warp::path("ws")
            .and(warp::ws())
            .map(move |socket: warp::ws::Ws| {
                let state = state.clone();
                socket
                    .on_upgrade(move |socket| feed(socket, state))
                    .into_response()
            })
    };
    let calls = warp::method()
        .and(warp::path::full())
        .and(warp::header::optional::<String>("authorization"))
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::body::stream())
        .then(
            move |method,
                  path: warp::path::FullPath,
                  token: Option<String>,
                  query: String,
                  body| {
                let state = state.clone();
                async move {
                    let (path, token) = (path.as_str(), token.as_deref());
                    let body = collect(body).await;
                    answer(&state, &method, path, token, &query, &body)
                }
            },
        );
    let service = hyper_util::service::TowerToHyperService::new(warp::service(feed.or(calls)));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            _ = is_stopped.wait_for(|is_stopped| *is_stopped) => return,
            Ok((socket, _)) = listener.accept() => {
                let service = service.clone();
                connections.spawn(async move {
                    let io = hyper_util::rt::TokioIo::new(socket);
                    let http = hyper::server::conn::http1::Builder::new();
                    // A client may go away at any time.
                    let _ = http.serve_connection(io, service).with_upgrades().await;
                });
            }
        }
    }
}

fn json(value: &impl serde::Serialize) -> Response {
    warp::reply::json(value).into_response()
}

fn refuse(slug: Slug) -> Response {
    let problem = Problem::new(slug, "refused by the test");
    let status = warp::http::StatusCode::from_u16(problem.status).unwrap();
    warp::reply::with_status(warp::reply::json(&problem), status).into_response()
}

fn answer(
    state: &State,
    method: &warp::http::Method,
    path: &str,
    token: Option<&str>,
    query: &str,
    body: &[u8],
) -> Response {
    let own = identity().id();
    let is_known = state.held.borrow().is_known;
    let speaks = is_known && token == Some("Bearer secret");
    match (method.as_str(), path) {
        ("GET", "/api/v1/nonce") => json(&NonceResponse {
            nonce: "n".repeat(64),
            index_id: own,
            expires_in: 60,
        }),
        ("POST", "/api/v1/peers/register") => {
            register(state, &serde_json::from_slice(body).unwrap())
        }
        ("POST", "/api/v1/peers/heartbeat") if speaks => beat(state),
        ("POST", "/api/v1/files/batch") if speaks => {
            let lines = body
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty());
            let lines: Vec<BatchLine> = lines
                .map(|line| serde_json::from_slice(line).unwrap())
                .collect();
            state
                .held
                .send_modify(|held| lines.into_iter().for_each(|line| held.take(line)));
            json(&BatchResponse::default())
        }
        ("POST", _) if path.ends_with("/rating") => "hello, I am a printer".into_response(),
        ("POST", _) => refuse(Slug::UnknownPeer),
        ("DELETE", _) => {
            state.held.send_modify(|held| held.has_left = true);
            warp::http::StatusCode::NO_CONTENT.into_response()
        }
        ("GET", "/api/v1/peers") => json(&PeerPage {
            peers: vec![],
            count: 0,
            next_cursor: None,
        }),
        ("GET", "/api/v1/files/search") => refuse(Slug::InvalidQuery),
        ("GET", _) if path.ends_with("/files") => json(&page(&state.held.borrow(), query)),
        _ => refuse(Slug::NotFound),
    }
}

fn beat(state: &State) -> Response {
    let mut is_busy = false;
    state.held.send_modify(|held| match held.busy_count {
        0 => held.beat_count += 1,
        left => {
            is_busy = true;
            held.busy_count = left - 1;
        }
    });
    if is_busy {
        let refusal = refuse(Slug::Overloaded);
        return warp::reply::with_header(refusal, "retry-after", "0").into_response();
    }
    json(&HeartbeatResponse {
        stats: stats(),
        next_heartbeat_ms: Some(10),
    })
}

fn register(state: &State, request: &RegisterRequest) -> Response {
    assert_eq!(
        request.id.as_deref(),
        Some(identity().id().to_string().as_str())
    );
    assert_eq!(
        request.address, None,
        "no address is told unless one is set"
    );
    let mut catalog = None;
    state.held.send_modify(|held| {
        held.is_known = true;
        held.has_left = false;
        held.register_count += 1;
        catalog = request.catalog_digest.as_ref().map(|digest| {
            if *digest == held.digest().to_hex() {
                CatalogState::InSync
            } else {
                CatalogState::SendAll
            }
        });
    });
    json(&RegisterResponse {
        id: identity().id(),
        session_token: "secret".to_owned(),
        heartbeat_interval: 30,
        peer: peer(9, true),
        catalog,
        next_heartbeat_ms: None,
    })
}
