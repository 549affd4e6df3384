//! A run of pieces from one source: each verified in memory, written, then told.
//!
//! Knows one request; what is asked of whom is decided elsewhere.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use protocol::hash::PieceHash;
use protocol::pieces::{PieceSet, WholeHasher};
use protocol::routes;
use reqwest::Response;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::super::scheduler::{Run, SourceKey};
use super::super::store::Store;
use super::super::verify::Assembler;
use super::super::whole::Whole;
use super::answer::check_part;
use super::pace::Pace;
use super::{Fault, Http, Place, RunNote, range_of};

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
    let (first, last) = (layout.range(*first).first(), layout.range(*last).last());
    let Some(range) = protocol::byte_range::ByteRange::new(first, last, layout.size_bytes()) else {
        return Ok(());
    };
    let mut response = http
        .get(place, &routes::content(&place.hash), range_of(range))
        .await?;
    check_part(&response, &place.hash, range, layout.size_bytes())?;
    let mut speed = Pace::new(http.timing, Some(keep.has_others.clone()));
    let mut following = run.pieces().iter();
    let mut piece = following.next().map(|piece| Assembler::new(layout, *piece));
    let mut hand = Hand::default();
    while let Some(mut current) = piece.take() {
        let Some(chunk) = http.chunk(&place.limit, &mut response, &mut speed).await? else {
            return Err(Fault::Broken("broke off".to_owned()));
        };
        // Whoever reads the notes is the brake: bytes are read as fast as they are worked off.
        let _ = notes
            .send(RunNote::Bytes(place.key, chunk.len() as u64))
            .await;
        let mut rest = current.take(&chunk);
        while current.is_full() {
            hand.keep(keep, place.key, current, notes).await?;
            let Some(next) = following.next() else {
                hand.empty().await?;
                if rest.is_empty() {
                    return drain(&mut response).await;
                }
                return Err(Fault::Lied("sent more than was asked for".to_owned()));
            };
            if keep.arrived.borrow().contains(*next) {
                // Somebody faster has brought it: the rest of this answer is not needed.
                return hand.empty().await;
            }
            current = Assembler::new(layout, *next);
            rest = current.take(rest);
        }
        piece = Some(current);
    }
    Ok(())
}

/// Reads the end of an answer, so that its connection can be used again; more bytes are a lie.
async fn drain(response: &mut Response) -> Result<(), Fault> {
    match tokio::time::timeout(Duration::from_secs(1), response.chunk()).await {
        Ok(Ok(Some(_))) => Err(Fault::Lied("sent more than was asked for".to_owned())),
        // All pieces are there: how the connection ends is all the same.
        _ => Ok(()),
    }
}

/// The piece that is being verified and written while the next one comes.
#[derive(Default)]
struct Hand {
    piece: Option<JoinHandle<Result<(), Fault>>>,
}

impl Hand {
    /// Takes the next piece once the one before is done.
    async fn keep(
        &mut self,
        keep: &Keep,
        key: SourceKey,
        piece: Assembler,
        notes: &mpsc::Sender<RunNote>,
    ) -> Result<(), Fault> {
        self.empty().await?;
        let (keep, notes) = (keep.clone(), notes.clone());
        let saving = move || save(&keep, key, piece, &notes);
        self.piece = Some(tokio::task::spawn_blocking(saving));
        Ok(())
    }

    /// Waits until nothing is in it.
    async fn empty(&mut self) -> Result<(), Fault> {
        let Some(piece) = self.piece.take() else {
            return Ok(());
        };
        match piece.await {
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
    let offset = store.layout().range(index).first();
    store.write_at(offset, &bytes).map_err(Fault::Disk)?;
    verified.commit();
    // The job may have ended.
    let _ = notes.blocking_send(RunNote::Piece(key, index));
    Ok(())
}
