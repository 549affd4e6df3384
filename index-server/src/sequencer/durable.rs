//! The journal as the task uses it: appends and compactions run where they may block, and the task
//! always knows where the journal should stand.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::compaction;
use super::failing::{AppendFailure, Failing};
use super::looking::Looking;
use super::mending::{Failure, Tidying, Trust, put_in_journal};
use super::shelved::{self, Known, Place, TakenUp};
use super::shelving::{Moment, Unshelved};
use super::start::take_up_or_build;
use crate::clock::Clock;
use crate::journal::{Journal, JournalError, Position, Sizes};
use crate::metrics::Metrics;
use crate::record::Record;
use crate::shelf::Shelf;
use crate::world::World;

/// How long it is not tried again to put down in short what the index holds, once that failed.
const TIDYING_PAUSE: Duration = Duration::from_mins(10);
/// How long it is not tried again to write a damaged journal anew, once that failed.
const MENDING_PAUSE: Duration = Duration::from_mins(1);
/// A journal and where it stood after the last record that the world holds.
pub(super) struct Durable {
    journal: Arc<dyn Journal>,
    position: Position,
    metrics: Arc<Metrics>,
    clock: Clock,
    shelf: Option<Shelf>,
    /// What is on the shelf; none while nothing is.
    known: Option<Known>,
    /// How many facts the journal tells.
    fact_count: u64,
    /// Bytes appended since the world was put on the shelf.
    unshelved_bytes: u64,
    /// Bytes that are being put there, or in short in the journal.
    tidied_bytes: u64,
    tidying: Option<JoinHandle<Result<Tidied, Failure>>>,
    tidy_from: Instant,
    looking: Looking,
    trust: Trust,
    failing: Failing,
}

/// What was put down in short.
struct Tidied {
    how: Tidying,
    /// How many facts the journal tells no more.
    facts_gone: Option<u64>,
    known: Option<Known>,
}

/// Records on their way to the disk.
pub(super) enum Appending {
    /// There were none.
    Nothing,
    /// One of them could not be encoded.
    NotEncoded,
    /// The journal is damaged, and could not be written anew.
    NotTrusted,
    Begun {
        record_count: u64,
        fact_count: u64,
        bytes: u64,
        since: Instant,
        task: JoinHandle<Result<Position, JournalError>>,
    },
}

impl Durable {
    /// Replays `journal`.
    pub(super) async fn load(
        journal: Arc<dyn Journal>,
        shelf: Option<Shelf>,
        metrics: Arc<Metrics>,
        clock: Clock,
    ) -> Result<(Self, World), JournalError> {
        let mut durable = Self {
            journal,
            position: Position::default(),
            metrics,
            clock,
            shelf,
            known: None,
            fact_count: 0,
            unshelved_bytes: 0,
            tidied_bytes: 0,
            tidying: None,
            tidy_from: clock.instant(),
            looking: Looking::default(),
            trust: Trust::Whole,
            failing: Failing::default(),
        };
        let world = durable.reload().await?;
        Ok((durable, world))
    }

    /// The world that the journal now leads to.
    pub(super) async fn reload(&mut self) -> Result<World, JournalError> {
        let (journal, place) = (Arc::clone(&self.journal), self.shelf.clone());
        let loading =
            tokio::task::spawn_blocking(move || take_up_or_build(&*journal, place.as_ref()));
        let loaded = loading.await.unwrap_or_else(|error| {
            Err(JournalError::Store {
                operation: "replay",
                path: "journal".into(),
                detail: error.to_string(),
            })
        });
        let TakenUp {
            world,
            position,
            known,
            sizes,
            fact_count,
        } = loaded?;
        (self.position, self.fact_count) = (position, fact_count);
        let bytes = |sizes: Sizes| sizes.snapshot_bytes + sizes.tail_bytes;
        self.unshelved_bytes = bytes(self.journal.sizes()).saturating_sub(bytes(sizes));
        // From the shelf: what came before was not read.
        let is_from_shelf = sizes != Sizes::default();
        self.known = is_from_shelf.then_some(known);
        if is_from_shelf {
            self.looking = Looking::begin(Arc::clone(&self.journal));
        }
        Ok(world)
    }

