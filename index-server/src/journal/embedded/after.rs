//! Reading from a position on: for a start from a state that was put down elsewhere.

use redb::TableError;

use super::reading::figure;
use super::{EmbeddedJournal, SEAL, TAIL, THROUGH, lock};
use crate::journal::{JournalError, Position, Seal, Sizes, Visit, frame};

impl EmbeddedJournal {
    /// The checksum of the record at a position, in the tail or as the snapshot remembers it.
    pub(super) fn seal_of(&self, at: Position) -> Result<Option<Seal>, JournalError> {
        let transaction = self.reader()?;
        let find = || -> Result<Option<Seal>, redb::Error> {
            match transaction.open_table(TAIL) {
                Ok(tail) => {
                    if let Some(framed) = tail.get(at.0)? {
                        return Ok(frame::checksum_of(framed.value()));
                    }
                }
                Err(TableError::TableDoesNotExist(_)) => {}
                Err(error) => return Err(error.into()),
            }
            let through = figure(&transaction, THROUGH)?.unwrap_or_default();
            let seal = figure(&transaction, SEAL)?;
            Ok(seal.filter(|_| through == at.0))
        };
        find().map_err(self.store_error("read"))
    }

    /// Visits the tail behind `from`, where it is whole and `from` is what its seal says.
    pub(super) fn visit_after(
        &self,
        from: Position,
        seal: Seal,
        sizes: Sizes,
        visit: &mut Visit<'_>,
    ) -> Result<Option<Position>, JournalError> {
        if self.seal_of(from)? != Some(seal) {
            return Ok(None);
        }
        let read = self.store_error("read");
        let transaction = self.reader()?;
        let tail = (transaction.open_table(TAIL)).map_err(|error| read(error.into()))?;
        // The seal above is of a record that is there, or that stood right before the first one.
        let skipped = self.rows_before(&tail, from)?;
        let (records, bytes) = self.visit_rows(&tail, "tail", from.0 + 1, skipped, visit)?;
        *lock(&self.sizes) = Sizes {
            tail_records: sizes.tail_records + records,
            tail_bytes: sizes.tail_bytes + bytes,
            ..sizes
        };
        Ok(Some(from.after(records)))
    }
}
