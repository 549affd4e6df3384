//! Pieces of one download on their way to the disk: one thread verifies them as they come, in order
//! where they come in order, another writes what is right. Each takes what waits in one go, so that
//! nobody is woken for every piece.
//!
//! Knows pieces and their file; knows sources by number only.

pub mod fate;
pub mod spare;

use std::path::PathBuf;
use std::sync::Arc;

use protocol::hash::PieceHash;
use protocol::pieces::{PieceIndex, WholeHasher};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::scheduler::SourceKey;
use super::source::{Fault, RunNote};
use super::store::{Store, StoreError};
use super::verify::Assembler;
use super::whole::{Verified, Whole};
use fate::{Fate, Stake};
use spare::Spare;

/// Pieces that wait for each of the two threads, in bytes; one at least.
const WAITING_MAX_BYTES: u64 = 4 * 1024 * 1024;
const WAITING_MAX_COUNT: u64 = 8;

/// A piece whose bytes have come.
struct Come {
    key: SourceKey,
    piece: PieceIndex,
    bytes: Vec<u8>,
    stake: Stake,
}

/// One that is what its hash names.
struct Good {
    come: Come,
    verified: Verified,
}

/// Where pieces are brought to; cheap to clone. The threads end with the last of the clones.
#[derive(Debug, Clone)]
pub struct Keeper {
    come: mpsc::Sender<Come>,
    spare: Spare,
    path: PathBuf,
}

/// The threads of a keeper.
#[derive(Debug)]
pub struct Threads([JoinHandle<()>; 2]);

impl Threads {
    /// Waits until nothing is written any more; every clone of the keeper must be on its way out.
    pub async fn ended(self) {
        for thread in self.0 {
            if let Err(error) = thread.await
                && let Ok(panic) = error.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// What the threads work with.
#[derive(Clone)]
struct Desk {
    store: Store,
    hashes: Arc<[PieceHash]>,
    whole: Whole,
    spare: Spare,
    notes: mpsc::Sender<RunNote>,
}

impl Keeper {
    /// Starts the threads; each piece that is on disk is told to `notes`.
    pub fn start(
        store: Store,
        hashes: Arc<[PieceHash]>,
        whole: Whole,
        notes: mpsc::Sender<RunNote>,
    ) -> (Self, Threads) {
        let fitting = WAITING_MAX_BYTES / store.layout().piece_bytes();
        let count = usize::try_from(fitting.clamp(1, WAITING_MAX_COUNT)).unwrap_or(1);
        let (come, inbox) = mpsc::channel(count);
        let (good, to_write) = mpsc::channel(1);
        let path = store.path().to_owned();
        let spare = Spare::default();
        let desk = Desk {
            store,
            hashes,
            whole,
            spare: spare.clone(),
            notes,
        };
        let verifying = desk.clone();
        let threads = Threads([
            spawn_blocking(move || verifying.verify_all(inbox, count, &good)),
            spawn_blocking(move || desk.write_all(to_write)),
        ]);
        (Self { come, spare, path }, threads)
    }

    /// Memory for the next piece.
    pub fn memory(&self) -> Vec<u8> {
        self.spare.take()
    }

    /// Takes a piece, once there is room for it; `fate` hears how it fares.
    ///
    /// # Errors
    /// Why an earlier piece of the same run was not kept.
    pub async fn take(
        &self,
        key: SourceKey,
        piece: Assembler,
        fate: &Arc<Fate>,
    ) -> Result<(), Fault> {
        let come = Come {
            key,
            piece: piece.piece(),
            stake: Stake::new(fate),
            bytes: piece.finish(),
        };
        // Nobody takes it any more: its fate says so.
        let _ = self.come.send(come).await;
        fate.failed()
            .map_or(Ok(()), |failed| Err(self.fault(failed)))
    }

    /// Waits until all pieces of a run are kept.
    ///
    /// # Errors
    /// Why one was not.
    pub async fn settled(&self, fate: &Fate) -> Result<(), Fault> {
        fate.settled().await.map_err(|failed| self.fault(failed))
    }

    fn fault(&self, failed: Option<Fault>) -> Fault {
        failed.unwrap_or_else(|| {
            Fault::Disk(StoreError::Io {
                operation: "keep a piece in",
                path: self.path.clone(),
                reason: std::io::Error::other("a defect of this program (its log has more)"),
            })
        })
    }
}

impl Desk {
    fn verify_all(
        &self,
        mut inbox: mpsc::Receiver<Come>,
        most: usize,
        good: &mpsc::Sender<Vec<Good>>,
    ) {
        let mut some = Vec::with_capacity(most);
        while inbox.blocking_recv_many(&mut some, most) > 0 {
            let right = some.drain(..).filter_map(|come| self.verify(come));
            let right: Vec<Good> = right.collect();
            if !right.is_empty() && good.blocking_send(right).is_err() {
                return;
            }
        }
    }

    fn verify(&self, mut come: Come) -> Option<Good> {
        let layout = self.store.layout();
        let read = |before, hasher: &mut WholeHasher| {
            let range = layout.range(before);
            let read = self
                .store
                .read(range.first(), range.len(), |bytes| hasher.update(bytes));
            read.is_ok()
        };
        let expected = self.hashes.get(come.piece.as_usize())?;
        let verified = self
            .whole
            .verify(layout, come.piece, (&come.bytes, expected), read);
        if verified.is_none() {
            come.stake.fails(Fault::Corrupt(come.piece));
        }
        verified.map(|verified| Good { come, verified })
    }

    fn write_all(&self, mut to_write: mpsc::Receiver<Vec<Good>>) {
        while let Some(some) = to_write.blocking_recv() {
            let written: Vec<_> = some.into_iter().filter_map(|one| self.write(one)).collect();
            for (key, piece, stake) in written {
                // The job may have ended.
                let _ = self.notes.blocking_send(RunNote::Piece(key, piece));
                // Only now: the end of the run must not be told before its pieces.
                stake.is_kept();
            }
        }
    }

    fn write(&self, good: Good) -> Option<(SourceKey, PieceIndex, Stake)> {
        let Good { come, verified } = good;
        let Come {
            key,
            piece,
            bytes,
            mut stake,
        } = come;
        let offset = self.store.layout().range(piece).first();
        if let Err(error) = self.store.write_at(offset, &bytes) {
            stake.fails(Fault::Disk(error));
            return None;
        }
        verified.commit();
        self.spare.give(bytes);
        Some((key, piece, stake))
    }
}
