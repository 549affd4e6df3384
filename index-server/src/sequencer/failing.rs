//! What callers and the log are told while the journal does not take changes.

use std::time::Duration;

use protocol::problem::Slug;
use tokio::time::Instant;

use crate::command::Refusal;
use crate::journal::JournalError;

/// How often the log is told of the same.
const TOLD_EVERY: Duration = Duration::from_mins(1);
/// After how long it is worth while to try again.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// Why records are not durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AppendFailure {
    /// They could not be written.
    NotWritten,
    /// There is no room for them.
    Full,
    /// The journal is not what was written to it.
    Damaged,
    /// The journal stands elsewhere: the world must be loaded again first.
    Moved,
}

impl AppendFailure {
    pub(super) fn of(error: &JournalError) -> Self {
        match error {
            JournalError::Moved { .. } => Self::Moved,
            JournalError::Full { .. } => Self::Full,
            error if error.is_damage() => Self::Damaged,
            _ => Self::NotWritten,
        }
    }

    /// What the callers are told.
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::Full => Refusal::new(
                Slug::DiskFull,
                "the disk of the index is full: this change was not taken; send it again once \
                 there is room",
            )
            .after(TRY_AGAIN),
            Self::Damaged => Refusal::new(
                Slug::JournalDamaged,
                "the journal of the index is damaged and is written anew: this change was not \
                 taken; send it again later (its log says more)",
            )
            .after(TRY_AGAIN),
            Self::NotWritten | Self::Moved => Refusal::new(
                Slug::Internal,
                "the index could not write its journal: this change was not taken; its log says \
                 why",
            ),
        }
    }
}

/// A row of refused changes, of which the log is told now and then.
#[derive(Debug, Default)]
pub(super) struct Failing {
    told_at: Option<Instant>,
    untold_count: u64,
}

impl Failing {
    /// Takes note of changes that were refused.
    pub(super) fn refused(&mut self, why: &dyn std::fmt::Display, now: Instant) {
        self.untold_count += 1;
        if self.told_at.is_none_or(|at| now >= at + TOLD_EVERY) {
            tracing::error!(
                error = %why,
                batches = self.untold_count,
                "changes are refused: the journal does not take them (told once a minute)"
            );
            self.told_at = Some(now);
            self.untold_count = 0;
        }
    }

    /// Takes note of changes that were taken.
    pub(super) fn taken(&mut self) {
        if self.told_at.take().is_some() {
            tracing::info!("the journal takes changes again");
            self.untold_count = 0;
        }
    }
}
