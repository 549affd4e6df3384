//! The only way to change anything: one task takes a batch of commands, decides, journals, applies,
//! swaps the view, publishes, answers.
//!
//! Knows nothing of HTTP.

mod after_loss;
mod collected;
mod compaction;
mod durable;
mod failing;
#[cfg(test)]
mod kit;
mod looking;
mod mending;
mod presence;
mod published;
mod rescue;
mod rest;
mod shelved;
mod shelving;
mod start;
mod task;
mod telling;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use protocol::problem::Slug;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::command::{Actor, Answer, Command, Refusal};
use crate::config::Config;
use crate::decide::Rules;
use crate::feed::{Change, Feed};
use crate::journal::{Journal, JournalError};
use crate::metrics::{Metrics, set_gauge};
use crate::peers::unknown_peer;
use crate::shelf::Shelf;
use crate::view::View;
pub use compaction::compact;
use published::Published;
pub use rescue::{Rescued, Source, rescue};
use task::Task;

/// Commands that may wait: 4,096 small ones are 2 MB, and a second's work.
const QUEUE_MAX_COUNT: usize = 4_096;

/// File changes that may wait, over all commands: at some 400 bytes each, 26 MB.
const WAITING_CHANGES_MAX_COUNT: usize = 65_536;

/// How long file changes may wait for room in the queue; their sender is held up meanwhile.
const ROOM_WAIT: Duration = Duration::from_secs(5);

/// Whoever is told of changes, in order; must not wait for a reader.
pub trait Publish: Send + Sync {
    /// Publishes changes that happened together.
    fn publish(&self, at: Timestamp, changes: Vec<Change>);
}

impl Publish for Feed {
    fn publish(&self, at: Timestamp, changes: Vec<Change>) {
        Self::publish(self, at, changes);
    }
}

/// The periods that the sequencer goes by.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// What peers are told.
    pub heartbeat_interval: Duration,
    /// Silence after which a peer is offline.
    pub offline_after: Duration,
    /// How often silence is looked for.
    pub sweep_every: Duration,
    /// Silence after which a peer and its records are dropped.
    pub forget_after: Duration,
    /// Figures that decisions go by.
    pub rules: Rules,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        Self {
            heartbeat_interval: config.heartbeat_interval,
            offline_after: config.offline_after,
            sweep_every: config.sweep_every,
            forget_after: config.forget_after,
            rules: Rules {
                limits_loopback: config.limit_loopback,
                ..Rules::default()
            },
        }
    }
}

/// What the sequencer is made of.
pub struct Parts {
    /// Holds what was acknowledged.
    pub journal: Arc<dyn Journal>,
    /// Where the state is put down for a quick start.
    pub shelf: Option<Shelf>,
    /// Is told of changes.
    pub feed: Box<dyn Publish>,
    /// Instruments.
    pub metrics: Arc<Metrics>,
    /// Reads the time.
    pub clock: Clock,
    /// Periods and rules.
    pub settings: Settings,
}

/// A cheap handle to ask the sequencer and to read what it made.
#[derive(Clone)]
pub struct Index {
    shared: Arc<Shared>,
}

struct Shared {
    queue: mpsc::Sender<Envelope>,
    room: Arc<Semaphore>,
    published: Arc<ArcSwap<Published>>,
    metrics: Arc<Metrics>,
    clock: Clock,
    /// Cancelled when the task ended in a panic.
    broken: CancellationToken,
}

/// Tells when what it was made for did not come to its end.
struct ToItsEnd(Option<CancellationToken>);

impl ToItsEnd {
    fn reached(mut self) {
        self.0 = None;
    }
}

impl Drop for ToItsEnd {
    fn drop(&mut self) {
        if let Some(broken) = self.0.take() {
            broken.cancel();
        }
    }
}

/// A command on its way to the task.
struct Envelope {
    command: Command,
    /// Absent for what the task asks of itself.
    reply: Option<oneshot::Sender<Result<Answer, Refusal>>>,
    /// Held until the command is done.
    room: Option<OwnedSemaphorePermit>,
}

