//! The loop of the one task that owns the world.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use protocol::ids::PeerId;
use protocol::problem::Slug;
use protocol::stats::NetworkStats;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::presence::Presence;
use super::published::{Edit, Published, Table};
use super::{Envelope, Parts, Publish, Settings, compaction};
use crate::catalog::{CatalogView, FileEntry};
use crate::clock::Clock;
use crate::command::{Answer, Command, Refusal};
use crate::decide::{Draft, News, decide};
use crate::feed::{Change, FileNews};
use crate::journal::{Journal, JournalError, Position};
use crate::metrics::{Metrics, set_gauge};
use crate::peers::Credential;
use crate::record::Record;
use crate::view::{PeerEntry, View};
use crate::world::{Ground, World};

/// Commands of one batch: their records are one transaction.
const BATCH_MAX_COMMANDS: usize = 1_024;

/// File changes of one batch: some 100 ms of work, so that nobody waits longer for a heartbeat.
const BATCH_MAX_CHANGES: usize = 8_192;

/// How often figures and times heard are brought to readers at most.
const TIDY_EVERY: Duration = Duration::from_secs(1);

/// How long a compaction that failed is not tried again.
const COMPACTION_PAUSE: Duration = Duration::from_mins(10);

/// The owner of the world.
pub(super) struct Task {
    world: World,
    /// Where the journal stood after the last record that the world holds.
    position: Position,
    journal: Arc<dyn Journal>,
    presence: Presence,
    peers: Table<Arc<PeerEntry>>,
    credentials: Table<Credential>,
    published: Arc<ArcSwap<Published>>,
    feed: Box<dyn Publish>,
    metrics: Arc<Metrics>,
    clock: Clock,
    settings: Settings,
    /// The figures that watchers were told last.
    stats_told: NetworkStats,
    tidied_at: Option<Instant>,
    compaction: Option<JoinHandle<Result<(), JournalError>>>,
    compact_from: Instant,
}

/// A batch as it was decided, before it is durable.
struct Decided {
    records: Vec<Record>,
    outcomes: Vec<Result<Answer, Refusal>>,
    news: Vec<News>,
    /// Who showed to be alive.
    alive: Vec<PeerId>,
}

impl Task {
    /// Replays the journal.
    pub(super) async fn load(parts: Parts) -> Result<Self, JournalError> {
        let Parts {
            journal,
            feed,
            metrics,
            clock,
            settings,
        } = parts;
        let (mut world, position) = load_world(&journal).await?;
        let (now, instant) = (clock.now(), clock.instant());
        let presence = Presence::at_start(&world, settings, now, instant);
        let catalog = world.files_mut().view();
        let (peers, credentials) = tables(&world, &presence);
        let stats = figures(&world, &catalog, now);
        let view = Arc::new(View {
            peers: peers.current(),
            catalog,
            stats: stats.clone(),
        });
        let published = Published {
            view,
            credentials: credentials.current(),
        };
        let task = Self {
            world,
            position,
            journal,
            presence,
            peers,
            credentials,
            published: Arc::new(ArcSwap::from_pointee(published)),
            feed,
            metrics,
            clock,
            settings,
            stats_told: stats,
            tidied_at: None,
            compaction: None,
            compact_from: instant,
        };
        task.show_figures();
        Ok(task)
    }

    /// What readers load from.
    pub(super) fn published(&self) -> Arc<ArcSwap<Published>> {
        Arc::clone(&self.published)
    }

    /// Runs until told to stop or until nobody can ask any more; what waits then is still done.
    pub(super) async fn run(
        mut self,
        mut queue: mpsc::Receiver<Envelope>,
        mut stop: oneshot::Receiver<()>,
    ) {
        let every = self.settings.sweep_every;
        let mut sweep = interval_at(self.clock.deadline(every), every);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_stopping = false;
        loop {
            let tidy_at = self.tidy_at();
            tokio::select! {
                biased;
                _ = &mut stop, if !is_stopping => {
                    queue.close();
                    is_stopping = true;
                }
                _ = sweep.tick() => {
                    let command = Command::Sweep;
                    self.take(vec![Envelope { command, reply: None, _room: None }]).await;
                }
                () = sleep_until(tidy_at.unwrap_or_else(Instant::now)), if tidy_at.is_some() => {
                    self.tidy();
                }
                first = queue.recv() => match first {
                    Some(first) => {
                        let batch = collect(first, &mut queue);
                        set_gauge(&self.metrics.queue_depth, queue.len() as u64);
                        self.take(batch).await;
                    }
                    None => break,
                },
            }
        }
        self.finish().await;
    }

