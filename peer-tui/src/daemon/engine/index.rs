//! The session with the index, which is there a little later than the rest where the index has to
//! be found first; and what is done with what the index tells.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use protocol::event::{Envelope, Event};
use protocol::file::ContentInfo;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::peer::TransferReport;
use protocol::search::{SearchParams, SearchResponse};
use protocol::stats::NetworkStats;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{SetOnce, broadcast, watch};

use super::Engine;
use crate::fetch::Holders;
use crate::index_client::{
    IndexClient, IndexClientConfig, IndexError, IndexUrl, Link, RETRY_EVERY,
};
use crate::serve::Network;
use crate::share::Share;
use crate::{discover, host};

/// Events are taken in groups so far apart: what follows a thousand of them is done once.
const EVENTS_EVERY: Duration = Duration::from_millis(50);

/// A download that is open at the start asks before there is a session: it waits so long for one, and
/// only then says that nobody knows who has it.
const FIRST_WAIT: Duration = Duration::from_secs(10);

/// Makes the settings of a session from the URL of its index.
pub type SessionMaker = Box<dyn FnOnce(IndexUrl) -> IndexClientConfig + Send>;

/// The session, once there is one.
#[derive(Debug)]
pub struct LateIndex {
    own_id: PeerId,
    share: Share,
    client: SetOnce<IndexClient>,
    named: watch::Sender<Option<IndexUrl>>,
    stats: watch::Sender<Option<NetworkStats>>,
}

impl LateIndex {
    pub fn new(own_id: PeerId, share: Share) -> Self {
        Self {
            own_id,
            share,
            client: SetOnce::new(),
            named: watch::Sender::new(None),
            stats: watch::Sender::new(None),
        }
    }

    pub fn get(&self) -> Option<&IndexClient> {
        self.client.get()
    }

    /// Names the index while it is still looked for.
    pub fn name(&self, url: IndexUrl) {
        self.named.send_replace(Some(url));
    }

    /// Waits until somebody names one.
    async fn named(&self) -> Option<IndexUrl> {
        let mut named = self.named.subscribe();
        named.wait_for(Option::is_some).await.ok()?.clone()
    }

    pub fn unknown() -> IndexError {
        IndexError::Unreachable {
            url: "(none)".to_owned(),
            reason: "one is still being looked for".to_owned(),
        }
    }
}

impl Holders for LateIndex {
    fn content(&self, hash: ContentHash) -> BoxFuture<'_, Result<Option<ContentInfo>, IndexError>> {
        Box::pin(async move {
            let client = tokio::time::timeout(FIRST_WAIT, self.client.wait()).await;
            client.map_err(|_| Self::unknown())?.content(hash).await
        })
    }

    fn report(&self, peer: PeerId, report: TransferReport) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(client) = self.get() {
                Holders::report(client, peer, report).await;
            }
        })
    }

    fn own_id(&self) -> PeerId {
        self.own_id
    }

    fn local_copy(&self, hash: &ContentHash) -> Option<PathBuf> {
        let file = self.share.view().by_hash(hash)?;
        Some(file.root.join(&file.relative))
    }
}

impl Network for LateIndex {
    fn search(
        &self,
        params: SearchParams,
    ) -> BoxFuture<'static, Result<SearchResponse, IndexError>> {
        let client = self.get().cloned();
        Box::pin(async move { client.ok_or_else(Self::unknown)?.search(&params).await })
    }

    fn stats(&self) -> watch::Receiver<Option<NetworkStats>> {
        self.stats.subscribe()
    }
}

/// Finds an index where none is named, and starts the session with it.
pub async fn join(engine: Engine, named: Option<IndexUrl>, session: SessionMaker) {
    let url = match named {
        Some(url) => {
            tracing::info!("using the index {url}");
            url
        }
        None => match look_for(&engine).await {
            Some(url) => url,
            None => return,
        },
    };
    match IndexClient::start(session(url.clone())) {
        Ok(client) => {
            // There is one session; it changes its index by itself.
            let _ = engine.0.index.client.set(client.clone());
            engine.show_index(&url);
            super::partials::publish_all(&engine).await;
            follow_events(&engine, client.events());
            follow_state(&engine, &client);
        }
        Err(error) => tracing::error!("cannot speak to an index: {error}"),
    }
}

/// Looks until one is found, hosted or named; `None` when the engine stops before.
async fn look_for(engine: &Engine) -> Option<IndexUrl> {
    loop {
        tokio::select! {
            found = find_or_host(engine) => if found.is_some() { return found },
            named = engine.0.index.named() => return named,
            () = engine.stopped() => return None,
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY_EVERY) => {}
            named = engine.0.index.named() => return named,
            () = engine.stopped() => return None,
        }
    }
}

