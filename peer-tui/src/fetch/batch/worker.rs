//! One kept connection to a holder, which is asked for file after file, or for many at once where
//! the holder knows how to give them.
//!
//! Knows one holder and its queue of files; knows no disk.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::limits::CONTENTS_MAX_COUNT;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::super::DownloadState;
use super::super::run::Shared;
use super::super::source::Fault;
use super::line::Line;
use super::{Arrived, LINES_COUNT, ROOM_BYTES, Wanted, is_stopped, show};
use crate::rate::RateLimit;

/// Bytes that are asked for at once.
const GROUP_MAX_BYTES: u64 = 1024 * 1024;
/// How often a holder may say that it is busy before its files go on alone.
const BUSY_MAX_COUNT: u32 = 10;

/// What all connections to one holder share.
pub(super) struct Holder {
    address: SocketAddr,
    files: Mutex<VecDeque<Wanted>>,
    /// It gives one file a request.
    is_plain: AtomicBool,
}

impl Holder {
    pub(super) fn new(address: SocketAddr, files: VecDeque<Wanted>) -> Self {
        Self {
            address,
            files: Mutex::new(files),
            is_plain: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Wanted>> {
        // Every change is one step, so a panic elsewhere leaves it whole.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> VecDeque<Wanted> {
        std::mem::take(&mut *self.lock())
    }

    /// The files of the next request: one from a plain holder, else as many as fit into an answer,
    /// and some left for the other connections.
    fn next_some(&self) -> Vec<Wanted> {
        let mut files = self.lock();
        let is_plain = self.is_plain.load(Ordering::Relaxed);
        let most = if is_plain {
            1
        } else {
            files.len().div_ceil(LINES_COUNT).min(CONTENTS_MAX_COUNT)
        };
        let (mut some, mut bytes) = (Vec::new(), 0);
        while some.len() < most
            && let Some(next) = files.front()
        {
            let (size_bytes, peer) = (next.task.size_bytes, next.peer);
            let fits = bytes + size_bytes <= GROUP_MAX_BYTES;
            let is_first = some.is_empty();
            let is_same = some.last().is_none_or(|one: &Wanted| one.peer == peer);
            if !(is_first || fits && is_same) {
                break;
            }
            bytes += size_bytes;
            some.extend(files.pop_front());
        }
        some
    }

    /// They are the next ones again.
    fn give_back(&self, some: VecDeque<Wanted>) {
        let mut files = self.lock();
        for wanted in some.into_iter().rev() {
            files.push_front(wanted);
        }
    }
}

/// One kept connection to a holder.
pub(super) struct Worker {
    pub(super) holder: Arc<Holder>,
    pub(super) shared: Shared,
    pub(super) room: Arc<Semaphore>,
    pub(super) arrived: mpsc::Sender<Arrived>,
}

/// Files that were asked for together and have not come, with their share of the memory.
struct Asked {
    some: VecDeque<Wanted>,
    room: Option<OwnedSemaphorePermit>,
    /// Of the holder.
    limit: RateLimit,
}

impl Worker {
    pub(super) async fn work(self) {
        let (mut line, mut busy_count) = (None, 0);
        loop {
            let some = self.holder.next_some();
            if some.is_empty() {
                return;
            }
            let mut asked = self.begin(some).await;
            if asked.some.is_empty() {
                continue;
            }
            let Err(fault) = self.fetch(&mut line, &mut asked).await else {
                continue;
            };
            let mut left = asked.some;
            drop(asked.room);
            match fault {
                Fault::Busy(wait) if busy_count < BUSY_MAX_COUNT => {
                    busy_count += 1;
                    self.holder.give_back(left);
                    tokio::time::sleep(wait.min(Duration::from_secs(1) * busy_count)).await;
                    continue;
                }
                // One of an older version, or of another kind.
                Fault::Gone(_) if left.len() > 1 => {
                    self.holder.is_plain.store(true, Ordering::Relaxed);
                    self.holder.give_back(left);
                }
                // It may have been this one file.
                Fault::Broken(_) if left.len() > 1 => {
                    let first = left.pop_front();
                    self.give_up(first.into_iter().collect()).await;
                    self.holder.give_back(left);
                }
                Fault::Unreachable(_) => {
                    self.give_up(left).await;
                    // None of the others would come either.
                    self.give_up(self.holder.all()).await;
                }
                _ => self.give_up(left).await,
            }
            line = None;
        }
    }

    /// Sorts out what is not to be asked for, and waits for room for the rest.
    async fn begin(&self, some: Vec<Wanted>) -> Asked {
        let (mut wanted, mut not_wanted) = (VecDeque::new(), VecDeque::new());
        for mut one in some {
            if is_stopped(&mut one.task) || self.shared.refused.contains(&one.peer) {
                not_wanted.push_back(one);
            } else {
                show(&one.task, DownloadState::Downloading, 0);
                wanted.push_back(one);
            }
        }
        self.give_up(not_wanted).await;
        let bytes: u64 = wanted.iter().map(|one| one.task.size_bytes).sum();
        let bytes = u32::try_from(bytes).unwrap_or(ROOM_BYTES).min(ROOM_BYTES);
        let room = Arc::clone(&self.room).acquire_many_owned(bytes).await.ok();
        let peer = wanted.front().map(|one| one.peer);
        let limit = peer.map(|peer| self.shared.http.limit_of(peer));
        Asked {
            some: wanted,
            room,
            limit: limit.unwrap_or_else(|| RateLimit::new(None)),
        }
    }

    /// Asks over the connection that is there, or over a new one.
    async fn fetch(&self, line: &mut Option<Line>, asked: &mut Asked) -> Result<(), Fault> {
        let count = asked.some.len();
        let was_kept = line.is_some();
        let mut open = match line.take() {
            Some(open) => open,
            None => self.open().await?,
        };
        let mut answer = self.ask(&mut open, asked).await;
        // Closed while nobody used it: that is no failure of the holder.
        if matches!(answer, Err(Fault::Broken(_))) && was_kept && asked.some.len() == count {
            open = self.open().await?;
            answer = self.ask(&mut open, asked).await;
        }
        *line = Some(open);
        answer
    }

    async fn open(&self) -> Result<Line, Fault> {
        Line::open(self.holder.address, &self.shared).await
    }

    /// Takes off `asked` what has come.
    async fn ask(&self, line: &mut Line, asked: &mut Asked) -> Result<(), Fault> {
        match asked.some.as_slices() {
            ([one], []) => {
                let (hash, size_bytes) = (one.task.hash, one.task.size_bytes);
                let bytes = line
                    .whole(&hash, size_bytes, &asked.limit, &self.shared)
                    .await?;
                self.take(asked, Some(bytes)).await;
                Ok(())
            }
            _ => self.ask_together(line, asked).await,
        }
    }

    async fn ask_together(&self, line: &mut Line, asked: &mut Asked) -> Result<(), Fault> {
        let wanted = asked.some.iter().map(|one| &one.task);
        let wanted: Vec<_> = wanted.map(|task| (task.hash, task.size_bytes)).collect();
        let mut contents = line.many(&wanted, &self.shared).await?;
        while let Some(content) = contents.next(&asked.limit, &self.shared).await? {
            self.take(asked, content).await;
        }
        Ok(())
    }

    /// The first one that was asked for has come, or cannot be given.
    async fn take(&self, asked: &mut Asked, bytes: Option<Vec<u8>>) {
        let Some(wanted) = asked.some.pop_front() else {
            return;
        };
        if let Some(bytes) = &bytes {
            self.shared.small_files.add(bytes.len() as u64);
            show(
                &wanted.task,
                DownloadState::Finishing,
                wanted.task.size_bytes,
            );
        }
        let size = usize::try_from(wanted.task.size_bytes).unwrap_or(0);
        let room = asked.room.as_mut().and_then(|room| room.split(size));
        self.tell(wanted, bytes, room).await;
    }

    /// They become downloads of their own.
    async fn give_up(&self, some: VecDeque<Wanted>) {
        for wanted in some {
            self.tell(wanted, None, None).await;
        }
    }

    async fn tell(
        &self,
        wanted: Wanted,
        bytes: Option<Vec<u8>>,
        room: Option<OwnedSemaphorePermit>,
    ) {
        let arrived = Arrived {
            task: wanted.task,
            from: Some(wanted.peer),
            bytes,
            _room: room,
        };
        // The batch outlives its workers unless the program ends.
        let _ = self.arrived.send(arrived).await;
    }
}
