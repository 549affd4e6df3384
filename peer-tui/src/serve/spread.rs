//! How often each piece of a content has gone out: who fetches from here holds what it was sent, so
//! that is how many holders of a piece a seed knows of.
//!
//! Knows bytes that were sent; knows nobody's name.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::byte_range::ByteRange;
use protocol::hash::ContentHash;
use protocol::pieces::PieceLayout;

/// Contents that are counted; the one that was begun first is forgotten for a further one.
const CONTENTS_MAX_COUNT: usize = 64;

#[derive(Debug, Default)]
struct Counts {
    by_content: HashMap<ContentHash, Vec<u32>>,
    /// The oldest first.
    order: VecDeque<ContentHash>,
}

/// Counts of pieces that went out; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Spread(Arc<Mutex<Counts>>);

impl Spread {
    /// How often the first piece of `range` has gone out.
    pub fn copies(&self, hash: &ContentHash, layout: PieceLayout, range: ByteRange) -> u32 {
        let first = layout.pieces_of(range).next();
        let counts = self.lock();
        let of_content = counts.by_content.get(hash);
        of_content
            .and_then(|pieces| pieces.get(first?.as_usize()).copied())
            .unwrap_or(0)
    }

    /// A range has gone out: counts the pieces that lie in it whole.
    pub fn sent(&self, hash: ContentHash, layout: PieceLayout, range: ByteRange) {
        let mut counts = self.lock();
        if !counts.by_content.contains_key(&hash) {
            if counts.order.len() == CONTENTS_MAX_COUNT
                && let Some(oldest) = counts.order.pop_front()
            {
                counts.by_content.remove(&oldest);
            }
            counts.order.push_back(hash);
            let none = vec![0; layout.count() as usize];
            counts.by_content.insert(hash, none);
        }
        let Some(pieces) = counts.by_content.get_mut(&hash) else {
            return;
        };
        for piece in layout.pieces_of(range) {
            let of_piece = layout.range(piece);
            let is_whole = range.first() <= of_piece.first() && of_piece.last() <= range.last();
            if let Some(count) = pieces.get_mut(piece.as_usize()).filter(|_| is_whole) {
                *count += 1;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // A panic elsewhere leaves counts that are a little off at worst.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pieces_count_and_old_contents_are_forgotten() {
        let size = 3 * 256 * 1024 + 5;
        let layout = PieceLayout::of_size(size);
        let (spread, hash) = (Spread::default(), ContentHash::of(b"a"));
        let range = |first, last| ByteRange::new(first, last, size).unwrap();
        let pieces: Vec<_> = layout.pieces().map(|piece| layout.range(piece)).collect();
        spread.sent(hash, layout, range(10, size));
        spread.sent(hash, layout, pieces[1]);
        let copies = |hash: &ContentHash| {
            let all = pieces
                .iter()
                .map(|piece| spread.copies(hash, layout, *piece));
            all.collect::<Vec<_>>()
        };
        assert_eq!(copies(&hash), [0, 2, 1, 1]);
        for number in 0..CONTENTS_MAX_COUNT {
            spread.sent(ContentHash::of(&number.to_be_bytes()), layout, pieces[0]);
        }
        assert_eq!(copies(&hash), [0; 4]);
    }
}