    /// Carries out a batch.
    async fn take(&mut self, batch: Vec<Envelope>) {
        self.metrics.batch_commands.observe(batch.len() as f64);
        let (now, instant) = (self.clock.now(), self.clock.instant());
        if self.presence.look(instant) {
            self.metrics.standstills.inc();
            tracing::warn!("the process stood still; every peer gets one more heartbeat period");
        }
        let Decided {
            records,
            mut outcomes,
            news,
            alive,
        } = self.decide(&batch, now, instant);
        match self.commit(&records).await {
            Ok(()) => self.show(&records, news, now),
            Err(refusal) => {
                // What was decided may stand on what is not durable.
                for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
                    *outcome = Err(refusal.clone());
                }
                for id in alive {
                    let peer = self.world.peer_state(&id).map(|peer| &**peer);
                    self.presence.settle(id, peer, instant);
                }
            }
        }
        for (envelope, outcome) in batch.into_iter().zip(outcomes) {
            self.count(&envelope.command, &outcome);
            if let Some(reply) = envelope.reply {
                // Nobody waits any more: the command is carried out all the same.
                let _ = reply.send(outcome);
            }
        }
        self.compact_if_due().await;
    }

    fn decide(&mut self, batch: &[Envelope], now: Timestamp, instant: Instant) -> Decided {
        let Self {
            world,
            presence,
            settings,
            ..
        } = self;
        let mut draft = Draft::on(world);
        let mut decided = Decided {
            records: Vec::new(),
            outcomes: Vec::with_capacity(batch.len()),
            news: Vec::new(),
            alive: Vec::new(),
        };
        for Envelope { command, .. } in batch {
            let overdue = || presence.overdue(world, instant);
            let outcome = decide(command, &mut draft, now, &settings.rules, overdue);
            decided.outcomes.push(outcome.map(|decision| {
                decided.records.extend(decision.records);
                decided.news.extend(decision.news);
                if let Some(id) = decision.alive {
                    decided.alive.push(id);
                    // At once: a sweep later in the batch must know of it.
                    if draft.peer(&id).is_some_and(|peer| peer.is_online) {
                        presence.heard(id, now, instant);
                    }
                }
                decision.answer
            }));
        }
        decided
    }

    /// Makes records durable.
    async fn commit(&mut self, records: &[Record]) -> Result<(), Refusal> {
        if records.is_empty() {
            return Ok(());
        }
        let encoded: Result<Vec<Vec<u8>>, _> = records.iter().map(Record::encode).collect();
        let encoded = encoded.map_err(|error| {
            tracing::error!(%error, "a record could not be encoded");
            journal_failed()
        })?;
        let bytes: u64 = encoded.iter().map(|record| record.len() as u64).sum();
        let (journal, expected) = (Arc::clone(&self.journal), self.position);
        let started_at = self.clock.instant();
        let appended =
            tokio::task::spawn_blocking(move || journal.append(expected, &encoded)).await;
        let elapsed = self.clock.instant().duration_since(started_at);
        self.metrics.commit_seconds.observe(elapsed.as_secs_f64());
        match appended {
            Ok(Ok(position)) => {
                self.position = position;
                self.metrics.records_journalled.inc_by(records.len() as u64);
                self.metrics.record_bytes_journalled.inc_by(bytes);
                return Ok(());
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "changes were refused because the journal failed");
                if matches!(error, JournalError::Moved { .. }) {
                    self.reload().await;
                }
            }
            Err(error) => tracing::error!(%error, "the journal gave up on an append"),
        }
        self.metrics.journal_failures.inc();
        Err(journal_failed())
    }

    /// Takes the world from the journal again: an append that was reported as failed had been made.
    async fn reload(&mut self) {
        match load_world(&self.journal).await {
            Ok((world, position)) => {
                self.world = world;
                self.position = position;
                let instant = self.clock.instant();
                for (id, peer) in self.world.peers() {
                    self.presence.settle(*id, Some(peer), instant);
                }
                (self.peers, self.credentials) = tables(&self.world, &self.presence);
                let catalog = self.world.files_mut().view();
                self.swap(catalog, self.clock.now());
            }
            Err(error) => tracing::error!(%error, "the journal could not be read again"),
        }
    }

    /// Makes durable records count: the world, the view and the watchers, in this order.
    fn show(&mut self, records: &[Record], news: Vec<News>, now: Timestamp) {
        if records.is_empty() {
            return;
        }
        let instant = self.clock.instant();
        let mut touched: HashSet<PeerId> = self.presence.take_fresh();
        for record in records {
            self.world.apply(record);
            touched.extend(record.subject());
        }
        for id in &touched {
            let peer = self.world.peer_state(id).map(|peer| &**peer);
            self.presence.settle(*id, peer, instant);
        }
        let before = Arc::clone(&self.published.load().view);
        self.refresh(touched);
        let credentials = records.iter().filter_map(|record| match record {
            Record::PeerRegistered { id, .. }
            | Record::PeerLeft { id, .. }
            | Record::PeerForgotten { id, .. } => Some((*id, self.world.credential(id))),
            _ => None,
        });
        self.credentials.edit(credentials.collect());
        let catalog = self.world.files_mut().view();
        let after = self.swap(catalog, now);
        let changes: Vec<Change> = news
            .into_iter()
            .filter_map(|news| change_of(news, &before, &after))
            .collect();
        self.publish(now, changes);
    }

    /// Brings the entries of some peers up to date.
    fn refresh(&mut self, touched: impl IntoIterator<Item = PeerId>) {
        let edits: Vec<Edit<Arc<PeerEntry>>> = touched
            .into_iter()
            .map(|id| {
                let entry = self.world.peer_entry(&id, self.presence.heard_at(&id));
                (id, entry.map(Arc::new))
            })
            .collect();
        self.peers.edit(edits);
    }

    /// Swaps in what is now true.
    fn swap(&self, catalog: Arc<CatalogView>, now: Timestamp) -> Arc<View> {
        let before = self.published.load();
        let mut stats = figures(&self.world, &catalog, now);
        if is_same(&stats, &before.view.stats) {
            stats.last_updated = before.view.stats.last_updated;
        }
        let view = Arc::new(View {
            peers: self.peers.current(),
            catalog,
            stats,
        });
        self.published.store(Arc::new(Published {
            view: Arc::clone(&view),
            credentials: self.credentials.current(),
        }));
        self.show_figures();
        view
    }

    fn publish(&self, now: Timestamp, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.metrics.events_published.inc_by(changes.len() as u64);
            self.feed.publish(now, changes);
        }
    }

    /// When readers are to be brought what may wait: a second after the last time, at most.
    fn tidy_at(&self) -> Option<Instant> {
        let is_told = is_same(&self.published.load().view.stats, &self.stats_told);
        if is_told && !self.presence.is_fresh() {
            return None;
        }
        let now = self.clock.instant();
        let earliest = self.tidied_at.map_or(now, |last| last + TIDY_EVERY);
        Some(earliest.max(now))
    }

    /// Brings readers the times that peers were heard, and watchers the figures.
    fn tidy(&mut self) {
        self.tidied_at = Some(self.clock.instant());
        let now = self.clock.now();
        let fresh = self.presence.take_fresh();
        if !fresh.is_empty() {
            self.refresh(fresh);
            let catalog = Arc::clone(&self.published.load().view.catalog);
            self.swap(catalog, now);
        }
        let stats = self.published.load().view.stats.clone();
        if !is_same(&stats, &self.stats_told) {
            self.stats_told = stats.clone();
            self.publish(now, vec![Change::Stats(stats)]);
        }
    }

    async fn compact_if_due(&mut self) {
        if let Some(running) = &self.compaction {
            if !running.is_finished() {
                return;
            }
            self.end_compaction().await;
        }
        let is_allowed = self.clock.instant() >= self.compact_from;
        if is_allowed && self.journal.sizes().is_compaction_due() {
            let journal = Arc::clone(&self.journal);
            let work = move || compaction::compact(&*journal);
            self.compaction = Some(tokio::task::spawn_blocking(work));
        }
    }

    async fn end_compaction(&mut self) {
        let Some(running) = self.compaction.take() else {
            return;
        };
        let failure = match running.await {
            Ok(Ok(())) => {
                self.metrics.compactions.inc();
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        self.metrics.journal_failures.inc();
        self.compact_from = self.clock.deadline(COMPACTION_PAUSE);
        tracing::warn!(
            error = failure,
            "the journal could not be compacted; it stays as it is"
        );
    }

    async fn finish(mut self) {
        self.end_compaction().await;
        let journal = self.journal;
        if let Err(error) = tokio::task::spawn_blocking(move || journal.close()).await {
            tracing::error!(%error, "the journal could not be closed");
        }
    }

    fn count(&self, command: &Command, outcome: &Result<Answer, Refusal>) {
        let label = match outcome {
            Ok(_) => "ok",
            Err(refusal) => refusal.slug.as_str(),
        };
        self.metrics.count_command(kind_of(command), label);
        match outcome {
            Ok(Answer::Alive) => self.metrics.heartbeats.inc(),
            Ok(Answer::Counted { .. }) => self.metrics.downloads.inc(),
            Ok(Answer::Swept { .. }) => self.metrics.sweeps.inc(),
            _ => 0,
        };
    }

    fn show_figures(&self) {
        let stats = &self.published.load().view.stats;
        set_gauge(&self.metrics.peers_total, stats.total_peers);
        set_gauge(&self.metrics.peers_online, stats.online_peers);
        set_gauge(&self.metrics.files, stats.total_files);
        set_gauge(&self.metrics.file_bytes, stats.total_bytes);
    }
}

/// Takes what waits, up to the bounds of a batch.
fn collect(first: Envelope, queue: &mut mpsc::Receiver<Envelope>) -> Vec<Envelope> {
    let changes_of = |envelope: &Envelope| match &envelope.command {
        Command::ChangeFiles { changes, .. } => changes.len(),
        _ => 0,
    };
    let mut change_count = changes_of(&first);
    let mut batch = vec![first];
    while batch.len() < BATCH_MAX_COMMANDS
        && change_count < BATCH_MAX_CHANGES
        && let Ok(next) = queue.try_recv()
    {
        change_count += changes_of(&next);
        batch.push(next);
    }
    batch
}

async fn load_world(journal: &Arc<dyn Journal>) -> Result<(World, Position), JournalError> {
    let journal = Arc::clone(journal);
    let loading = tokio::task::spawn_blocking(move || compaction::load(&*journal));
    loading.await.unwrap_or_else(|error| {
        Err(JournalError::Store {
            operation: "replay",
            path: "journal".into(),
            detail: error.to_string(),
        })
    })
}

fn tables(world: &World, presence: &Presence) -> (Table<Arc<PeerEntry>>, Table<Credential>) {
    let entries: HashMap<PeerId, Arc<PeerEntry>> = world
        .peers()
        .filter_map(|(id, _)| {
            let entry = world.peer_entry(id, presence.heard_at(id))?;
            Some((*id, Arc::new(entry)))
        })
        .collect();
    let credentials = world
        .peers()
        .map(|(id, peer)| (*id, Credential::from(&**peer)))
        .collect();
    (Table::new(entries), Table::new(credentials))
}

fn figures(world: &World, catalog: &CatalogView, now: Timestamp) -> NetworkStats {
    let (total, online) = (world.peer_count(), world.online_count());
    let health = (online * 100).checked_div(total).unwrap_or(100);
    NetworkStats {
        total_peers: total,
        online_peers: online,
        total_files: catalog.file_count(),
        total_bytes: catalog.byte_count(),
        total_downloads: world.download_count(),
        network_health: u8::try_from(health).unwrap_or(100),
        last_updated: now,
    }
}

/// Whether the figures are the same, whenever they were made.
fn is_same(one: &NetworkStats, other: &NetworkStats) -> bool {
    let at = one.last_updated;
    let other = NetworkStats {
        last_updated: at,
        ..other.clone()
    };
    *one == other
}

/// What watchers are told, with the owner and the sources as they now stand.
fn change_of(news: News, before: &View, after: &View) -> Option<Change> {
    let peer = |id: &PeerId| {
        after
            .peers
            .get(id)
            .or_else(|| before.peers.get(id))
            .cloned()
    };
    let file = |entry: FileEntry| {
        Some(FileNews {
            owner: peer(&entry.owner)?,
            sources: after.catalog.sources(&entry.hash),
            entry,
        })
    };
    Some(match news {
        News::PeerRegistered(id) => Change::PeerRegistered(peer(&id)?),
        News::PeerOnline(id) => Change::PeerOnline(peer(&id)?),
        News::PeerOffline(id) => Change::PeerOffline(peer(&id)?),
        News::PeerLeft(id) => Change::PeerLeft(peer(&id)?),
        News::FileRegistered(entry) => Change::FileRegistered(file(entry)?),
        News::FileRemoved(entry) => Change::FileRemoved(file(entry)?),
        News::FilesChanged {
            owner,
            added,
            updated,
            removed,
            sample,
        } => Change::FilesChanged {
            owner,
            added,
            updated,
            removed,
            sample: sample.into_iter().filter_map(file).collect(),
        },
        News::Download(entry) => Change::Download(file(entry)?),
    })
}

fn kind_of(command: &Command) -> &'static str {
    match command {
        Command::Register(_) => "register",
        Command::Heartbeat(_) => "heartbeat",
        Command::Leave { .. } => "leave",
        Command::ChangeFiles { .. } => "change_files",
        Command::Report { .. } => "report",
        Command::Rate { .. } => "rate",
        Command::CountDownload { .. } => "count_download",
        Command::Sweep => "sweep",
    }
}

fn journal_failed() -> Refusal {
    Refusal::new(
        Slug::Internal,
        "the index could not write its journal and changed nothing; its log says why",
    )
}
