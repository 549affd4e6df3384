//! A run of pieces from one source: their bytes one behind the other, each handed on when it is full.
//!
//! Knows one request; what is asked of whom is decided elsewhere, and what is right by the keeper.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use protocol::pieces::{PieceLayout, PieceSet};
use tokio::sync::{mpsc, watch};

use super::super::keeper::Keeper;
use super::super::keeper::fate::Fate;
use super::super::scheduler::{Run, SourceKey};
use super::super::verify::Assembler;
use super::body::Body;
use super::pace::Pace;
use super::{ByteRange, Fault, Http, Place, RunNote};

/// Bytes are told of when there are so many, or after so long.
const TOLD_BYTES: u64 = 1024 * 1024;
const TOLD_EVERY: Duration = Duration::from_millis(20);

/// What a run needs to hand on its pieces.
#[derive(Debug, Clone)]
pub struct Keep {
    /// How the file is cut.
    pub layout: PieceLayout,
    /// Who verifies pieces and writes them.
    pub keeper: Keeper,
    /// Whether others wait to take over from a slow source.
    pub has_others: Arc<AtomicBool>,
    /// Pieces that somebody else brought meanwhile.
    pub arrived: watch::Receiver<Arc<PieceSet>>,
}

/// Fetches a run of pieces; says each one as it is safe on disk, and how the run ended.
pub async fn fetch_run(
    http: Http,
    place: Place,
    run: Run,
    keep: Keep,
    notes: mpsc::Sender<RunNote>,
) {
    let ended = fetch(&http, &place, &run, &keep, &notes).await;
    // The job may have ended.
    let _ = notes.send(RunNote::Ended(place.key, run, ended)).await;
}

async fn fetch(
    http: &Http,
    place: &Place,
    run: &Run,
    keep: &Keep,
    notes: &mpsc::Sender<RunNote>,
) -> Result<(), Fault> {
    let (layout, keeper) = (keep.layout, &keep.keeper);
    let (Some(first), Some(last)) = (run.pieces().first(), run.pieces().last()) else {
        return Ok(());
    };
    let (from, to) = (layout.range(*first).first(), layout.range(*last).last());
    let Some(range) = ByteRange::new(from, to, layout.size_bytes()) else {
        return Ok(());
    };
    let mut body = Body::ask(http, place, range, layout.size_bytes()).await?;
    let mut speed = Pace::new(http.timing, Some(keep.has_others.clone()));
    let mut teller = Teller::new(notes, place.key);
    let fate = Arc::new(Fate::default());
    for piece in run.pieces() {
        if piece != first && keep.arrived.borrow().contains(*piece) {
            // Somebody faster has brought it: the rest of this answer is not needed.
            body.leave();
            return keeper.settled(&fate).await;
        }
        let mut current = Assembler::new(layout, *piece, keeper.memory());
        while !current.is_full() {
            let count = body.read(http, place, &mut speed, current.space()).await?;
            teller.came(count).await;
        }
        if piece == last {
            teller.tell().await;
        }
        // The brake: bytes are read as fast as they are worked off.
        keeper.take(place.key, current, &fate).await?;
    }
    if !body.is_bounded() {
        keeper.settled(&fate).await?;
    }
    // The next range comes while the last piece of this one is verified.
    body.end().await?;
    keeper.settled(&fate).await
}

/// Tells of bytes now and then: whoever hears of them need not be woken for each.
struct Teller<'a> {
    notes: &'a mpsc::Sender<RunNote>,
    key: SourceKey,
    bytes: u64,
    told_at: Instant,
}

impl<'a> Teller<'a> {
    fn new(notes: &'a mpsc::Sender<RunNote>, key: SourceKey) -> Self {
        Self {
            notes,
            key,
            bytes: 0,
            told_at: Instant::now(),
        }
    }

    async fn came(&mut self, bytes: u64) {
        self.bytes += bytes;
        if self.bytes >= TOLD_BYTES || self.told_at.elapsed() >= TOLD_EVERY {
            self.tell().await;
        }
    }

    async fn tell(&mut self) {
        self.told_at = Instant::now();
        let bytes = std::mem::take(&mut self.bytes);
        // The job may have ended.
        let _ = self.notes.send(RunNote::Bytes(self.key, bytes)).await;
    }
}