async fn find_or_host(engine: &Engine) -> Option<IndexUrl> {
    if let Some(found) = discover::find().await {
        tracing::info!("found an index {}: {}", found.place, found.url);
        return found.url.parse().ok();
    }
    match host::start(&engine.0.config.data.join("index")).await {
        Ok(server) => {
            let url = server.local_url();
            tracing::info!("found no index, so this peer hosts one: {url}");
            let _ = engine.0.hosted.set(tokio::sync::Mutex::new(Some(server)));
            url.parse().ok()
        }
        Err(error) => {
            tracing::error!("found no index and cannot host one: {error:#}");
            None
        }
    }
}

impl Engine {
    /// Shows which index is used and how others join.
    pub(super) fn show_index(&self, url: &IndexUrl) {
        let join_hint = host::join_hint(url.as_str());
        let mut lines = Vec::new();
        if let Some(folder) = self.0.config.shares.first() {
            lines.push(format!(
                "drop files into {} to share them",
                folder.display()
            ));
        }
        if !join_hint.is_empty() {
            lines.push(format!("others join with: {join_hint}"));
        }
        tracing::info!("{}", lines.join("; "));
        self.board().change_network(|network| {
            network.index = Some(url.as_str().to_owned());
            network.join_hint.clone_from(&join_hint);
        });
    }
}

/// Link, figures and peers go to the board as they change.
fn follow_state(engine: &Engine, client: &IndexClient) {
    let (mut link, mut stats, mut peers) = (client.link(), client.stats(), client.peers());
    let follower = engine.clone();
    engine.0.tasks.spawn(async move {
        let engine = follower;
        let mut was_live = false;
        loop {
            let now = link.borrow_and_update().clone();
            let is_live = matches!(now, Link::Live { .. });
            let figures = stats.borrow_and_update().clone();
            let table = Arc::clone(&peers.borrow_and_update());
            engine.0.index.stats.send_replace(figures.clone());
            engine.board().change_network(|network| {
                network.link = Some(now.clone());
                network.stats.clone_from(&figures);
            });
            let mut is_news = false;
            engine.board().change_peers(|book| {
                is_news = book.show(table);
                is_news
            });
            if is_news {
                engine.0.interests.note_peers();
            }
            engine.apply_client_limits();
            engine.remember_limited().await;
            if is_live && !was_live {
                engine.board().bump(|parts| parts.files += 1);
                engine.0.fetch.nudge(None);
            }
            was_live = is_live;
            tokio::select! {
                changed = link.changed() => if changed.is_err() { return },
                changed = stats.changed() => if changed.is_err() { return },
                changed = peers.changed() => if changed.is_err() { return },
                () = engine.stopped() => return,
            }
            tokio::time::sleep(EVENTS_EVERY).await;
        }
    });
}

/// Events refresh what is searched and browsed, and wake downloads that wait for a source.
fn follow_events(engine: &Engine, mut events: broadcast::Receiver<Arc<Envelope>>) {
    let follower = engine.clone();
    engine.0.tasks.spawn(async move {
        let engine = follower;
        loop {
            let first = tokio::select! {
                event = events.recv() => match event {
                    Ok(envelope) => Some(envelope),
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => return,
                },
                () = engine.stopped() => return,
            };
            let mut changes = Changes::default();
            match first {
                Some(envelope) => changes.add(&envelope.event),
                None => changes.add_everything(),
            }
            loop {
                match events.try_recv() {
                    Ok(envelope) => changes.add(&envelope.event),
                    Err(TryRecvError::Lagged(_)) => changes.add_everything(),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            changes.tell(&engine);
            tokio::time::sleep(EVENTS_EVERY).await;
        }
    });
}

/// What a group of events means.
#[derive(Default)]
struct Changes {
    files: bool,
    everybody: bool,
    contents: Vec<ContentHash>,
}

/// Contents of one group that are told one by one; more than that, and every waiting download looks
/// again.
const CONTENTS_MAX_COUNT: usize = 64;

impl Changes {
    fn add(&mut self, event: &Event) {
        match event {
            Event::FileRegistered(file) => {
                self.files = true;
                self.contents.push(file.hash);
            }
            Event::FilesChanged(_) | Event::Resync(_) | Event::Hello(_) => self.add_everything(),
            Event::FileRemoved(_) | Event::PeerOffline(_) | Event::PeerLeft(_) => self.files = true,
            Event::PeerOnline(_) | Event::PeerRegistered(_) => self.add_everything(),
            _ => {}
        }
    }

    const fn add_everything(&mut self) {
        self.files = true;
        self.everybody = true;
    }

    fn tell(self, engine: &Engine) {
        if self.files {
            engine.board().bump(|parts| parts.files += 1);
        }
        if self.everybody || self.contents.len() > CONTENTS_MAX_COUNT {
            engine.0.fetch.nudge(None);
        } else {
            for hash in self.contents {
                engine.0.fetch.nudge(Some(hash));
            }
        }
    }
}
