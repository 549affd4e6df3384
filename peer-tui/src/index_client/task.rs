//! The owner of the session: does what the state machine says, and shows how things stand.
//!
//! Calls run in tasks of their own and answer with notes; a note of an earlier session is dropped.

mod events;
mod session_tasks;

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use protocol::event::Envelope;
use protocol::hash::ContentHash;
use protocol::peer::{HeartbeatResponse, Peer, RegisterResponse};
use protocol::stats::NetworkStats;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::api::Credentials;
use super::feed::FeedNote;
use super::publish::{self, End, PartialTable, Start, is_forgotten};
use super::session::{Session, Step};
use super::{IndexApi, IndexClientConfig, IndexError, IndexUrl, Link, PartialFile, PeerTable};
use session_tasks::SessionTasks;

/// Changes of the peer table within this time are shown at once.
const PEERS_SHOWN_EVERY: Duration = Duration::from_millis(200);
/// Withdrawn downloads remembered, so that a reconnect withdraws them again.
const WITHDRAWN_MAX_COUNT: usize = 1_000;
/// The goodbye to the index takes no longer.
const LEAVE_WAIT: Duration = Duration::from_secs(2);

/// What the handle may ask for, in order.
#[derive(Debug)]
pub enum Command {
    /// See [`super::IndexClient::publish_partial`].
    PublishPartial(PartialFile),
    /// See [`super::IndexClient::withdraw_partial`].
    WithdrawPartial(ContentHash),
    /// See [`super::IndexClient::reconnect_now`].
    Reconnect,
    /// The index answered something while the session was lost.
    Answered,
    /// See [`super::IndexClient::refresh_peers`].
    RefreshPeers,
    /// See [`super::IndexClient::set_index`].
    SetIndex(IndexUrl),
    /// See [`super::IndexClient::stop`].
    Stop(oneshot::Sender<()>),
}

/// Where the session shows itself.
pub struct Outlets {
    /// Calls with the token of the session.
    pub api: Arc<ArcSwap<IndexApi>>,
    /// How it stands.
    pub link: watch::Sender<Link>,
    /// Known peers.
    pub peers: watch::Sender<Arc<PeerTable>>,
    /// The network in numbers.
    pub stats: watch::Sender<Option<NetworkStats>>,
    /// The feed.
    pub events: broadcast::Sender<Arc<Envelope>>,
}

/// What a call or a task of the session has to say.
#[derive(Debug)]
enum Note {
    Registered(Box<Result<(RegisterResponse, Start), IndexError>>),
    Beat(Result<HeartbeatResponse, IndexError>),
    Peers(Result<Vec<Peer>, IndexError>),
    Published(End),
    Feed(FeedNote),
}

/// Runs the session until it is stopped.
pub async fn run(config: IndexClientConfig, outlets: Outlets, mut orders: mpsc::Receiver<Command>) {
    let (partials, _) = watch::channel(Arc::new(PartialTable::new()));
    let mut owner = Owner {
        session: Session::new(Instant::now(), config.heartbeat_interval),
        tasks: SessionTasks::new(),
        config: Arc::new(config),
        outlets,
        partials,
        peers: PeerTable::default(),
        peers_due: None,
        last_seq: None,
        lost_since: None,
        live_since: Timestamp::now(),
        unsent: watch::channel(0).1,
    };
    while let Some(done) = owner.turn(&mut orders).await {
        if let Some(done) = done {
            owner.leave().await;
            // Whoever asked to stop may have gone.
            let _ = done.send(());
            return;
        }
    }
    owner.leave().await;
}

struct Owner {
    config: Arc<IndexClientConfig>,
    outlets: Outlets,
    session: Session,
    tasks: SessionTasks,
    partials: watch::Sender<Arc<PartialTable>>,
    peers: PeerTable,
    /// When the changed peer table is shown.
    peers_due: Option<Instant>,
    /// Last event seen of this index.
    last_seq: Option<u64>,
    lost_since: Option<Timestamp>,
    live_since: Timestamp,
    unsent: watch::Receiver<u64>,
}

