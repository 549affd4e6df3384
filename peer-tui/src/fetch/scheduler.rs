//! Which piece from which source: rarest first, among equals in the order of the job, in runs that
//! a source finishes in about a second; at the end a fast idle source takes over from a slow one.
//!
//! Pure: knows numbers of pieces and sources, no bytes, no time. Every open piece stands in one
//! ordered set, so that a choice costs a few steps and not a look at all pieces.

use std::collections::{BTreeMap, BTreeSet};

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

/// Bytes of one run at most, however fast the source: many times what it is asked for ahead, since
/// the pieces of two runs at once come out of order.
const RUN_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Among unfinished downloads a run is a tenth of a second: what has come can be passed on.
const SWARM_RUNS_PER_SEC: u64 = 10;
/// Sources that fetch one piece at the same time at most, at the end.
const CLAIMS_MAX_COUNT: u8 = 2;

#[derive(Debug)]
struct Source {
    holds: PieceSet,
    is_whole: bool,
    /// Open pieces that it holds.
    open_count: u32,
    runs: Vec<Run>,
    rate_bytes: u64,
}

/// Rarest first, then as the job prefers; the piece comes last.
type Place = (u32, u32, PieceIndex);

/// Who fetches what, until all pieces are there.
#[derive(Debug)]
pub struct Scheduler {
    layout: PieceLayout,
    have: PieceSet,
    claims: Vec<u8>,
    holders: Vec<u32>,
    /// Among pieces that are equally rare, the lower goes first.
    ties: Vec<u32>,
    /// Pieces that are wanted and that nobody fetches.
    open: BTreeSet<Place>,
    sources: BTreeMap<SourceKey, Source>,
    partial_count: usize,
}

