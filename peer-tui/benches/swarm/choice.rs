//! What one choice of the scheduler costs, in a large file with many sources, against looking at
//! every piece.

use std::hint::black_box;
use std::time::Instant;

use peer_tui::fetch::scheduler::{Scheduler, SourceKey};
use protocol::limits::PIECE_MIN_BYTES;
use protocol::pieces::{PieceLayout, PieceSet};

use crate::Outcome;

const PIECES: u32 = 4096;
const SOURCES: u32 = 64;

/// Fetches a file of 4,096 pieces from 64 sources that hold half of it each, in no time.
pub fn measure() -> Outcome<()> {
    let layout = PieceLayout::of_size(u64::from(PIECES) * PIECE_MIN_BYTES);
    let mut scheduler = Scheduler::new(layout, PieceSet::none(PIECES));
    for source in 0..SOURCES {
        let mut holds = PieceSet::none(PIECES);
        let half = layout
            .pieces()
            .filter(|piece| (piece.as_u32() / 7 + source) % 2 == 0);
        half.for_each(|piece| holds.insert(piece));
        scheduler.set_source(SourceKey(source), holds);
    }
    let (started_at, mut choices) = (Instant::now(), 0_u32);
    'all: while !scheduler.is_complete() {
        let before = scheduler.have().held();
        for source in (0..SOURCES).map(SourceKey) {
            choices += 1;
            let Some(run) = scheduler.next(source) else {
                continue;
            };
            run.pieces().iter().for_each(|piece| scheduler.done(*piece));
            scheduler.release(source, &run);
            if scheduler.is_complete() {
                break 'all;
            }
        }
        if scheduler.have().held() == before {
            return Err("no source has anything to give before the end".into());
        }
    }
    let each = started_at.elapsed() / choices;
    let started_at = Instant::now();
    let all = PieceSet::all(PIECES);
    let looked = layout
        .pieces()
        .filter(|piece| black_box(&all).contains(*piece))
        .count();
    black_box(looked);
    println!(
        "one choice of {choices} ({PIECES} pieces, {SOURCES} sources): {each:?}; one look at \
         every piece: {:?}",
        started_at.elapsed()
    );
    Ok(())
}
