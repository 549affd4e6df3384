//! The loop of the one task that owns the world.

mod showing;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use protocol::ids::PeerId;
use protocol::stats::NetworkStats;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::after_loss::ends_of_sessions;
use super::collected::{Caller, collect};
use super::durable::{Appending, Durable};
use super::failing::AppendFailure;
use super::presence::Presence;
use super::published::{Published, Readers};
use super::rest::{Doing, Rest};
use super::shelving::Moment;
use super::telling::figures;
use super::{Envelope, Parts, Publish, Settings};
use crate::clock::Clock;
use crate::command::{Answer, Command, Refusal};
use crate::decide::{Draft, News, decide};
use crate::feed::Change;
use crate::journal::JournalError;
use crate::metrics::{Metrics, set_gauge};
use crate::record::Record;
use crate::world::{Ground, World};
use showing::Applied;

/// How often figures and times heard are brought to readers at most.
const TIDY_EVERY: Duration = Duration::from_secs(1);

/// The owner of the world.
pub(super) struct Task {
    world: World,
    durable: Durable,
    presence: Presence,
    readers: Readers,
    feed: Box<dyn Publish>,
    metrics: Arc<Metrics>,
    clock: Clock,
    settings: Settings,
    /// The figures that watchers were told last.
    stats_told: NetworkStats,
    tidied_at: Option<Instant>,
    rest: Rest,
    /// What readers are to be shown.
    applied: Option<Applied>,
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
            shelf,
            feed,
            metrics,
            clock,
            settings,
        } = parts;
        let loading = Durable::load(journal, shelf, Arc::clone(&metrics), clock);
        let (mut durable, mut world) = loading.await?;
        let (now, instant) = (clock.now(), clock.instant());
        let missing_count = durable.missing_count();
        if missing_count > 0 {
            metrics.records_lost.inc_by(missing_count);
            end_sessions(&mut durable, &mut world, now).await;
        }
        let presence = Presence::at_start(&world, settings, now, instant);
        let catalog = world.files_mut().view();
        let stats = figures(&world, &catalog, now);
        let readers = Readers::new(&world, &presence, catalog, stats.clone());
        let mut task = Self {
            world,
            durable,
            presence,
            readers,
            feed,
            metrics,
            clock,
            settings,
            stats_told: stats,
            tidied_at: None,
            rest: Rest::default(),
            applied: None,
        };
        task.rest.note(doing(&task.world), instant);
        task.show_figures();
        Ok(task)
    }

    /// What readers load from.
    pub(super) fn published(&self) -> Arc<ArcSwap<Published>> {
        self.readers.published()
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
            let (tidy_at, look_at) = (self.tidy_at(), self.rest.look_at());
            let is_pressing = self.durable.is_pressing();
            tokio::select! {
                biased;
                _ = &mut stop, if !is_stopping => {
                    queue.close();
                    is_stopping = true;
                }
                _ = sweep.tick() => {
                    let command = Command::Sweep;
                    self.take(vec![Envelope { command, reply: None, room: None }]).await;
                    self.show_applied();
                }
                () = sleep_until(tidy_at.unwrap_or_else(Instant::now)), if tidy_at.is_some() => {
                    self.tidy();
                }
                () = sleep_until(look_at.unwrap_or_else(Instant::now)), if look_at.is_some() => {
                    self.look_at_merges().await;
                }
                () = is_pressing => self.durable.tidy_if_due(&mut self.world, Moment::Busy).await,
                first = queue.recv() => match first {
                    Some(first) => {
                        let batch = collect(first, &mut queue);
                        set_gauge(&self.metrics.queue_depth, queue.len() as u64);
                        self.take(batch).await;
                        if queue.is_empty() {
                            self.show_applied();
                        }
                    }
                    None => break,
                },
            }
        }
        self.durable.close(&mut self.world).await;
    }

    /// Carries out a batch. While it goes to the disk readers are shown the one before; this one they
    /// are shown by [`Self::show_applied`], with the next or when nothing else waits.
    async fn take(&mut self, batch: Vec<Envelope>) {
        self.metrics.batch_commands.observe(batch.len() as f64);
        let is_sweep = (batch.iter()).any(|envelope| matches!(envelope.command, Command::Sweep));
        let (commands, callers): (Vec<Command>, Vec<Caller>) =
            batch.into_iter().map(Envelope::open).unzip();
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
        } = self.decide(commands, now, instant);
        let is_empty = records.is_empty();
        let appending = self.durable.begin(&records);
        self.show_applied();
        match self.commit(appending).await {
            Ok(()) => self.apply(records, news, callers, outcomes),
            Err(refusal) => {
                // What was decided may stand on what is not durable.
                for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
                    *outcome = Err(refusal.clone());
                }
                for id in alive {
                    let peer = self.world.peer_state(&id).map(|peer| &**peer);
                    self.presence.settle(id, peer, instant);
                }
                self.answer(callers, outcomes);
            }
        }
        // Nothing but a look at who is silent: nobody sends anything.
        let moment = if is_empty && is_sweep {
            Moment::Calm
        } else {
            Moment::Busy
        };
        self.durable.tidy_if_due(&mut self.world, moment).await;
    }

    fn decide(&mut self, commands: Vec<Command>, now: Timestamp, instant: Instant) -> Decided {
        let Self {
            world,
            presence,
            settings,
            ..
        } = self;
        let mut draft = Draft::on(world);
        let mut decided = Decided {
            records: Vec::new(),
            outcomes: Vec::with_capacity(commands.len()),
            news: Vec::new(),
            alive: Vec::new(),
        };
        for command in commands {
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

    /// Waits until records are durable.
    async fn commit(&mut self, appending: Appending) -> Result<(), Refusal> {
        let Err(failure) = self.durable.end(appending).await else {
            return Ok(());
        };
        if failure == AppendFailure::Moved {
            self.reload().await;
        }
        Err(failure.refusal())
    }

    /// Takes the world from the journal again: an append that was reported as failed had been made.
    async fn reload(&mut self) {
        match self.durable.reload().await {
            Ok(world) => self.world = world,
            Err(error) => {
                tracing::error!(%error, "the journal could not be read again");
                return;
            }
        }
        let (now, instant) = (self.clock.now(), self.clock.instant());
        for (id, peer) in self.world.peers() {
            self.presence.settle(*id, Some(peer), instant);
        }
        self.readers.renew(&self.world, &self.presence);
        let catalog = self.world.files_mut().view();
        self.swap(catalog, now);
    }

    /// When readers are to be brought what may wait: a second after the last time, at most.
    fn tidy_at(&self) -> Option<Instant> {
        let is_told = self.readers.view().stats.is_same(&self.stats_told);
        if is_told && !self.presence.is_fresh() {
            return None;
        }
        let now = self.clock.instant();
        let earliest = self.tidied_at.map_or(now, |last| last + TIDY_EVERY);
        Some(earliest.max(now))
    }

    /// Brings readers the times that peers were heard, and watchers the figures.
    fn tidy(&mut self) {
        self.show_applied();
        self.tidied_at = Some(self.clock.instant());
        let now = self.clock.now();
        let fresh = self.presence.take_fresh();
        if !fresh.is_empty() {
            self.readers.refresh(&self.world, &self.presence, fresh);
            let catalog = Arc::clone(&self.readers.view().catalog);
            self.swap(catalog, now);
        }
        let figures = self.fresh_figures();
        self.publish(now, figures.into_iter().collect());
    }

    /// Shows readers the segments of a merge that has ended and what was put off, and begins a merge
    /// when little is written, or puts down what there is.
    async fn look_at_merges(&mut self) {
        self.show_applied();
        let (now, instant) = (self.clock.now(), self.clock.instant());
        if self.rest.may_catch_up(doing(&self.world), instant) {
            self.world.files_mut().catch_up();
        }
        let catalog = self.world.files_mut().view();
        if !Arc::ptr_eq(&catalog, &self.readers.view().catalog) {
            self.swap(catalog, now);
        }
        if self.rest.look(doing(&self.world), instant) {
            let has_begun = self.world.files_mut().gather();
            self.rest.began(has_begun, instant);
        }
        // What is merged as far as it is for now is not written anew soon.
        if self.rest.is_at_rest(doing(&self.world), instant) {
            self.durable
                .tidy_if_due(&mut self.world, Moment::Calm)
                .await;
        }
    }

    /// The figures, where watchers have not been told of them.
    fn fresh_figures(&mut self) -> Option<Change> {
        let stats = self.readers.view().stats.clone();
        if stats.is_same(&self.stats_told) {
            return None;
        }
        self.stats_told = stats.clone();
        Some(Change::Stats(stats))
    }

    fn show_figures(&self) {
        let view = self.readers.view();
        let stats = &view.stats;
        set_gauge(&self.metrics.peers, stats.total_peers);
        set_gauge(&self.metrics.peers_online, stats.online_peers);
        set_gauge(&self.metrics.files, stats.total_files);
        set_gauge(&self.metrics.file_bytes, stats.total_bytes);
        set_gauge(&self.metrics.segments, view.catalog.segment_count() as u64);
    }
}

/// After a loss. Where that cannot be written it is left: the disk says why, and a start after that
/// tries it again.
async fn end_sessions(durable: &mut Durable, world: &mut World, now: Timestamp) {
    let records = ends_of_sessions(world, now);
    let appending = durable.begin(&records);
    if durable.end(appending).await.is_ok() {
        for record in records {
            world.apply(record);
        }
    }
}

fn doing(world: &World) -> Doing {
    Doing {
        change_count: world.files().change_count(),
        is_merging: world.files().is_merging(),
        is_lagging: world.files().is_lagging(),
    }
}
