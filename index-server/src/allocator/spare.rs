//! Large blocks that were given back, kept for a moment: who merges segments wants blocks of the same
//! sizes again and again, and the system fills each new one with zeros, page by page, which costs
//! more than what is done with it.
//!
//! Bounded, and emptied now and then. Knows addresses and lengths in whole pages, and touches no byte.

use std::sync::{Mutex, PoisonError};

/// So much is kept at most: what the merges of small segments use at once.
const KEPT_MAX_BYTES: usize = 32 * 1024 * 1024;
/// In so many pieces.
const KEPT_MAX_COUNT: usize = 64;

static SPARE: Mutex<Spare> = Mutex::new(Spare::new());

/// Pages that nobody uses, by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Where.
    pub address: usize,
    /// How much.
    pub bytes: usize,
}

/// What is kept, in no order.
#[derive(Debug)]
struct Spare {
    pieces: [Piece; KEPT_MAX_COUNT],
    count: usize,
    bytes: usize,
}

/// A piece of so many bytes; none where none is kept that is as large.
pub fn take(bytes: usize) -> Option<Piece> {
    lock(|spare| spare.take(bytes))
}

/// Keeps a piece; yields it where there is no room, for whoever asks to give it to the system.
pub fn keep(piece: Piece) -> Option<Piece> {
    lock(|spare| spare.keep(piece))
}

/// Hands all that is kept to `each`, to be given to the system.
pub fn drain(mut each: impl FnMut(Piece)) {
    // What takes long is done without the lock.
    let all = lock(|spare| std::mem::replace(spare, Spare::new()));
    all.pieces[..all.count]
        .iter()
        .for_each(|piece| each(*piece));
}

/// Nothing that holds this lock can leave half a change.
fn lock<T>(work: impl FnOnce(&mut Spare) -> T) -> T {
    work(&mut SPARE.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Spare {
    const fn new() -> Self {
        const NONE: Piece = Piece {
            address: 0,
            bytes: 0,
        };
        Self {
            pieces: [NONE; KEPT_MAX_COUNT],
            count: 0,
            bytes: 0,
        }
    }

    /// The start of the smallest piece that is large enough; its rest stays.
    fn take(&mut self, bytes: usize) -> Option<Piece> {
        let fitting = self.pieces[..self.count].iter().enumerate();
        let fitting = fitting.filter(|(_, piece)| piece.bytes >= bytes);
        let (index, _) = fitting.min_by_key(|(_, piece)| piece.bytes)?;
        self.bytes -= bytes;
        let piece = &mut self.pieces[index];
        let address = piece.address;
        piece.address += bytes;
        piece.bytes -= bytes;
        if piece.bytes == 0 {
            self.forget(index);
        }
        Some(Piece { address, bytes })
    }

    fn keep(&mut self, piece: Piece) -> Option<Piece> {
        if self.bytes + piece.bytes > KEPT_MAX_BYTES {
            return Some(piece);
        }
        let mut whole = piece;
        let mut index = 0;
        while index < self.count {
            let other = self.pieces[index];
            let is_before = other.address + other.bytes == whole.address;
            let is_behind = whole.address + whole.bytes == other.address;
            if is_before || is_behind {
                whole.address = whole.address.min(other.address);
                whole.bytes += other.bytes;
                self.forget(index);
                // It may now reach to one that was looked at already.
                index = 0;
            } else {
                index += 1;
            }
        }
        if self.count == KEPT_MAX_COUNT {
            return Some(piece);
        }
        self.pieces[self.count] = whole;
        self.count += 1;
        self.bytes += piece.bytes;
        None
    }

    fn forget(&mut self, index: usize) {
        self.count -= 1;
        self.pieces[index] = self.pieces[self.count];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: usize = 4096;

    proptest! {
        /// Pages are handed out once, and only those that were kept.
        #[test]
        fn a_page_has_one_user_always(steps in proptest::collection::vec((1..40_usize, any::<bool>()), 1..300)) {
            let mut spare = Spare::new();
            let mut used: Vec<Piece> = vec![Piece { address: PAGE, bytes: 1_000 * PAGE }];
            for (size, is_kept) in steps {
                if is_kept {
                    let Some(piece) = used.pop() else { continue };
                    // Cut, so that pieces of all sizes come back in any order.
                    let first = piece.bytes.min(size * PAGE);
                    let rest = Piece { address: piece.address + first, bytes: piece.bytes - first };
                    if rest.bytes > 0 {
                        used.insert(0, rest);
                    }
                    used.extend(spare.keep(Piece { bytes: first, ..piece }));
                } else {
                    used.extend(spare.take(size * PAGE));
                }
                let mut all: Vec<Piece> = used.clone();
                all.extend(&spare.pieces[..spare.count]);
                all.sort_by_key(|piece| piece.address);
                let mut next = PAGE;
                for piece in all {
                    prop_assert_eq!(piece.address, next);
                    next += piece.bytes;
                }
                prop_assert_eq!(next, 1_001 * PAGE);
                let kept: usize = spare.pieces[..spare.count].iter().map(|piece| piece.bytes).sum();
                prop_assert_eq!(kept, spare.bytes);
                prop_assert!(kept <= KEPT_MAX_BYTES);
            }
        }
    }
}