    /// How many records were acknowledged and are not in the journal any more.
    pub(super) fn missing_count(&self) -> u64 {
        self.journal.missing_count()
    }

    /// Begins to make records durable, all or none; [`Self::end`] tells how it went.
    pub(super) fn begin(&self, records: &[Record]) -> Appending {
        if records.is_empty() {
            return Appending::Nothing;
        }
        if self.trust == Trust::Lost {
            return Appending::NotTrusted;
        }
        let encoded: Result<Vec<Vec<u8>>, _> = records.iter().map(Record::encode).collect();
        let encoded = match encoded {
            Ok(encoded) => encoded,
            Err(error) => {
                tracing::error!(%error, "a record could not be encoded");
                return Appending::NotEncoded;
            }
        };
        let bytes = encoded.iter().map(|record| record.len() as u64).sum();
        let (journal, expected) = (Arc::clone(&self.journal), self.position);
        Appending::Begun {
            record_count: records.len() as u64,
            fact_count: records.iter().map(Record::fact_count).sum(),
            bytes,
            since: self.clock.instant(),
            task: tokio::task::spawn_blocking(move || journal.append(expected, &encoded)),
        }
    }

    /// Waits until what was begun last is durable.
    pub(super) async fn end(&mut self, appending: Appending) -> Result<(), AppendFailure> {
        let (record_count, fact_count, bytes, since, task) = match appending {
            Appending::Nothing => return Ok(()),
            Appending::NotEncoded => return Err(AppendFailure::NotWritten),
            Appending::NotTrusted => {
                let why = "it is damaged and could not be written anew";
                self.failing.refused(&why, self.clock.instant());
                return Err(AppendFailure::Damaged);
            }
            Appending::Begun {
                record_count,
                fact_count,
                bytes,
                since,
                task,
            } => (record_count, fact_count, bytes, since, task),
        };
        let appended = task.await;
        let elapsed = self.clock.instant().duration_since(since);
        self.metrics.commit_seconds.observe(elapsed.as_secs_f64());
        let failure = match appended {
            Ok(Ok(position)) => {
                self.failing.taken();
                self.position = position;
                self.unshelved_bytes += bytes;
                self.fact_count += fact_count;
                self.metrics.records_journalled.inc_by(record_count);
                self.metrics.record_bytes_journalled.inc_by(bytes);
                return Ok(());
            }
            Ok(Err(error)) => {
                self.failing.refused(&error, self.clock.instant());
                AppendFailure::of(&error)
            }
            Err(error) => {
                self.failing.refused(&error, self.clock.instant());
                AppendFailure::NotWritten
            }
        };
        if failure == AppendFailure::Damaged && self.trust == Trust::Whole {
            self.trust = Trust::Damaged;
        }
        self.metrics.journal_failures.inc();
        Err(failure)
    }

    /// Starts a compaction of `world`, which is what was appended so far, when the tail has outgrown
    /// the snapshot and much of it holds no more, and puts it on the
    /// shelf when much has come since it was; nobody waits for it.
    pub(super) async fn tidy_if_due(&mut self, world: &mut World, moment: Moment) {
        if let Some(running) = &self.tidying {
            if !running.is_finished() {
                return;
            }
            self.end_tidying().await;
        }
        if self.looking.take_found() && self.trust == Trust::Whole {
            self.trust = Trust::Damaged;
            // Whatever failed before has another reason now.
            self.tidy_from = self.clock.instant();
        }
        let may_try = moment == Moment::End || self.clock.instant() >= self.tidy_from;
        if may_try && let Some(how) = self.due(world, moment) {
            self.start_tidying(world, how);
        }
    }

    fn due(&self, world: &World, moment: Moment) -> Option<Tidying> {
        if self.trust != Trust::Whole {
            return Some(Tidying::Mend);
        }
        let sizes = self.journal.sizes();
        let is_short = || !compaction::is_worth(world, self.fact_count);
        // What is looked through is not taken away meanwhile.
        if sizes.is_compaction_due() && !self.looking.is_running() && !is_short() {
            return Some(Tidying::Compact);
        }
        let unshelved = Unshelved {
            bytes: self.unshelved_bytes,
            all_bytes: sizes.snapshot_bytes + sizes.tail_bytes,
            is_first: self.known.is_none(),
        };
        let is_due = || unshelved.is_due(moment, world.files().is_merging_many());
        (self.shelf.is_some() && is_due()).then_some(Tidying::Shelve)
    }

