//! A run of pieces from one source: each verified in memory, written, then told.
//!
//! Knows one request; what is asked of whom is decided elsewhere.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use protocol::hash::PieceHash;
use protocol::pieces::{PieceSet, WholeHasher};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::super::scheduler::{Run, SourceKey};
use super::super::store::Store;
use super::super::verify::Assembler;
use super::super::whole::Whole;
use super::body::Body;
use super::pace::Pace;
use super::spare::Spare;
use super::{ByteRange, Fault, Http, Place, RunNote};

/// Pieces up to this size are written while the next one is verified.
const WRITTEN_BESIDE_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// What a run needs to verify and keep its pieces.
#[derive(Debug, Clone)]
pub struct Keep {
    /// Where pieces are written.
    pub store: Store,
    /// What they must hash to.
    pub hashes: Arc<[PieceHash]>,
    /// Whether others wait to take over from a slow source.
    pub has_others: Arc<AtomicBool>,
    /// The hash of the whole file, as far as it has come.
    pub whole: Whole,
    /// Memory for pieces.
    pub spare: Spare,
    /// Pieces that somebody else brought meanwhile.
    pub arrived: tokio::sync::watch::Receiver<Arc<PieceSet>>,
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
    let layout = keep.store.layout();
    let (Some(first), Some(last)) = (run.pieces().first(), run.pieces().last()) else {
        return Ok(());
    };
    let (from, to) = (layout.range(*first).first(), layout.range(*last).last());
    let Some(range) = ByteRange::new(from, to, layout.size_bytes()) else {
        return Ok(());
    };
    let mut body = Body::ask(http, place, range, layout.size_bytes()).await?;
    let mut speed = Pace::new(http.timing, Some(keep.has_others.clone()));
    let mut hand = Hand::default();
    for piece in run.pieces() {
        if piece != first && keep.arrived.borrow().contains(*piece) {
            // Somebody faster has brought it: the rest of this answer is not needed.
            body.leave();
            return hand.empty().await;
        }
        let mut current = Assembler::new(layout, *piece, keep.spare.take());
        while !current.is_full() {
            let count = body.read(http, place, &mut speed, current.space()).await?;
            // Whoever reads the notes is the brake: bytes are read as fast as they are worked off.
            let _ = notes.send(RunNote::Bytes(place.key, count)).await;
        }
        hand.keep(keep, place.key, current, notes).await?;
    }
    if !body.is_bounded() {
        hand.empty().await?;
    }
    // The next range comes while the last piece of this one is verified.
    body.end().await?;
    hand.empty().await
}

/// Pieces that are verified and written while the next one comes: one of each.
#[derive(Default)]
struct Hand {
    pieces: VecDeque<Saving>,
}

struct Saving {
    /// Says that the piece is what its hash names; gone without a word when it is not.
    verified: oneshot::Receiver<()>,
    saved: JoinHandle<Result<(), Fault>>,
}

impl Hand {
    /// Takes the next piece once the one before is verified, since the whole file is hashed in
    /// order, and few are left to be written.
    async fn keep(
        &mut self,
        keep: &Keep,
        key: SourceKey,
        piece: Assembler,
        notes: &mpsc::Sender<RunNote>,
    ) -> Result<(), Fault> {
        if let Some(last) = self.pieces.back_mut()
            && (&mut last.verified).await.is_err()
        {
            self.empty().await?;
        }
        let most = match keep.store.layout().piece_bytes() {
            ..=WRITTEN_BESIDE_MAX_BYTES => 2,
            _ => 1,
        };
        while self.pieces.len() >= most {
            self.wait_for_first().await?;
        }
        let (keep, notes) = (keep.clone(), notes.clone());
        let (tell, verified) = oneshot::channel();
        let saved = tokio::task::spawn_blocking(move || save(&keep, key, piece, tell, &notes));
        self.pieces.push_back(Saving { verified, saved });
        Ok(())
    }

    /// Waits until nothing is in it.
    async fn empty(&mut self) -> Result<(), Fault> {
        while !self.pieces.is_empty() {
            self.wait_for_first().await?;
        }
        Ok(())
    }

    async fn wait_for_first(&mut self) -> Result<(), Fault> {
        let Some(first) = self.pieces.pop_front() else {
            return Ok(());
        };
        match first.saved.await {
            Ok(saved) => saved,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going down: nothing awaits this any more.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

/// Verifies a piece, writes it and says so: in one go, on a thread that may wait.
fn save(
    keep: &Keep,
    key: SourceKey,
    piece: Assembler,
    tell: oneshot::Sender<()>,
    notes: &mpsc::Sender<RunNote>,
) -> Result<(), Fault> {
    let index = piece.piece();
    let Some(expected) = keep.hashes.get(index.as_usize()) else {
        return Ok(());
    };
    let (store, bytes) = (&keep.store, piece.finish());
    let read = |before, hasher: &mut WholeHasher| {
        let range = store.layout().range(before);
        let read = store.read(range.first(), range.len(), |bytes| hasher.update(bytes));
        read.is_ok()
    };
    let verified = keep
        .whole
        .verify(store.layout(), index, (&bytes, expected), read)
        .ok_or(Fault::Corrupt(index))?;
    // Nobody may be waiting for it.
    let _ = tell.send(());
    let offset = store.layout().range(index).first();
    store.write_at(offset, &bytes).map_err(Fault::Disk)?;
    verified.commit();
    keep.spare.give(bytes);
    // The job may have ended.
    let _ = notes.blocking_send(RunNote::Piece(key, index));
    Ok(())
}
