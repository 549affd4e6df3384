//! The hash of a whole file while its pieces come: a piece that is the next in order is hashed for
//! both at once, in little more time than one of them needs; others are read again later.
//!
//! Shared by whoever verifies pieces and whoever follows on disk. Knows bytes; reads nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use protocol::hash::{ContentHash, PieceHash};
use protocol::pieces::{PieceHasher, PieceIndex, PieceLayout, WholeHasher};

/// How far the hash is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Over all pieces before `next_piece`.
    pub hasher: WholeHasher,
    /// The piece that comes next.
    pub next_piece: u32,
}

/// The hash of a whole file in the making; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Whole(Arc<Mutex<Progress>>);

/// A piece that is what its hash names.
#[derive(Debug)]
pub struct Verified<'a> {
    /// Where the whole hash is with this piece, when it was its turn.
    advanced: Option<(MutexGuard<'a, Progress>, Progress)>,
}

impl Verified<'_> {
    /// It is on disk, too: counts for the whole.
    pub fn commit(self) {
        if let Some((mut progress, advanced)) = self.advanced {
            *progress = advanced;
        }
    }
}

impl Whole {
    /// The piece, when its bytes are those that `expected` names.
    pub fn verify(
        &self,
        layout: PieceLayout,
        piece: PieceIndex,
        bytes: &[u8],
        expected: &PieceHash,
    ) -> Option<Verified<'_>> {
        let mut hasher = PieceHasher::new(layout);
        let turn = self.try_lock();
        let turn = turn.filter(|progress| progress.next_piece == piece.as_u32());
        let advanced = if let Some(progress) = turn {
            // A wrong piece must leave no trace.
            let mut advanced = progress.clone();
            hasher.update_with(&mut advanced.hasher, bytes);
            advanced.next_piece += 1;
            Some((progress, advanced))
        } else {
            hasher.update(bytes);
            None
        };
        (hasher.finish() == *expected).then_some(Verified { advanced })
    }

    /// How far it is, for as long as nobody else may change it; waits for whoever does.
    pub fn lock(&self) -> MutexGuard<'_, Progress> {
        // Every change is one step, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, if nobody is changing it now.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, Progress>> {
        match self.0.try_lock() {
            Ok(progress) => Some(progress),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The hash over all pieces that came in order.
    pub fn hash(&self) -> ContentHash {
        self.lock().hasher.clone().finish()
    }
}

#[cfg(test)]
mod tests {
    use protocol::pieces::{FileHasher, PieceSet};

    use super::*;

    #[test]
    fn pieces_in_order_make_the_whole_and_wrong_ones_leave_no_trace() {
        let bytes: Vec<u8> = (0..=250).cycle().take(900_001).collect();
        let mut all = FileHasher::new(bytes.len() as u64);
        all.update(&bytes);
        let all = all.finish().unwrap();
        let layout = PieceLayout::of_size(bytes.len() as u64);
        let whole = Whole::default();
        let mut seen = PieceSet::none(layout.count());
        for (piece, expected) in layout.pieces().zip(&all.pieces) {
            let range = layout.range(piece);
            let first = usize::try_from(range.first()).unwrap();
            let last = usize::try_from(range.last()).unwrap();
            let bytes = &bytes[first..=last];
            let mut wrong = bytes.to_vec();
            wrong[7] ^= 1;
            assert!(whole.verify(layout, piece, &wrong, expected).is_none());
            // Verified and not committed, as when the disk is full: it is not its turn less.
            drop(whole.verify(layout, piece, bytes, expected).unwrap());
            let verified = whole.verify(layout, piece, bytes, expected).unwrap();
            assert!(verified.advanced.is_some());
            verified.commit();
            seen.insert(piece);
        }
        assert!(seen.is_complete());
        assert_eq!(whole.hash(), all.hash);
    }
}