    /// Ends once something is to be looked at by [`Self::tidy_if_due`] at once.
    pub(super) fn is_pressing(&self) -> impl Future<Output = ()> + use<> {
        self.looking.found()
    }

    fn start_tidying(&mut self, world: &mut World, how: Tidying) {
        let (journal, position) = (Arc::clone(&self.journal), self.position);
        let (beside, known) = (self.shelf.clone(), self.known.clone().unwrap_or_default());
        let mut sizes = journal.sizes();
        let (told_count, held_count) = (self.fact_count, world.fact_count());
        let still = world.still();
        self.tidied_bytes = std::mem::take(&mut self.unshelved_bytes);
        self.tidying = Some(tokio::task::spawn_blocking(move || {
            put_in_journal(how, &*journal, position, &still)?;
            let is_short = how != Tidying::Shelve;
            if is_short {
                sizes = Sizes {
                    tail_records: 0,
                    tail_bytes: 0,
                    ..journal.sizes()
                };
            }
            let seal = journal.seal(position).map_err(Failure::Journal)?;
            let known = match (beside, seal) {
                (Some(beside), Some(seal)) => {
                    let at = Place {
                        position,
                        seal,
                        sizes,
                        fact_count: if is_short { held_count } else { told_count },
                    };
                    match shelved::put_down(&beside, &known, at, &still) {
                        Ok(known) => Some(known),
                        // The journal is whole again, which is what counts.
                        Err(_) if how == Tidying::Mend => None,
                        Err(error) => return Err(Failure::Shelf(error)),
                    }
                }
                _ => None,
            };
            Ok(Tidied {
                how,
                facts_gone: is_short.then(|| told_count.saturating_sub(held_count)),
                known,
            })
        }));
    }

    async fn end_tidying(&mut self) {
        let Some(running) = self.tidying.take() else {
            return;
        };
        let ended = running.await;
        let tidied_bytes = std::mem::take(&mut self.tidied_bytes);
        if !matches!(ended, Ok(Ok(_))) {
            self.unshelved_bytes += tidied_bytes;
        }
        let failure = match ended {
            Ok(Ok(tidied)) => return self.has_tidied(tidied),
            Ok(Err(Failure::Mending(error))) => return self.has_not_mended(&error),
            Ok(Err(failure)) => {
                let is_journal = matches!(failure, Failure::Journal(_));
                self.metrics.journal_failures.inc_by(is_journal.into());
                failure.to_string()
            }
            Err(error) => error.to_string(),
        };
        self.tidy_from = self.clock.deadline(TIDYING_PAUSE);
        tracing::warn!(
            error = failure,
            "what the index holds could not be put down in short; nothing is lost, but the next \
             start takes longer; it is tried again in ten minutes"
        );
    }

    fn has_tidied(&mut self, tidied: Tidied) {
        let is_compacted = tidied.how == Tidying::Compact;
        self.metrics.compactions.inc_by(is_compacted.into());
        self.fact_count -= tidied.facts_gone.unwrap_or_default();
        self.known = tidied.known;
        if tidied.how == Tidying::Mend {
            self.trust = Trust::Whole;
            self.metrics.count_damaged_journal("mended");
        }
    }

    fn has_not_mended(&mut self, error: &JournalError) {
        self.trust = Trust::Lost;
        self.tidy_from = self.clock.deadline(MENDING_PAUSE);
        self.metrics.journal_failures.inc();
        tracing::error!(
            %error,
            "the damaged journal could not be written anew; changes are refused until that is done, \
             which is tried again in a minute; leave the index running: it holds everything"
        );
    }

    /// Puts `world` on the shelf where anything has come since it was, and lets go of the store.
    pub(super) async fn close(mut self, world: &mut World) {
        self.looking.end().await;
        self.end_tidying().await;
        self.tidy_if_due(world, Moment::End).await;
        self.end_tidying().await;
        let journal = self.journal;
        if let Err(error) = tokio::task::spawn_blocking(move || journal.close()).await {
            tracing::error!(%error, "the journal could not be closed");
        }
    }
}
