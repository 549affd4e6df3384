//! Bytes on their way to a client: in steps, paced, and cut when the client stops taking.
//!
//! Knows no route, no header and no file.

use std::io;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::buffers::BUFFER_BYTES;
use super::outlet::{Outlet, SLOW_BYTES, SLOW_WINDOW};
use crate::rate::RateLimit;

/// What a buffer holds: large enough that system calls cost nothing, small enough for 64 streams on
/// a small box.
pub const CHUNK_BYTES: u64 = BUFFER_BYTES as u64;
/// Under a limit, smaller steps make a smoother stream.
const PACED_CHUNK_BYTES: u64 = 32 * 1024;

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

/// Bytes that are handed on at a time.
pub fn step(limits: &[RateLimit; 2]) -> u64 {
    let is_paced = |limit: &RateLimit| limit.bytes_per_sec().is_some();
    if limits.iter().any(is_paced) {
        PACED_CHUNK_BYTES
    } else {
        CHUNK_BYTES
    }
}

/// Waits until the limits let a chunk of `length` pass.
pub async fn pace(length: u64, limits: &[RateLimit; 2]) {
    let [of_all, of_client] = limits;
    let wait = of_all.take(length).max(of_client.take(length));
    if !wait.is_zero() {
        sleep(wait).await;
    }
}

/// Hands a chunk on when the limits let it pass.
///
/// # Errors
/// [`Cut::Client`] when nobody takes it.
pub async fn hand(
    chunk: Bytes,
    chunks: &mpsc::Sender<io::Result<Bytes>>,
    limits: &[RateLimit; 2],
    outlet: &Outlet,
) -> Result<(), Cut> {
    tokio::select! {
        () = pace(chunk.len() as u64, limits) => {}
        () = chunks.closed() => return Err(Cut::Client),
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
