//! The journal as the task uses it: appends and compactions run where they may block, and the task
//! always knows where the journal should stand.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::compaction;
use crate::clock::Clock;
use crate::journal::{Journal, JournalError, Position};
use crate::metrics::Metrics;
use crate::record::Record;
use crate::world::{PlainFiles, World};

/// How long a compaction that failed is not tried again.
const COMPACTION_PAUSE: Duration = Duration::from_mins(10);

/// A journal and where it stood after the last record that the world holds.
pub(super) struct Durable {
    journal: Arc<dyn Journal>,
    position: Position,
    metrics: Arc<Metrics>,
    clock: Clock,
    compaction: Option<JoinHandle<Result<(), JournalError>>>,
    compact_from: Instant,
}

/// Why records are not durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AppendFailure {
    /// They could not be written.
    NotWritten,
    /// The journal stands elsewhere: the world must be loaded again first.
    Moved,
}

impl Durable {
    /// Replays `journal`.
    pub(super) async fn load(
        journal: Arc<dyn Journal>,
        metrics: Arc<Metrics>,
        clock: Clock,
    ) -> Result<(Self, World), JournalError> {
        let mut durable = Self {
            journal,
            position: Position::default(),
            metrics,
            clock,
            compaction: None,
            compact_from: clock.instant(),
        };
        let world = durable.reload().await?;
        Ok((durable, world))
    }

    /// The world that the journal now leads to.
    pub(super) async fn reload(&mut self) -> Result<World, JournalError> {
        let journal = Arc::clone(&self.journal);
        let loading = tokio::task::spawn_blocking(move || {
            let (world, position) = compaction::load::<PlainFiles>(&*journal)?;
            Ok((world.into_searchable(), position))
        });
        let loaded = loading.await.unwrap_or_else(|error| {
            Err(JournalError::Store {
                operation: "replay",
                path: "journal".into(),
                detail: error.to_string(),
            })
        });
        let (world, position) = loaded?;
        self.position = position;
        Ok(world)
    }

    /// Makes records durable, all or none.
    pub(super) async fn append(&mut self, records: &[Record]) -> Result<(), AppendFailure> {
        if records.is_empty() {
            return Ok(());
        }
        let encoded: Result<Vec<Vec<u8>>, _> = records.iter().map(Record::encode).collect();
        let encoded = encoded.map_err(|error| {
            tracing::error!(%error, "a record could not be encoded");
            AppendFailure::NotWritten
        })?;
        let bytes: u64 = encoded.iter().map(|record| record.len() as u64).sum();
        let (journal, expected) = (Arc::clone(&self.journal), self.position);
        let started_at = self.clock.instant();
        let appending = tokio::task::spawn_blocking(move || journal.append(expected, &encoded));
        let appended = appending.await;
        let elapsed = self.clock.instant().duration_since(started_at);
        self.metrics.commit_seconds.observe(elapsed.as_secs_f64());
        let failure = match appended {
            Ok(Ok(position)) => {
                self.position = position;
                self.metrics.records_journalled.inc_by(records.len() as u64);
                self.metrics.record_bytes_journalled.inc_by(bytes);
                return Ok(());
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "changes were refused because the journal failed");
                match error {
                    JournalError::Moved { .. } => AppendFailure::Moved,
                    _ => AppendFailure::NotWritten,
                }
            }
            Err(error) => {
                tracing::error!(%error, "the journal gave up on an append");
                AppendFailure::NotWritten
            }
        };
        self.metrics.journal_failures.inc();
        Err(failure)
    }

    /// Starts a compaction of `world`, which is what was appended so far, when the tail has outgrown
    /// the snapshot; nobody waits for it.
    pub(super) async fn compact_if_due(&mut self, world: &mut World) {
        if let Some(running) = &self.compaction {
            if !running.is_finished() {
                return;
            }
            self.end_compaction().await;
        }
        let is_allowed = self.clock.instant() >= self.compact_from;
        if is_allowed && self.journal.sizes().is_compaction_due() {
            let (journal, through) = (Arc::clone(&self.journal), self.position);
            let still = world.still();
            let work = move || compaction::replace(&*journal, through, &still);
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

    /// Waits for a compaction and lets go of the store.
    pub(super) async fn close(mut self) {
        self.end_compaction().await;
        let journal = self.journal;
        if let Err(error) = tokio::task::spawn_blocking(move || journal.close()).await {
            tracing::error!(%error, "the journal could not be closed");
        }
    }
}
