//! Bytes on their way to a client: in steps, and paced. Who takes too little is let go by the
//! connection (see `outlet`).
//!
//! Knows no route, no header and no file.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::buffers::BUFFER_BYTES;
use super::outlet::Outlet;
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

/// Hands a chunk on when the limits let it pass, and whoever sends the answer has room for it.
///
/// # Errors
/// [`Cut::Client`] when nobody takes it: the client is gone, or was too slow (see [`Outlet`]).
pub async fn hand(
    chunk: Bytes,
    chunks: &mpsc::Sender<io::Result<Bytes>>,
    limits: &[RateLimit; 2],
) -> Result<(), Cut> {
    tokio::select! {
        () = pace(chunk.len() as u64, limits) => {}
        () = chunks.closed() => return Err(Cut::Client),
    }
    chunks.send(Ok(chunk)).await.map_err(|_| Cut::Client)
}

/// Chunks that are made elsewhere, on their way into an answer: while the connection has one, the
/// client is to take it.
#[derive(Debug)]
pub struct Chunks {
    made: mpsc::Receiver<io::Result<Bytes>>,
    outlet: Outlet,
}

impl Chunks {
    /// What comes out of `made` leaves by `outlet`.
    pub const fn new(made: mpsc::Receiver<io::Result<Bytes>>, outlet: Outlet) -> Self {
        Self { made, outlet }
    }
}

impl Stream for Chunks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Asked for the next one, the connection has sent the one before.
        self.outlet.take_back();
        let next = self.made.poll_recv(cx);
        if let Poll::Ready(Some(_)) = next {
            self.outlet.hand_over();
        }
        next
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        self.outlet.take_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::outlet::SLOW_WINDOW;
    use futures::StreamExt as _;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn a_client_is_slow_by_what_it_was_given_and_not_by_what_is_still_made() {
        let outlet = Outlet::default();
        let (made, chunks) = mpsc::channel(1);
        let mut answer = Chunks::new(chunks, outlet.clone());
        let is_slow = || async { timeout(SLOW_WINDOW * 4, outlet.taken_too_slowly()).await };
        assert!(futures::poll!(answer.next()).is_pending());
        assert!(is_slow().await.is_err(), "nothing was made yet");
        let none = [RateLimit::new(None), RateLimit::new(None)];
        hand(Bytes::from_static(b"x"), &made, &none).await.unwrap();
        assert!(is_slow().await.is_err(), "it was made and not given");
        assert!(answer.next().await.is_some());
        assert!(is_slow().await.is_ok(), "it was given and not taken");
        drop(answer);
        assert!(is_slow().await.is_err(), "there is no answer any more");
        let gone = hand(Bytes::from_static(b"x"), &made, &none).await;
        assert_eq!(gone, Err(Cut::Client));
    }
}
