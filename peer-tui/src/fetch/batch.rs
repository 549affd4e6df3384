//! Many small files in one task: the index is asked once for all their holders, each holder over a
//! few kept connections, and what has come is made safe on disk in groups.
//!
//! Takes what goes smoothly: a file that does not (nobody whole online, a holder that fails or lies,
//! bytes of it on disk already) ends as [`Outcome::Alone`] and becomes a download of its own, which
//! knows how to deal with that. Memory: `ROOM_BYTES` of files that are not on disk yet.

mod contents;
mod group;
mod here;
mod line;
mod plan;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use protocol::ids::PeerId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;

use super::run::{Closely, Ended, Outcome, RunOrder, Shared, Task};
use super::{DownloadState, run::Live};
use worker::{Holder, Worker};

/// Files of one batch: as many as the index answers in one lookup.
pub const BATCH_MAX_COUNT: usize = 1_000;
/// Kept connections to one holder; below the slots that it gives one client.
const LINES_COUNT: usize = 4;
/// Bytes of files that are fetched and not on disk yet.
const ROOM_BYTES: u32 = 16 * 1024 * 1024;
/// A group is at least so large, unless that takes longer than [`GROUP_WAIT`].
const GROUP_MIN_COUNT: usize = 250;
/// What has come is not kept waiting longer for more.
const GROUP_WAIT: Duration = Duration::from_millis(50);

/// A file and whom to ask for it.
struct Wanted {
    task: Task,
    peer: PeerId,
}

/// A file that has come, or not.
struct Arrived {
    task: Task,
    /// Who gave it; nobody, where it lay on this disk.
    from: Option<PeerId>,
    bytes: Option<Vec<u8>>,
    /// Its share of the memory.
    _room: Option<OwnedSemaphorePermit>,
}

/// Fetches all of them; `ended` gets each one, in groups.
pub async fn run(tasks: Vec<Task>, shared: Shared, ended: mpsc::Sender<Vec<Ended>>) {
    let plan = plan::make(tasks, &shared).await;
    // The owner outlives its batches unless the program ends.
    let _ = ended.send(plan.alone.iter().map(alone).collect()).await;
    let (arrived, inbox) = mpsc::channel(BATCH_MAX_COUNT);
    let room = Arc::new(Semaphore::new(ROOM_BYTES as usize));
    let mut lines = JoinSet::new();
    for (address, files) in plan.by_address {
        let count = files.len().min(LINES_COUNT);
        let holder = Arc::new(Holder::new(address, files));
        for _ in 0..count {
            let worker = Worker {
                holder: Arc::clone(&holder),
                shared: shared.clone(),
                room: Arc::clone(&room),
                arrived: arrived.clone(),
            };
            lines.spawn(worker.work());
        }
    }
    if !plan.here.is_empty() {
        lines.spawn(here::read(plan.here, room, arrived.clone()));
    }
    drop(arrived);
    keep(inbox, &shared, &ended).await;
}

/// Makes groups of what waits while the disk is busy with the group before.
async fn keep(
    mut inbox: mpsc::Receiver<Arrived>,
    shared: &Shared,
    ended: &mpsc::Sender<Vec<Ended>>,
) {
    let mut waiting = Vec::new();
    while inbox.recv_many(&mut waiting, BATCH_MAX_COUNT).await > 0 {
        // A little more comes for sure: every group has its price, here and for the owner.
        let gathering = async {
            while waiting.len() < GROUP_MIN_COUNT
                && inbox.recv_many(&mut waiting, BATCH_MAX_COUNT).await > 0
            {}
        };
        // Slow holders must not keep back what is there.
        let _ = tokio::time::timeout(GROUP_WAIT, gathering).await;
        let arrived = std::mem::take(&mut waiting);
        let folder = shared.folder.clone();
        let done = super::source::blocking(move || group::keep(&folder, arrived)).await;
        // As above.
        let _ = ended.send(done).await;
    }
}

/// Whether it was told to end; a close look gets an empty answer, other orders do not matter here.
fn is_stopped(task: &mut Task) -> bool {
    loop {
        match task.orders.try_recv() {
            Ok(RunOrder::Stop) | Err(mpsc::error::TryRecvError::Disconnected) => return true,
            Ok(RunOrder::Detail(answer)) => drop(answer.send(Closely::default())),
            Ok(RunOrder::LookAgain | RunOrder::Block(_)) => {}
            Err(mpsc::error::TryRecvError::Empty) => return false,
        }
    }
}

fn show(task: &Task, state: DownloadState, done_bytes: u64) {
    let live = Live {
        state,
        size_bytes: task.size_bytes,
        done_bytes,
        rate_bytes: 0,
        sources: (1, 1),
        got: Vec::new(),
    };
    // Looked at when the owner shows things: nobody needs to be woken.
    task.live.send_replace(live);
}

/// It goes on as a download of its own.
fn alone(task: &Task) -> Ended {
    end(task, Outcome::Alone, Vec::new())
}

fn end(task: &Task, outcome: Outcome, got: Vec<(PeerId, u64)>) -> Ended {
    let is_done = matches!(outcome, Outcome::Done { .. });
    Ended {
        id: task.id,
        outcome,
        done_bytes: if is_done { task.size_bytes } else { 0 },
        size_bytes: task.size_bytes,
        got,
        closely: Closely::default(),
    }
}