impl Scheduler {
    /// All pieces of `layout` but those in `have` are wanted, equally rare ones in order.
    pub fn new(layout: PieceLayout, have: PieceSet) -> Self {
        let count = layout.count();
        let wanted = layout.pieces().filter(|piece| !have.contains(*piece));
        Self {
            open: wanted.map(|piece| (0, piece.as_u32(), piece)).collect(),
            layout,
            have,
            claims: vec![0; count as usize],
            holders: vec![0; count as usize],
            ties: (0..count).collect(),
            sources: BTreeMap::new(),
            partial_count: 0,
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

    /// How many sources hold each piece.
    pub fn holders(&self) -> &[u32] {
        &self.holders
    }

    /// Open pieces that a source holds.
    pub fn open_of(&self, key: SourceKey) -> u32 {
        self.sources.get(&key).map_or(0, |source| source.open_count)
    }

    /// Whether there are fewer open pieces than sources.
    pub fn is_ending(&self) -> bool {
        self.open.len() < self.sources.len()
    }

    /// Another order among equally rare pieces: one number a piece, the lower goes first.
    pub fn set_order(&mut self, ties: Vec<u32>) {
        debug_assert_eq!(ties.len(), self.ties.len(), "one number a piece");
        self.ties = ties;
        let open = std::mem::take(&mut self.open);
        self.open = open
            .into_iter()
            .map(|(_, _, piece)| self.place(piece))
            .collect();
    }

    /// A source holds these pieces (in place of what was known of it).
    pub fn set_source(&mut self, key: SourceKey, holds: PieceSet) {
        let is_whole = holds.is_complete();
        self.partial_count += usize::from(!is_whole);
        let known = self.sources.remove(&key);
        let mut source = known.unwrap_or_else(|| Source {
            holds: PieceSet::none(self.layout.count()),
            is_whole: true,
            open_count: 0,
            runs: Vec::new(),
            rate_bytes: 0,
        });
        self.partial_count -= usize::from(!source.is_whole);
        source.is_whole = is_whole;
        for piece in differing(self.layout, &source.holds, &holds) {
            let change = if holds.contains(piece) { 1 } else { -1 };
            self.count_holder(piece, change);
            if self.is_open(piece) {
                source.open_count = source.open_count.saturating_add_signed(change);
            }
        }
        source.holds = holds;
        self.sources.insert(key, source);
    }

    /// A source is gone; what it was fetching is open again.
    pub fn remove_source(&mut self, key: SourceKey) {
        let Some(source) = self.sources.remove(&key) else {
            return;
        };
        self.partial_count -= usize::from(!source.is_whole);
        let none = PieceSet::none(self.layout.count());
        for piece in differing(self.layout, &source.holds, &none) {
            self.count_holder(piece, -1);
        }
        for run in &source.runs {
            self.unclaim(run);
        }
    }

    /// How fast a source has been lately.
    pub fn set_rate(&mut self, key: SourceKey, rate_bytes: u64) {
        if let Some(source) = self.sources.get_mut(&key) {
            source.rate_bytes = rate_bytes;
        }
    }

    /// What a source should fetch next; `None` when there is nothing for it. It holds the claim
    /// until [`Scheduler::release`].
    pub fn next(&mut self, key: SourceKey) -> Option<Run> {
        let run = self.open_run(key).or_else(|| self.last_piece(key))?;
        for piece in &run.pieces {
            self.shut(*piece);
            self.claims[piece.as_usize()] += 1;
        }
        let source = self.sources.get_mut(&key)?;
        source.runs.push(run.clone());
        Some(run)
    }

    /// A piece is there, whoever brought it.
    pub fn done(&mut self, piece: PieceIndex) {
        self.shut(piece);
        self.have.insert(piece);
    }

    /// A piece on disk turned out to be wrong: it is wanted again.
    pub fn lost(&mut self, piece: PieceIndex) {
        self.have.remove(piece);
        self.open_if_free(piece);
    }

    /// A source has ended a run: what is not there of it is open again.
    pub fn release(&mut self, key: SourceKey, run: &Run) {
        let Some(source) = self.sources.get_mut(&key) else {
            return;
        };
        if let Some(place) = source.runs.iter().position(|known| known == run) {
            let run = source.runs.remove(place);
            self.unclaim(&run);
        }
    }

    fn place(&self, piece: PieceIndex) -> Place {
        let number = piece.as_usize();
        (self.holders[number], self.ties[number], piece)
    }

    fn is_open(&self, piece: PieceIndex) -> bool {
        self.wants(piece) && !self.is_claimed(piece)
    }

    fn count_holder(&mut self, piece: PieceIndex, change: i32) {
        let is_open = self.open.remove(&self.place(piece));
        let count = &mut self.holders[piece.as_usize()];
        *count = count.saturating_add_signed(change);
        if is_open {
            self.open.insert(self.place(piece));
        }
    }

    fn unclaim(&mut self, run: &Run) {
        for piece in &run.pieces {
            self.claims[piece.as_usize()] -= 1;
            self.open_if_free(*piece);
        }
    }

    fn open_if_free(&mut self, piece: PieceIndex) {
        if self.is_open(piece) && self.open.insert(self.place(piece)) {
            self.count_open(piece, 1);
        }
    }

    fn shut(&mut self, piece: PieceIndex) {
        if self.open.remove(&self.place(piece)) {
            self.count_open(piece, -1);
        }
    }

    fn count_open(&mut self, piece: PieceIndex, change: i32) {
        for source in self.sources.values_mut() {
            if source.holds.contains(piece) {
                source.open_count = source.open_count.saturating_add_signed(change);
            }
        }
    }

    /// The first open piece that the source holds, and what follows it.
    fn open_run(&self, key: SourceKey) -> Option<Run> {
        let source = self.sources.get(&key)?;
        if source.open_count == 0 {
            return None;
        }
        let mut open = self.open.iter();
        let (rarity, _, first) = open.find(|(_, _, piece)| source.holds.contains(*piece))?;
        let is_swarm = self.partial_count > 0;
        let fits = |piece: &PieceIndex| {
            let is_as_rare = !is_swarm || self.holders[piece.as_usize()] == *rarity;
            is_as_rare && self.is_open(*piece) && source.holds.contains(*piece)
        };
        let following = (first.as_u32()..).map_while(|number| self.layout.piece(number));
        let pieces = following.take_while(fits).take(self.run_count(source));
        Some(Run {
            pieces: pieces.collect(),
        })
    }

    /// About a second of work, and never so much that other sources have nothing left to do.
    fn run_count(&self, source: &Source) -> usize {
        let piece_bytes = self.layout.piece_bytes();
        let bytes = match self.partial_count {
            0 => source.rate_bytes.min(RUN_MAX_BYTES),
            _ => (source.rate_bytes / SWARM_RUNS_PER_SEC).min(RUN_MAX_BYTES),
        };
        let fair = self.open.len().div_ceil(2 * self.sources.len());
        let count = usize::try_from(bytes / piece_bytes).unwrap_or(1);
        count.min(fair).max(1)
    }

    /// At the end, when no piece is open: the last piece of the slowest other source, when this one
    /// is twice as fast.
    fn last_piece(&self, key: SourceKey) -> Option<Run> {
        if !self.open.is_empty() {
            return None;
        }
        let own = self.sources.get(&key)?;
        let others = self.sources.iter().filter(|(other, _)| **other != key);
        let is_slow = |source: &&Source| source.rate_bytes.saturating_mul(2) < own.rate_bytes;
        let mut slow: Vec<_> = others.map(|(_, source)| source).filter(is_slow).collect();
        slow.sort_by_key(|source| source.rate_bytes);
        let runs = slow.iter().flat_map(|source| source.runs.iter().rev());
        let piece = runs.flat_map(|run| run.pieces.iter().rev()).find(|piece| {
            self.wants(**piece)
                && own.holds.contains(**piece)
                && self.claims[piece.as_usize()] < CLAIMS_MAX_COUNT
                && !own.runs.iter().any(|run| run.pieces.contains(piece))
        })?;
        Some(Run {
            pieces: vec![*piece],
        })
    }
}

/// The pieces that stand in one of two sets, byte by byte: most are alike.
fn differing(
    layout: PieceLayout,
    one: &PieceSet,
    other: &PieceSet,
) -> impl Iterator<Item = PieceIndex> + use<> {
    let bytes = (0_u32..).zip(one.as_bytes().iter().zip(other.as_bytes()));
    let unlike: Vec<u32> = bytes
        .filter(|(_, (one, other))| one != other)
        .flat_map(|(byte, (one, other))| {
            let changed = one ^ other;
            (0..8)
                .filter(move |bit| changed & (0x80 >> bit) != 0)
                .map(move |bit| byte * 8 + bit)
        })
        .collect();
    unlike
        .into_iter()
        .filter_map(move |number| layout.piece(number))
}

#[cfg(test)]
mod tests;
