//! Many small files in one task: the index is asked once for all their holders, each holder over a
//! few kept connections, and what has come is made safe on disk in groups.
//!
//! Takes what goes smoothly: a file that does not (nobody whole online, a holder that fails or lies,
//! bytes of it on disk already) ends as [`Outcome::Alone`] and becomes a download of its own, which
//! knows how to deal with that. Memory: `ROOM_BYTES` of files that are not on disk yet.

mod group;
mod line;
mod plan;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::ids::PeerId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;

use super::run::{Closely, Ended, Outcome, RunOrder, Shared, Task};
use super::source::Fault;
use super::{DownloadState, run::Live};
use line::Line;

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
/// How often a holder may say that it is busy before its files go on alone.
const BUSY_MAX_COUNT: u32 = 10;

/// A file and whom to ask for it.
struct Wanted {
    task: Task,
    peer: PeerId,
}

/// A file that has come, or not.
struct Arrived {
    wanted: Wanted,
    bytes: Option<Vec<u8>>,
    /// Its share of the memory.
    _room: Option<OwnedSemaphorePermit>,
}

type Files = Arc<Mutex<VecDeque<Wanted>>>;

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
        let files: Files = Arc::new(Mutex::new(files));
        for _ in 0..count {
            let worker = Worker {
                address,
                files: Arc::clone(&files),
                shared: shared.clone(),
                room: Arc::clone(&room),
                arrived: arrived.clone(),
            };
            lines.spawn(worker.work());
        }
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

/// One kept connection to a holder.
struct Worker {
    address: SocketAddr,
    files: Files,
    shared: Shared,
    room: Arc<Semaphore>,
    arrived: mpsc::Sender<Arrived>,
}

impl Worker {
    async fn work(self) {
        let (mut line, mut busy_count) = (None, 0);
        while let Some(mut wanted) = self.next() {
            if is_stopped(&mut wanted.task) {
                self.tell(wanted, None, None).await;
                continue;
            }
            show(&wanted.task, DownloadState::Downloading, 0);
            let size = u32::try_from(wanted.task.size_bytes).unwrap_or(ROOM_BYTES);
            let room = Arc::clone(&self.room).acquire_many_owned(size).await.ok();
            match self.fetch(&mut line, &wanted).await {
                Ok(bytes) => {
                    show(&wanted.task, DownloadState::Finishing, bytes.len() as u64);
                    self.tell(wanted, Some(bytes), room).await;
                }
                Err(Fault::Busy(wait)) if busy_count < BUSY_MAX_COUNT => {
                    busy_count += 1;
                    self.lock().push_front(wanted);
                    drop(room);
                    tokio::time::sleep(wait.min(Duration::from_secs(1) * busy_count)).await;
                }
                Err(Fault::Unreachable(_)) => {
                    line = None;
                    self.tell(wanted, None, None).await;
                    // None of the others would come either.
                    while let Some(wanted) = self.next() {
                        self.tell(wanted, None, None).await;
                    }
                }
                Err(_) => {
                    line = None;
                    self.tell(wanted, None, None).await;
                }
            }
        }
    }

    /// One file over the connection that is there, or over a new one.
    async fn fetch(&self, line: &mut Option<Line>, wanted: &Wanted) -> Result<Vec<u8>, Fault> {
        if self.shared.refused.contains(&wanted.peer) {
            return Err(Fault::Gone("is blocked".to_owned()));
        }
        let (hash, size_bytes) = (&wanted.task.hash, wanted.task.size_bytes);
        let limit = self.shared.http.limit_of(wanted.peer);
        let was_kept = line.is_some();
        let mut open = match line.take() {
            Some(open) => open,
            None => Line::open(self.address, &self.shared).await?,
        };
        match open.whole(hash, size_bytes, &limit, &self.shared).await {
            // Closed while nobody used it: that is no failure of the holder.
            Err(Fault::Broken(_)) if was_kept => {
                open = Line::open(self.address, &self.shared).await?;
                let bytes = open.whole(hash, size_bytes, &limit, &self.shared).await?;
                *line = Some(open);
                Ok(bytes)
            }
            answer => {
                *line = Some(open);
                answer
            }
        }
    }

    fn next(&self) -> Option<Wanted> {
        self.lock().pop_front()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Wanted>> {
        // Every change is one step, so a panic elsewhere leaves it whole.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn tell(
        &self,
        wanted: Wanted,
        bytes: Option<Vec<u8>>,
        room: Option<OwnedSemaphorePermit>,
    ) {
        let arrived = Arrived {
            wanted,
            bytes,
            _room: room,
        };
        // The batch outlives its workers unless the program ends.
        let _ = self.arrived.send(arrived).await;
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
