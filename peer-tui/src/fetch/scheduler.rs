//! Which piece from which source: rarest first, in runs that a source finishes in about a second;
//! at the end a fast idle source takes over from a slow one.
//!
//! Pure: knows numbers of pieces and sources, no bytes, no time.

use std::collections::BTreeMap;

use protocol::pieces::{PieceIndex, PieceLayout, PieceSet};

/// The number of a source inside one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceKey(pub u32);

/// Pieces that lie next to each other, asked for in one request. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pieces: Vec<PieceIndex>,
}

impl Run {
    /// The pieces in order.
    pub fn pieces(&self) -> &[PieceIndex] {
        &self.pieces
    }
}

/// Bytes of one run at most, however fast the source.
const RUN_MAX_BYTES: u64 = 8 * 1024 * 1024;
/// Sources that fetch one piece at the same time at most, at the end.
const CLAIMS_MAX_COUNT: u8 = 2;

#[derive(Debug)]
struct Source {
    holds: PieceSet,
    claimed: Vec<PieceIndex>,
    rate_bytes: u64,
}

/// Who fetches what, until all pieces are there.
#[derive(Debug)]
pub struct Scheduler {
    layout: PieceLayout,
    have: PieceSet,
    claims: Vec<u8>,
    holders: Vec<u32>,
    sources: BTreeMap<SourceKey, Source>,
}

impl Scheduler {
    /// All pieces of `layout` but those in `have` are wanted.
    pub fn new(layout: PieceLayout, have: PieceSet) -> Self {
        let count = layout.count() as usize;
        Self {
            layout,
            have,
            claims: vec![0; count],
            holders: vec![0; count],
            sources: BTreeMap::new(),
        }
    }

    /// Pieces that are there.
    pub const fn have(&self) -> &PieceSet {
        &self.have
    }

    /// Whether all pieces are there.
    pub fn is_complete(&self) -> bool {
        self.have.is_complete()
    }

    /// Whether a piece is still wanted.
    pub fn wants(&self, piece: PieceIndex) -> bool {
        !self.have.contains(piece)
    }

    /// Whether some source is fetching a piece.
    pub fn is_claimed(&self, piece: PieceIndex) -> bool {
        self.claims[piece.as_usize()] > 0
    }

    /// Whether some source holds a piece.
    pub fn is_held(&self, piece: PieceIndex) -> bool {
        self.holders[piece.as_usize()] > 0
    }

    /// A source holds these pieces (in place of what was known of it).
    pub fn set_source(&mut self, key: SourceKey, holds: PieceSet) {
        let known = self.drop_source(key);
        let (claimed, rate_bytes) =
            known.map_or_else(Default::default, |known| (known.claimed, known.rate_bytes));
        self.count_holders(&holds, 1);
        for piece in &claimed {
            self.claims[piece.as_usize()] += 1;
        }
        let source = Source {
            holds,
            claimed,
            rate_bytes,
        };
        self.sources.insert(key, source);
    }

    /// A source is gone; what it was fetching is open again.
    pub fn remove_source(&mut self, key: SourceKey) {
        self.drop_source(key);
    }

    /// How fast a source has been lately.
    pub fn set_rate(&mut self, key: SourceKey, rate_bytes: u64) {
        if let Some(source) = self.sources.get_mut(&key) {
            source.rate_bytes = rate_bytes;
        }
    }

    /// What a source should fetch next; `None` when there is nothing for it. It holds the claim
    /// until [`Scheduler::done`] or [`Scheduler::release`].
    pub fn next(&mut self, key: SourceKey) -> Option<Run> {
        let run = self.open_run(key).or_else(|| self.last_piece(key))?;
        for piece in &run.pieces {
            self.claims[piece.as_usize()] += 1;
        }
        let source = self.sources.get_mut(&key)?;
        source.claimed.extend_from_slice(&run.pieces);
        Some(run)
    }

    /// A piece is there, whoever brought it.
    pub fn done(&mut self, piece: PieceIndex) {
        self.have.insert(piece);
    }

    /// A piece on disk turned out to be wrong: it is wanted again.
    pub fn lost(&mut self, piece: PieceIndex) {
        self.have.remove(piece);
    }

    /// A source has ended its run: what is not there of it is open again.
    pub fn release(&mut self, key: SourceKey) {
        let Some(source) = self.sources.get_mut(&key) else {
            return;
        };
        for piece in source.claimed.drain(..) {
            self.claims[piece.as_usize()] -= 1;
        }
    }

    fn drop_source(&mut self, key: SourceKey) -> Option<Source> {
        let source = self.sources.remove(&key)?;
        for piece in &source.claimed {
            self.claims[piece.as_usize()] -= 1;
        }
        self.count_holders(&source.holds, -1);
        Some(source)
    }

    fn count_holders(&mut self, holds: &PieceSet, change: i32) {
        for piece in self.layout.pieces().filter(|piece| holds.contains(*piece)) {
            let count = &mut self.holders[piece.as_usize()];
            *count = count.saturating_add_signed(change);
        }
    }

    /// The rarest open piece that the source holds (the first of equals), and what follows it.
    fn open_run(&self, key: SourceKey) -> Option<Run> {
        let source = self.sources.get(&key)?;
        let is_open = |piece: &PieceIndex| {
            self.wants(*piece) && !self.is_claimed(*piece) && source.holds.contains(*piece)
        };
        let open = self.layout.pieces().filter(is_open);
        let first = open.min_by_key(|piece| self.holders[piece.as_usize()])?;
        let following = (first.as_u32()..).map_while(|number| self.layout.piece(number));
        let pieces = following.take_while(is_open).take(self.run_count(source));
        Some(Run {
            pieces: pieces.collect(),
        })
    }

    /// About a second of work, and never so much that other sources have nothing left to do.
    fn run_count(&self, source: &Source) -> usize {
        let piece_bytes = self.layout.piece_bytes();
        let by_rate = source.rate_bytes.min(RUN_MAX_BYTES) / piece_bytes;
        let wanted = u64::from(self.have.count() - self.have.held());
        let fair = wanted.div_ceil(2 * self.sources.len() as u64);
        usize::try_from(by_rate.min(fair)).unwrap_or(1).max(1)
    }

    /// At the end: the last piece of the slowest other source, when this one is twice as fast.
    fn last_piece(&self, key: SourceKey) -> Option<Run> {
        let own = self.sources.get(&key)?;
        let mut others: Vec<_> = self
            .sources
            .iter()
            .filter(|(other, _)| **other != key)
            .collect();
        others.sort_by_key(|(_, source)| source.rate_bytes);
        let slow = others.into_iter().map(|(_, source)| source);
        let slow = slow.take_while(|source| source.rate_bytes.saturating_mul(2) < own.rate_bytes);
        let piece = slow
            .flat_map(|source| source.claimed.iter().rev())
            .find(|piece| {
                self.wants(**piece)
                    && own.holds.contains(**piece)
                    && self.claims[piece.as_usize()] < CLAIMS_MAX_COUNT
                    && !own.claimed.contains(piece)
            })?;
        Some(Run {
            pieces: vec![*piece],
        })
    }
}

#[cfg(test)]
mod tests;