/// Ends the task; also when dropped, but then nobody waits for it.
#[derive(Debug)]
pub struct Stopper {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Stopper {
    /// Refuses new commands, carries out those that wait, and closes the journal.
    pub async fn stop(self) {
        // An error means that the task has ended already.
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the sequencer did not end as it should");
        }
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("journal", &self.journal)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Index {
    /// Replays the journal and starts the task; when this yields, readers see the state that was
    /// acknowledged last.
    ///
    /// # Errors
    /// [`JournalError`] when the journal cannot be read.
    pub async fn start(parts: Parts) -> Result<(Self, Stopper), JournalError> {
        let metrics = Arc::clone(&parts.metrics);
        let clock = parts.clock;
        let (queue, waiting) = mpsc::channel(QUEUE_MAX_COUNT);
        let (stop, stopped) = oneshot::channel();
        let task = Task::load(parts).await?;
        let published = task.published();
        let broken = CancellationToken::new();
        let to_its_end = ToItsEnd(Some(broken.clone()));
        let task = tokio::spawn(async move {
            task.run(waiting, stopped).await;
            to_its_end.reached();
        });
        let shared = Shared {
            queue,
            room: Arc::new(Semaphore::new(WAITING_CHANGES_MAX_COUNT)),
            published,
            metrics,
            clock,
            broken,
        };
        let index = Self {
            shared: Arc::new(shared),
        };
        Ok((index, Stopper { stop, task }))
    }

    /// Carries out a command; once this yields `Ok`, its records are durable and readers see them.
    ///
    /// # Errors
    /// The [`Refusal`] of a rule; `Slug::Overloaded` when the queue is full (file changes wait for
    /// room a few seconds first), `Slug::ShuttingDown` when it has stopped, `Slug::Internal` when
    /// the journal failed.
    ///
    /// # Cancel safety
    /// A command that has been taken is carried out although nobody waits for its answer.
    pub async fn ask(&self, command: Command) -> Result<Answer, Refusal> {
        let room = self.room_for(&command).await?;
        let (reply, answer) = oneshot::channel();
        let envelope = Envelope {
            command,
            reply: Some(reply),
            room,
        };
        self.shared
            .queue
            .try_send(envelope)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => {
                    self.shared.metrics.queue_refused.inc();
                    overloaded()
                }
                mpsc::error::TrySendError::Closed(_) => shutting_down(),
            })?;
        self.shared.metrics.queue_depth.inc();
        answer.await.unwrap_or_else(|_| Err(shutting_down()))
    }

    /// Whether the task ended in a panic: nothing can be changed any more.
    pub fn is_broken(&self) -> bool {
        self.shared.broken.is_cancelled()
    }

    /// Ends when the task ended in a panic.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub fn broken(&self) -> impl Future<Output = ()> + use<> {
        self.shared.broken.clone().cancelled_owned()
    }

    /// The state that readers see now.
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.shared.published.load().view)
    }

    /// Checks that the caller may act as the peer it claims to be, from the current state, without
    /// a trip through the queue (for reads that are for the owner only, and before a long body).
    ///
    /// # Errors
    /// The same refusals as the commands.
    pub fn check_actor(&self, actor: &Actor) -> Result<(), Refusal> {
        let published = self.shared.published.load();
        let credential = published.credentials.get(&actor.peer);
        credential
            .ok_or_else(unknown_peer)?
            .check(actor, self.shared.clock.now())
    }

    /// Room for the changes of a command; others are bounded by the queue alone.
    async fn room_for(&self, command: &Command) -> Result<Option<OwnedSemaphorePermit>, Refusal> {
        let Command::ChangeFiles { changes, .. } = command else {
            return Ok(None);
        };
        let count = changes.len().min(WAITING_CHANGES_MAX_COUNT);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let (metrics, room) = (&self.shared.metrics, &self.shared.room);
        let waiting = WAITING_CHANGES_MAX_COUNT.saturating_sub(room.available_permits());
        set_gauge(&metrics.changes_waiting, waiting as u64);
        if let Ok(room) = Arc::clone(room).try_acquire_many_owned(count) {
            return Ok(Some(room));
        }
        metrics.changes_held_up.inc();
        let room = Arc::clone(room).acquire_many_owned(count);
        match tokio::time::timeout(ROOM_WAIT, room).await {
            Ok(Ok(room)) => Ok(Some(room)),
            Ok(Err(_)) => Err(shutting_down()),
            Err(_) => {
                metrics.changes_refused.inc();
                Err(overloaded())
            }
        }
    }
}

fn overloaded() -> Refusal {
    Refusal::new(
        Slug::Overloaded,
        "too many changes are waiting already; try again in a few seconds",
    )
}

fn shutting_down() -> Refusal {
    Refusal::new(
        Slug::ShuttingDown,
        "the index is stopping; try again once it is back",
    )
}