impl Owner {
    /// One turn; `None` when the last handle is gone, `Some(Some)` when it is to stop.
    async fn turn(
        &mut self,
        orders: &mut mpsc::Receiver<Command>,
    ) -> Option<Option<oneshot::Sender<()>>> {
        let mut wake_at = match self.session.step(Instant::now()) {
            Step::Wait(at) => Some(at),
            Step::Await => None,
            Step::Register => {
                self.register();
                None
            }
            Step::Beat => {
                self.tasks.beat(self.outlets.api.load_full());
                None
            }
        };
        wake_at = wake_at.into_iter().chain(self.peers_due).min();
        tokio::select! {
            order = orders.recv() => match order? {
                Command::Stop(done) => return Some(Some(done)),
                order => self.obey(order),
            },
            note = self.tasks.next() => self.take(note),
            Ok(()) = self.unsent.changed() => self.show_unsent(),
            () = sleep_until(wake_at) => self.show_peers_if_due(),
        }
        Some(None)
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::PublishPartial(file) => self.set_partial(file.hash, Some(Arc::new(file))),
            Command::WithdrawPartial(hash) => self.set_partial(hash, None),
            Command::RefreshPeers => self.tasks.refresh_peers(),
            Command::Reconnect => self.session.reconnect(Instant::now()),
            Command::Answered => self.session.answered(Instant::now()),
            Command::SetIndex(url) => {
                let old = self.outlets.api.load_full();
                if *old.url() == url && self.session.is_live() {
                    return;
                }
                self.tasks
                    .leave_behind(old.clone(), self.config.identity.id());
                self.outlets
                    .api
                    .store(Arc::new(old.as_ref().clone().moved_to(url)));
                self.last_seq = None;
                self.lost_since = None;
                self.peers = PeerTable::default();
                self.show_peers_soon();
                self.outlets.stats.send_replace(None);
                self.session.restart(Instant::now());
            }
            Command::Stop(_) => {}
        }
    }

    fn set_partial(&self, hash: ContentHash, file: Option<Arc<PartialFile>>) {
        self.partials.send_modify(|table| {
            let table = Arc::make_mut(table);
            table.insert(hash, file);
            let withdrawn: Vec<_> = table.iter().filter(|(_, file)| file.is_none()).collect();
            if withdrawn.len() > WITHDRAWN_MAX_COUNT {
                let first = *withdrawn[0].0;
                table.remove(&first);
            }
        });
    }

    fn register(&mut self) {
        self.outlets.link.send_if_modified(|link| {
            // Trying again does not hide for how long the index has been away.
            let is_news = matches!(link, Link::Live { .. });
            if is_news {
                *link = Link::Registering;
            }
            is_news
        });
        let api = self.outlets.api.load_full();
        self.tasks.register(api, self.config.clone());
    }

    fn take(&mut self, note: Note) {
        match note {
            Note::Registered(answer) => match *answer {
                Ok((answer, start)) => self.go_live(&answer, start),
                Err(error) => self.lose(&error),
            },
            Note::Beat(Ok(answer)) => {
                self.session.beat(Instant::now());
                self.take_advice(answer.next_heartbeat_ms);
                self.take_stats(answer.stats);
            }
            Note::Beat(Err(IndexError::Refused(problem)))
                if is_forgotten(problem.status, &problem.slug) =>
            {
                self.forgotten();
            }
            Note::Beat(Err(IndexError::Busy { retry_after, .. })) => {
                self.session
                    .busy(Instant::now(), retry_after, rand::random());
            }
            Note::Beat(Err(error)) => self.lose(&error),
            Note::Peers(Ok(peers)) => {
                self.peers.replace(peers);
                self.show_peers_soon();
            }
            Note::Peers(Err(error)) => tracing::debug!(%error, "the list of peers was not read"),
            Note::Published(End::Lost(error)) => self.lose(&error),
            Note::Published(End::Forgotten) => self.forgotten(),
            Note::Published(End::Settled) => self.session.reconnect(Instant::now()),
            Note::Published(End::ShareEnded) => {}
            Note::Feed(FeedNote::Broken) => {
                self.session.feed_lost(Instant::now(), rand::random());
            }
            Note::Feed(FeedNote::Event(envelope)) => self.take_event(*envelope),
        }
    }

    fn go_live(&mut self, answer: &RegisterResponse, start: Start) {
        let interval = Duration::from_secs(answer.heartbeat_interval);
        self.session.registered(Instant::now(), interval);
        self.take_advice(answer.next_heartbeat_ms);
        let api = self.outlets.api.load_full();
        let credentials = Credentials::with_token(answer.id, &answer.session_token);
        let api = Arc::new(api.as_ref().clone().speaking_as(credentials));
        self.outlets.api.store(api.clone());
        tracing::info!("registered at {}; {}", api.url(), start.in_words());
        let (unsent_out, unsent) = watch::channel(0);
        self.unsent = unsent;
        let publisher = publish::Publisher {
            api: api.clone(),
            owner: answer.id,
            share: self.config.share.clone(),
            partials: self.partials.subscribe(),
            unsent: unsent_out,
        };
        self.tasks.go_live(&api, publisher, start, self.last_seq);
        self.live_since = Timestamp::now();
        self.lost_since = None;
        let stats = self.outlets.stats.borrow().clone();
        self.outlets.link.send_replace(Link::Live {
            since: self.live_since,
            id: answer.id,
            unsent_files: 0,
            stats: stats.unwrap_or_else(|| no_stats(&answer.peer)),
        });
    }

    fn take_advice(&mut self, next_heartbeat_ms: Option<u64>) {
        if let Some(wait) = next_heartbeat_ms {
            self.session
                .advised(Instant::now(), Duration::from_millis(wait));
        }
    }

    fn lose(&mut self, error: &IndexError) {
        let (now, chance) = (Instant::now(), rand::random());
        match error {
            IndexError::Busy { retry_after, .. } => {
                self.session.refused_for(now, *retry_after, chance);
            }
            _ => self.session.failed(now, chance),
        }
        self.tasks.end_session();
        let tries = self.session.tries();
        let since = *self.lost_since.get_or_insert_with(Timestamp::now);
        let reason = match error {
            IndexError::Unreachable { reason, .. } => reason.clone(),
            error => error.to_string(),
        };
        if tries == 1 {
            if self.outlets.stats.borrow().is_some() {
                tracing::warn!(%error, "lost the index; tried again by itself");
            } else {
                tracing::warn!(%error, "the index does not answer; tried again by itself");
            }
        }
        let wait = self
            .session
            .retry_at()
            .map(|at| at.saturating_duration_since(Instant::now()));
        let wait = jiff::SignedDuration::try_from(wait.unwrap_or_default()).unwrap_or_default();
        let retry_at = Timestamp::now().checked_add(wait).unwrap_or(Timestamp::MAX);
        self.outlets.link.send_replace(Link::Lost {
            since,
            reason: protocol::text::clean(&reason).text.into_owned(),
            retry_at,
            tries,
        });
    }

    fn forgotten(&mut self) {
        tracing::info!("the index does not know this peer any more; registering again");
        self.session.forgotten(Instant::now(), rand::random());
        self.tasks.end_session();
    }

    fn take_stats(&self, stats: NetworkStats) {
        self.outlets.link.send_if_modified(|link| match link {
            Link::Live { stats: shown, .. } if *shown != stats => {
                *shown = stats.clone();
                true
            }
            _ => false,
        });
        self.outlets.stats.send_replace(Some(stats));
    }

    fn show_unsent(&mut self) {
        let unsent = *self.unsent.borrow_and_update();
        self.outlets.link.send_if_modified(|link| match link {
            Link::Live { unsent_files, .. } if *unsent_files != unsent => {
                *unsent_files = unsent;
                true
            }
            _ => false,
        });
    }

    fn show_peers_soon(&mut self) {
        self.peers_due
            .get_or_insert_with(|| Instant::now() + PEERS_SHOWN_EVERY);
    }

    fn show_peers_if_due(&mut self) {
        if self.peers_due.is_some_and(|due| due <= Instant::now()) {
            self.peers_due = None;
            self.outlets
                .peers
                .send_replace(Arc::new(self.peers.clone()));
        }
    }

    async fn leave(&mut self) {
        let is_live = self.session.is_live();
        self.tasks.end_session();
        if !is_live {
            return;
        }
        let api = self.outlets.api.load_full();
        let id = self.config.identity.id();
        match tokio::time::timeout(LEAVE_WAIT, api.leave(&id)).await {
            Ok(Ok(())) => tracing::info!(index = %api.url(), "left the index"),
            Ok(Err(error)) => tracing::debug!(%error, "the index was not told that we leave"),
            Err(_) => tracing::debug!("the index was not told in time that we leave"),
        }
    }
}

/// Sleeps until `at`; for ever where there is none.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Figures to show before the index told any: this peer alone.
fn no_stats(peer: &Peer) -> NetworkStats {
    NetworkStats {
        total_peers: 1,
        online_peers: 1,
        total_files: peer.shared_files,
        total_bytes: peer.shared_bytes,
        total_downloads: 0,
        network_health: 100,
        last_updated: peer.last_seen,
    }
}
