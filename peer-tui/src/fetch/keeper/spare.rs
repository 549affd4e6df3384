//! Memory of pieces that were written, for the next ones: the system need not hand out new pages
//! for every piece.
//!
//! Knows no piece.

use std::sync::{Arc, Mutex, PoisonError};

/// Held at most.
const SPARE_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Memory to use again; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Spare(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spare {
    /// Some memory, or none yet.
    pub fn take(&self) -> Vec<u8> {
        self.lock().pop().unwrap_or_default()
    }

    /// It is not needed any more.
    pub fn give(&self, memory: Vec<u8>) {
        let mut spare = self.lock();
        let held: usize = spare.iter().map(Vec::capacity).sum();
        if held + memory.capacity() <= SPARE_MAX_BYTES {
            spare.push(memory);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        // Every change is one step, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_never_hoarded() {
        let spare = Spare::default();
        let memory = Vec::with_capacity(1000);
        let place = memory.as_ptr();
        spare.give(memory);
        let again = spare.take();
        assert_eq!(again.as_ptr(), place);
        assert_eq!(spare.take().capacity(), 0);
        for _ in 0..10 {
            spare.give(Vec::with_capacity(SPARE_MAX_BYTES / 2));
        }
        assert_eq!(spare.lock().len(), 2);
        let huge = Spare::default();
        huge.give(Vec::with_capacity(SPARE_MAX_BYTES + 1));
        assert_eq!(huge.take().capacity(), 0);
    }
}
