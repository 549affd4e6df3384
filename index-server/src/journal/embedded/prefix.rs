//! What of a damaged journal stands before the damage: for whoever has nothing better to go on from.

use std::cell::Cell;

use redb::ReadTransaction;

use super::reading::figure;
use super::{EmbeddedJournal, THROUGH};
use crate::journal::{JournalError, Position, Sizes, Visit};

/// How far a damaged journal could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// After the last record that was read, or where the snapshot would have led.
    pub position: Position,
    /// Otherwise there is less than that position tells.
    pub is_snapshot_whole: bool,
}

impl EmbeddedJournal {
    /// Visits what stands before the first damage, in order.
    ///
    /// # Errors
    /// [`JournalError`] when there is nothing, and for a record that `visit` refuses.
    pub fn load_before_damage(&self, visit: &mut Visit<'_>) -> Result<Reached, JournalError> {
        let (count, is_refused) = (Cell::new(0), Cell::new(false));
        let mut counting = |record: &[u8]| {
            visit(record).inspect_err(|_| is_refused.set(true))?;
            count.set(count.get() + 1);
            Ok(())
        };
        let is_end = |error: &JournalError| error.is_damage() && !is_refused.get();
        let mut sizes = Sizes::default();
        let begun = self.reading(|| {
            let transaction = self.reader()?;
            let through = self.through(&transaction)?;
            Ok((transaction, through))
        });
        let (transaction, through) = begun?;
        let read = self.reading(|| self.visit_snapshot(&transaction, &mut sizes, &mut counting));
        let is_snapshot_whole = match read {
            Ok(()) => true,
            Err(error) if is_end(&error) && count.get() > 0 => false,
            Err(error) => return Err(error),
        };
        let mut position = through;
        if is_snapshot_whole {
            count.set(0);
            let read =
                self.reading(|| self.visit_tail(&transaction, through, &mut sizes, &mut counting));
            position = through.after(count.get());
            match read {
                Err(error) if !is_end(&error) || position == Position::default() => {
                    return Err(error);
                }
                _ => {}
            }
        }
        Ok(Reached {
            position,
            is_snapshot_whole,
        })
    }

    /// Where the snapshot leads.
    pub(super) fn through(&self, transaction: &ReadTransaction) -> Result<Position, JournalError> {
        let through = figure(transaction, THROUGH).map_err(self.store_error("read"))?;
        Ok(Position(through.unwrap_or_default()))
    }
}
