//! Bytes of an open file on their way to a client: read ahead by a little, paced, counted, and cut
//! when the client stops taking or the file stops being what was hashed.
//!
//! Memory a stream: two chunks. Knows no route and no header.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use protocol::byte_range::ByteRange;
use rustix::io::{ReadWriteFlags, preadv2};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::slots::Slot;
use super::uploads::Sending;
use crate::rate::RateLimit;
use crate::share::FileStamp;
use crate::share::open::stamp_of;

/// Large enough that system calls cost nothing, small enough for 64 streams on a small box.
const CHUNK_BYTES: u64 = 256 * 1024;
/// Under a limit, smaller steps make a smoother stream.
const PACED_CHUNK_BYTES: u64 = 32 * 1024;
/// A client that takes less than [`SLOW_BYTES`] in this time holds a slot that others wait for.
const SLOW_WINDOW: Duration = Duration::from_secs(30);
/// 1 KiB/s.
const SLOW_BYTES: u64 = 30 * 1024;

/// What is known of the connection that the bytes leave by.
#[derive(Debug, Clone)]
pub struct Outlet {
    /// Bytes that the kernel has taken from this connection.
    pub written: Arc<AtomicU64>,
    /// Cuts the connection: the only way to stop one that takes nothing.
    pub cut: CancellationToken,
}

/// A stream about to start.
#[derive(Debug)]
pub struct Source {
    /// The open file.
    pub file: File,
    /// What it must still be when the last byte goes out; `None` for verified pieces, which no
    /// longer change.
    pub stamp: Option<FileStamp>,
    /// Which bytes.
    pub range: ByteRange,
    /// Over all uploads, and of this client.
    pub limits: [RateLimit; 2],
    /// Counts what is sent.
    pub sending: Sending,
    /// Held to the end.
    pub slot: Slot,
    /// Where to.
    pub outlet: Outlet,
}

/// Why a stream was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The file is no longer what was hashed.
    FileChanged,
    /// The client is gone, or takes too little.
    Client,
    /// The disk failed.
    Disk,
}

/// Starts to read; `on_end` learns how many bytes went out, and why it was cut, if it was.
pub fn start(
    source: Source,
    on_end: impl FnOnce(u64, Option<Cut>) + Send + 'static,
) -> ReceiverStream<io::Result<Bytes>> {
    let (chunks, body) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut sent_bytes = 0;
        let cut = pump(source, &chunks, &mut sent_bytes).await.err();
        if let Some(cut) = cut {
            // An unclean end: the client must not take what it has for the whole.
            let error = io::Error::other(format!("the stream was cut: {cut:?}"));
            let _ = chunks.try_send(Err(error));
        }
        on_end(sent_bytes, cut);
    });
    ReceiverStream::new(body)
}

async fn pump(
    source: Source,
    chunks: &mpsc::Sender<io::Result<Bytes>>,
    sent_bytes: &mut u64,
) -> Result<(), Cut> {
    let file = Arc::new(source.file);
    let mut at = source.range.first();
    let end = source.range.last() + 1;
    while at < end {
        let wanted = step(&source.limits).min(end - at);
        let chunk = read(&file, at, wanted).await.map_err(|_| Cut::Disk)?;
        let length = chunk.len() as u64;
        if length == 0 {
            source.outlet.cut.cancel();
            return Err(Cut::FileChanged);
        }
        at += length;
        if at >= end && !is_unchanged(&file, source.stamp) {
            source.outlet.cut.cancel();
            return Err(Cut::FileChanged);
        }
        hand(chunk, chunks, &source.limits, &source.outlet).await?;
        source.sending.count(length);
        source.slot.count(length);
        *sent_bytes += length;
    }
    drop(source.slot);
    Ok(())
}

/// Bytes that are handed on at a time.
pub(super) fn step(limits: &[RateLimit; 2]) -> u64 {
    let is_paced = |limit: &RateLimit| limit.bytes_per_sec().is_some();
    if limits.iter().any(is_paced) {
        PACED_CHUNK_BYTES
    } else {
        CHUNK_BYTES
    }
}

/// Hands a chunk on when the limits let it pass.
pub(super) async fn hand(
    chunk: Bytes,
    chunks: &mpsc::Sender<io::Result<Bytes>>,
    limits: &[RateLimit; 2],
    outlet: &Outlet,
) -> Result<(), Cut> {
    let length = chunk.len() as u64;
    let [of_all, of_client] = limits;
    let wait = of_all.take(length).max(of_client.take(length));
    if !wait.is_zero() {
        tokio::select! {
            () = sleep(wait) => {}
            () = chunks.closed() => return Err(Cut::Client),
        }
    }
    send(chunk, chunks, outlet).await
}

/// Hands a chunk on; waits as long as the client takes at least a little.
async fn send(
    chunk: Bytes,
    chunks: &mpsc::Sender<io::Result<Bytes>>,
    outlet: &Outlet,
) -> Result<(), Cut> {
    let place = chunks.reserve();
    tokio::pin!(place);
    loop {
        let before = outlet.written.load(Ordering::Relaxed);
        match timeout(SLOW_WINDOW, &mut place).await {
            Ok(Ok(permit)) => {
                permit.send(Ok(chunk));
                return Ok(());
            }
            Ok(Err(_)) => return Err(Cut::Client),
            Err(_) if outlet.written.load(Ordering::Relaxed) - before < SLOW_BYTES => {
                outlet.cut.cancel();
                return Err(Cut::Client);
            }
            Err(_) => {}
        }
    }
}

fn is_unchanged(file: &File, stamp: Option<FileStamp>) -> bool {
    stamp.is_none_or(|stamp| {
        file.metadata()
            .is_ok_and(|metadata| stamp_of(&metadata) == stamp)
    })
}

/// Bytes in the page cache are read at once; for others a thread may wait.
async fn read(file: &Arc<File>, at: u64, length: u64) -> io::Result<Bytes> {
    let mut buffer = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let cached = preadv2(
        &**file,
        &mut [IoSliceMut::new(&mut buffer)],
        at,
        ReadWriteFlags::NOWAIT,
    );
    if let Ok(count) = cached
        && count > 0
    {
        buffer.truncate(count);
        return Ok(buffer.into());
    }
    let file = Arc::clone(file);
    let reading = tokio::task::spawn_blocking(move || {
        let count = read_some(&file, &mut buffer, at)?;
        buffer.truncate(count);
        Ok(Bytes::from(buffer))
    });
    reading.await.map_err(io::Error::other)?
}

fn read_some(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, at) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
