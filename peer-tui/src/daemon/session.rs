//! One conversation with a screen or a script: what it watches, what it was sent last, and what it
//! asked to be done.
//!
//! Sections are made from the newest state when there is room to send them, so a slow screen skips
//! states and is never waited for. Knows no socket.

mod browser;
mod compose;
mod holders;
mod live_search;
#[cfg(test)]
mod tests;
mod worker;

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use self::browser::Browser;
use self::compose::{Composer, Dirty, Parts};
use self::holders::Holders;
use self::live_search::LiveSearch;
use super::board::Revisions;
use super::command::{Action, ClientMessage, SOCKET_VERSION, Watch};
use super::engine::{Engine, Interest};
use super::peers::PeerBook;
use super::state::{LinkState, ServerMessage, Update};

/// Between updates because of changes: 30 a second is what an eye follows. What a screen asked for
/// is sent at once.
const UPDATE_EVERY: Duration = Duration::from_millis(33);

/// Between readings of the list of peers while a screen shows it and files change.
const PEERS_EVERY: Duration = Duration::from_secs(5);
/// The same while nothing is told that changes it: what others report of a peer is no event.
const QUIET_PEERS_EVERY: Duration = Duration::from_secs(20);
/// Whoever asks for the list waits for a fresh one, but not longer than this.
const PEERS_WAIT: Duration = Duration::from_millis(1_500);

/// Runs a conversation until the client hangs up or the daemon stops. What a client said before it
/// hung up is done, even where it no longer listens.
pub async fn run(
    engine: Engine,
    mut from_client: mpsc::Receiver<ClientMessage>,
    to_client: mpsc::Sender<ServerMessage>,
) {
    let actions = worker::start(engine.clone(), to_client.clone());
    let mut session = Session::new(&engine, actions);
    loop {
        let flush_at = session.flush_at;
        tokio::select! {
            message = from_client.recv() => {
                let Some(message) = message else { return };
                if session.take(&engine, &to_client, message).await.is_break() {
                    return;
                }
            }
            changed = session.revisions.changed() => {
                if changed.is_err() {
                    return;
                }
                session.note_revisions();
            }
            is_changed = session.search.next(&engine) => {
                if is_changed {
                    session.show_now(Dirty::RESULTS);
                }
            }
            is_changed = session.browser.next(&engine) => {
                if is_changed {
                    session.show_soon(Dirty::BROWSE);
                }
            }
            is_changed = session.holders.next(&engine) => {
                if is_changed {
                    session.show_now(Dirty::CONTENT);
                }
            }
            () = sleep_until(session.read_peers_at) => {
                session.peers_are_read(Instant::now());
                engine.refresh_peers().await;
            }
            () = sleep_until(session.stale.map(|stale| stale.until)) => {
                session.stale = None;
                session.show_now(Dirty::PEERS);
            }
            permit = room_at(&to_client, flush_at) => {
                let Some(permit) = permit else {
                    session.hear_out(&engine, &mut from_client, &to_client).await;
                    return;
                };
                let update = session.compose(&engine).await;
                if update != Update::default() {
                    permit.send(ServerMessage::Update(Box::new(update)));
                }
            }
            () = engine.stopped() => {
                let reason = "the daemon was stopped".to_owned();
                let _ = to_client.try_send(ServerMessage::Goodbye { reason });
                return;
            }
        }
    }
}

/// Room for one message from `at` on; never where nothing is to be sent, `None` when the client is
/// gone.
async fn room_at(
    to_client: &mpsc::Sender<ServerMessage>,
    at: Option<Instant>,
) -> Option<mpsc::Permit<'_, ServerMessage>> {
    sleep_until(at).await;
    to_client.reserve().await.ok()
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// A list of peers that is older than the wish to see it.
#[derive(Debug, Clone, Copy)]
struct Stale {
    revision: u64,
    /// It is shown all the same after this.
    until: Instant,
}

struct Session {
    watch: Option<Watch>,
    revisions: watch::Receiver<Revisions>,
    seen: Revisions,
    search: LiveSearch,
    browser: Browser,
    holders: Holders,
    composer: Composer,
    interest: Interest,
    dirty: Dirty,
    flush_at: Option<Instant>,
    flushed_at: Option<Instant>,
    /// When the list of peers is to be read again: what they share changes without an event of
    /// theirs.
    read_peers_at: Option<Instant>,
    peers_read_at: Option<Instant>,
    /// The list of peers is not shown before it was read.
    stale: Option<Stale>,
    actions: mpsc::Sender<(u64, Action)>,
}

impl Session {
    fn new(engine: &Engine, actions: mpsc::Sender<(u64, Action)>) -> Self {
        let mut revisions = engine.board().watch();
        let seen = *revisions.borrow_and_update();
        Self {
            watch: None,
            revisions,
            seen,
            search: LiveSearch::default(),
            browser: Browser::default(),
            holders: Holders::default(),
            composer: Composer::new(engine.board()),
            interest: engine.interest(),
            dirty: Dirty::NONE,
            flush_at: None,
            flushed_at: None,
            read_peers_at: None,
            peers_read_at: None,
            stale: None,
            actions,
        }
    }

