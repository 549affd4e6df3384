//! What the index does about its journal: trusts it, puts it in short, or writes it anew because it
//! is damaged.

use super::compaction;
use crate::journal::{Journal, JournalError, Position};
use crate::shelf::ShelfError;
use crate::world::snapshot::Still;

/// How far the journal can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// Nothing speaks against it.
    Whole,
    /// It is damaged, and is to be written anew.
    Damaged,
    /// That failed: nothing is taken until it is done.
    Lost,
}

/// How what the index holds is put down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tidying {
    /// On the shelf.
    Shelve,
    /// In the journal too, in the place of what led to it.
    Compact,
    /// In a journal that is written anew.
    Mend,
}

/// Why what the index holds was not put down.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Journal(JournalError),
    #[error(transparent)]
    Mending(JournalError),
    #[error(transparent)]
    Shelf(ShelfError),
}

/// Puts what the index holds down in the journal, where that is how.
///
/// # Errors
/// [`Failure`] by what was tried.
pub(super) fn put_in_journal(
    how: Tidying,
    journal: &dyn Journal,
    position: Position,
    still: &Still,
) -> Result<(), Failure> {
    match how {
        Tidying::Shelve => Ok(()),
        Tidying::Compact => compaction::replace(journal, position, still).map_err(Failure::Journal),
        Tidying::Mend => {
            let kept = compaction::renew(journal, position, still).map_err(Failure::Mending)?;
            tracing::warn!(
                kept_as = kept.map(|path| path.display().to_string()),
                "the damaged journal was written anew and is whole: nothing is lost; the damaged \
                 file is kept, and may be removed"
            );
            Ok(())
        }
    }
}
