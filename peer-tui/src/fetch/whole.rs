//! The hash of a whole file while its pieces come: a piece that is the next in order is hashed for
//! both at once, in little more time than one of them needs. A few that came before their turn are
//! read again when the next one comes, so that the order is found again; more are left to whoever
//! follows on disk.
//!
//! Shared by whoever verifies pieces and whoever follows on disk. Knows bytes; reads through what it
//! is given.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use protocol::hash::{ContentHash, PieceHash};
use protocol::pieces::{PieceHasher, PieceIndex, PieceLayout, WholeHasher};

/// Pieces that are read again on the way to the next one.
pub const CATCH_UP_MAX_COUNT: u32 = 4;

/// How far the hash is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Over all pieces before `next_piece`.
    pub hasher: WholeHasher,
    /// The piece that comes next.
    pub next_piece: u32,
}

#[derive(Debug, Default)]
struct Inner {
    progress: Mutex<Progress>,
    /// On disk before their turn.
    ahead: Mutex<BTreeSet<u32>>,
}

/// The hash of a whole file in the making; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Whole(Arc<Inner>);

/// A piece that is what its hash names; part of the whole already when it was its turn.
#[derive(Debug)]
pub struct Verified {
    whole: Whole,
    piece: u32,
    was_its_turn: bool,
}

impl Verified {
    /// It is on disk, too: where it came before its turn, it can be read there.
    pub fn commit(self) {
        if !self.was_its_turn {
            self.whole.ahead().insert(self.piece);
        }
    }
}

impl Whole {
    /// The piece, when its bytes are those that `expected` names. `read` hands over the bytes on disk
    /// of another piece that was committed; false when it cannot.
    pub fn verify(
        &self,
        layout: PieceLayout,
        piece: PieceIndex,
        (bytes, expected): (&[u8], &PieceHash),
        read: impl FnMut(PieceIndex, &mut WholeHasher) -> bool,
    ) -> Option<Verified> {
        let mut hasher = PieceHasher::new(layout);
        let turn = self.try_lock();
        let turn = turn.and_then(|progress| {
            // A wrong piece must leave no trace.
            let mut advanced = progress.clone();
            self.catch_up(&mut advanced, layout, piece, read)
                .then_some((progress, advanced))
        });
        let was_its_turn = turn.is_some();
        if let Some((mut progress, mut advanced)) = turn {
            hasher.update_with(&mut advanced.hasher, bytes);
            advanced.next_piece += 1;
            if hasher.finish() != *expected {
                return None;
            }
            let mut ahead = self.ahead();
            *ahead = ahead.split_off(&advanced.next_piece);
            drop(ahead);
            *progress = advanced;
        } else {
            hasher.update(bytes);
            if hasher.finish() != *expected {
                return None;
            }
        }
        Some(Verified {
            whole: self.clone(),
            piece: piece.as_u32(),
            was_its_turn,
        })
    }

    /// Whether it is the turn of `piece`, after a few that lie on disk already.
    fn catch_up(
        &self,
        progress: &mut Progress,
        layout: PieceLayout,
        piece: PieceIndex,
        mut read: impl FnMut(PieceIndex, &mut WholeHasher) -> bool,
    ) -> bool {
        let between = progress.next_piece..piece.as_u32();
        let is_near = progress.next_piece <= piece.as_u32()
            && between.len() <= CATCH_UP_MAX_COUNT as usize
            && {
                let ahead = self.ahead();
                between.clone().all(|number| ahead.contains(&number))
            };
        is_near
            && between.into_iter().all(|number| {
                progress.next_piece = number + 1;
                layout
                    .piece(number)
                    .is_some_and(|before| read(before, &mut progress.hasher))
            })
    }

    fn ahead(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        // Every change is one step, so a panic elsewhere leaves it whole.
        self.0.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far it is, for as long as nobody else may change it; waits for whoever does.
    pub fn lock(&self) -> MutexGuard<'_, Progress> {
        // Every change is one step, so a panic elsewhere leaves it whole.
        self.0
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, if nobody is changing it now.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, Progress>> {
        match self.0.progress.try_lock() {
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
    use proptest::prelude::*;
    use protocol::pieces::{FileHasher, FileHashes};

    use super::*;

    fn file() -> (Vec<u8>, FileHashes) {
        let bytes: Vec<u8> = (0..=250).cycle().take(2_900_001).collect();
        let mut all = FileHasher::new(bytes.len() as u64);
        all.update(&bytes);
        let all = all.finish().unwrap();
        (bytes, all)
    }

    fn part(bytes: &[u8], layout: PieceLayout, piece: PieceIndex) -> &[u8] {
        let range = layout.range(piece);
        let first = usize::try_from(range.first()).unwrap();
        &bytes[first..=usize::try_from(range.last()).unwrap()]
    }

    #[test]
    fn pieces_in_order_make_the_whole_and_wrong_ones_leave_no_trace() {
        let (bytes, all) = file();
        let layout = PieceLayout::of_size(bytes.len() as u64);
        let whole = Whole::default();
        let never = |_: PieceIndex, _: &mut WholeHasher| panic!("nothing is missing");
        for (piece, expected) in layout.pieces().zip(&all.pieces) {
            let bytes = part(&bytes, layout, piece);
            let mut wrong = bytes.to_vec();
            wrong[7] ^= 1;
            let refused = whole.verify(layout, piece, (&wrong, expected), never);
            assert!(refused.is_none());
            // From two sources: it counts once.
            for is_first in [true, false] {
                let verified = whole
                    .verify(layout, piece, (bytes, expected), never)
                    .unwrap();
                assert_eq!(verified.was_its_turn, is_first);
                verified.commit();
            }
        }
        assert_eq!(whole.hash(), all.hash);
    }

    proptest! {
        #[test]
        fn whatever_the_order_nothing_is_hashed_twice_or_left_out(
            order in Just((0..12_u32).collect::<Vec<_>>()).prop_shuffle(),
            fails in proptest::collection::vec(any::<bool>(), 12),
        ) {
            let (bytes, all) = file();
            let layout = PieceLayout::of_size(bytes.len() as u64);
            let whole = Whole::default();
            let mut on_disk = BTreeSet::new();
            for number in order {
                let piece = layout.piece(number).unwrap();
                let expected = &all.pieces[piece.as_usize()];
                let is_broken = fails[piece.as_usize()];
                let read = |other: PieceIndex, hasher: &mut WholeHasher| {
                    assert!(on_disk.contains(&other.as_u32()), "read before it was written");
                    hasher.update(part(&bytes, layout, other));
                    !is_broken
                };
                let bytes = part(&bytes, layout, piece);
                whole.verify(layout, piece, (bytes, expected), read).unwrap().commit();
                on_disk.insert(number);
                let next = whole.lock().next_piece;
                prop_assert!((0..next).all(|before| on_disk.contains(&before)));
            }
            // What is left is read by whoever follows.
            let mut progress = whole.lock();
            while let Some(piece) = layout.piece(progress.next_piece) {
                progress.hasher.update(part(&bytes, layout, piece));
                progress.next_piece += 1;
            }
            drop(progress);
            prop_assert_eq!(whole.hash(), all.hash);
        }
    }
}