    async fn take(
        &mut self,
        engine: &Engine,
        to_client: &mpsc::Sender<ServerMessage>,
        message: ClientMessage,
    ) -> ControlFlow<()> {
        match message {
            ClientMessage::Hello { socket_version } => {
                let welcome = ServerMessage::Welcome {
                    socket_version: SOCKET_VERSION,
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    pid: std::process::id(),
                };
                // Whoever is gone already may have said more before.
                let _ = to_client.send(welcome).await;
                if socket_version != SOCKET_VERSION {
                    return ControlFlow::Break(());
                }
            }
            ClientMessage::Watch(watch) => self.set_watch(engine, *watch),
            ClientMessage::Do { number, action } => {
                if self.actions.send((number, *action)).await.is_err() {
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Does what is still to be heard of a client that no longer listens.
    async fn hear_out(
        &mut self,
        engine: &Engine,
        from_client: &mut mpsc::Receiver<ClientMessage>,
        to_client: &mpsc::Sender<ServerMessage>,
    ) {
        let everything = async {
            while let Some(message) = from_client.recv().await {
                let is_seen = matches!(message, ClientMessage::Watch(_));
                if !is_seen && self.take(engine, to_client, message).await.is_break() {
                    return;
                }
            }
        };
        tokio::select! {
            () = everything => {}
            () = engine.stopped() => {}
        }
    }

    fn set_watch(&mut self, engine: &Engine, watch: Watch) {
        self.search.set(engine, watch.search.clone());
        self.browser.set(engine, watch.browse.clone());
        self.holders.set(engine, watch.content);
        self.composer.forget_unwatched(&watch);
        let is_new = self
            .watch
            .as_ref()
            .is_none_or(|before| before.peers.is_none());
        self.watch = Some(watch);
        if is_new && self.is_watching_peers() {
            let now = Instant::now();
            self.note_peers(now);
            // An index that is away sends no fresh list: the last one is shown at once.
            let is_lost = matches!(engine.header().link, LinkState::Lost { .. });
            self.stale = (!is_lost).then(|| Stale {
                revision: engine.board().read_peers(PeerBook::revision),
                until: now + PEERS_WAIT,
            });
        }
        self.show_now(Dirty::ALL);
    }

    fn note_revisions(&mut self) {
        let now = Instant::now();
        let newest = *self.revisions.borrow_and_update();
        let before = std::mem::replace(&mut self.seen, newest);
        let mut dirty = Dirty::NONE;
        if newest.transfers != before.transfers {
            dirty = dirty.with(Dirty::OF_TRANSFERS);
        }
        if newest.shares != before.shares {
            dirty = dirty.with(Dirty::OF_SHARES);
        }
        if newest.peers != before.peers {
            dirty = dirty.with(Dirty::OF_PEERS);
        }
        if newest.log != before.log {
            dirty = dirty.with(Dirty::LOG);
        }
        if newest.network != before.network {
            dirty = dirty.with(Dirty::HEADER);
        }
        if newest.files != before.files {
            self.search.note_event(now);
            self.browser.note_event(now);
            self.holders.note_event(now);
            self.note_peers(now);
        }
        if dirty != Dirty::NONE && self.watch.is_some() {
            self.show_soon(dirty);
        }
    }

    fn is_watching_peers(&self) -> bool {
        let watch = self.watch.as_ref();
        watch.is_some_and(|watch| watch.peers.is_some())
    }

    fn note_peers(&mut self, now: Instant) {
        if self.is_watching_peers() {
            let earliest = self.peers_read_at.map_or(now, |read| read + PEERS_EVERY);
            let earliest = earliest.max(now);
            self.read_peers_at = Some(self.read_peers_at.map_or(earliest, |at| at.min(earliest)));
        }
    }

    fn peers_are_read(&mut self, now: Instant) {
        self.peers_read_at = Some(now);
        self.read_peers_at = self.is_watching_peers().then_some(now + QUIET_PEERS_EVERY);
    }

    /// What of `dirty` is shown now: a list of peers that is about to be read is not.
    fn fresh(&mut self, engine: &Engine, dirty: Dirty) -> Dirty {
        let revision = engine.board().read_peers(PeerBook::revision);
        if self.stale.is_none_or(|stale| stale.revision != revision) {
            self.stale = None;
            return dirty;
        }
        self.dirty = self.dirty.with(Dirty::PEERS);
        dirty.without(Dirty::PEERS)
    }

    fn show_now(&mut self, dirty: Dirty) {
        self.dirty = self.dirty.with(dirty);
        self.flush_at = Some(Instant::now());
    }

    fn show_soon(&mut self, dirty: Dirty) {
        self.dirty = self.dirty.with(dirty);
        let now = Instant::now();
        let earliest = self
            .flushed_at
            .map_or(now, |flushed| flushed + UPDATE_EVERY)
            .max(now);
        self.flush_at = Some(self.flush_at.map_or(earliest, |at| at.min(earliest)));
    }

    async fn compose(&mut self, engine: &Engine) -> Update {
        self.flush_at = None;
        self.flushed_at = Some(Instant::now());
        let dirty = std::mem::replace(&mut self.dirty, Dirty::NONE);
        let dirty = self.fresh(engine, dirty);
        let Some(watch) = &self.watch else {
            return Update::default();
        };
        let detail = match watch.transfer {
            Some(id) => engine.detail(id).await.map(Box::new),
            None => None,
        };
        let parts = Parts {
            search: &self.search,
            browser: &self.browser,
            holders: &self.holders,
            detail,
        };
        let update = self.composer.compose(engine, watch, dirty, &parts);
        self.interest.set(self.composer.shown_peers());
        update
    }
}
