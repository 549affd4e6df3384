//! Kept connections to sources, each with the turns that wait on it.
//!
//! A content has one connection to a source, over which its ranges come one behind the other; what
//! nobody waits on any more is taken by the next content, or closed after a while.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::line::{Left, Turn, connect, request_of, send};
use super::{ByteRange, Fault, Place};
use crate::fetch::limits::Timing;

/// Connections without an answer under way are kept so long.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// Kept connections to one source.
const PER_SOURCE_COUNT: usize = 16;

/// The end of the row of turns on one connection.
#[derive(Debug)]
struct Tail {
    /// Gone when the last turn has failed.
    stream: Weak<TcpStream>,
    hash: ContentHash,
    last: oneshot::Receiver<Left>,
    asked_at: Instant,
}

impl Tail {
    /// Nobody waits on it, and it goes on.
    fn is_idle(&self) -> bool {
        !self.last.is_empty()
    }

    fn is_open(&self) -> bool {
        self.stream.strong_count() > 0
    }
}

#[derive(Debug, Default)]
struct Inner {
    tails: HashMap<SocketAddr, Vec<Tail>>,
    is_swept: bool,
}

/// Kept connections; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Inner>>);

impl Lines {
    /// Asks for a range, behind what was asked for of the same content; `own_id` is told.
    ///
    /// # Errors
    /// When there is no connection and none can be made.
    pub(super) async fn ask(
        &self,
        place: &Place,
        range: ByteRange,
        timing: &Timing,
        own_id: &PeerId,
    ) -> Result<Turn, Fault> {
        let request = request_of(place, range, own_id);
        let (stream, before) = match self.take(place) {
            Some((stream, last)) => (stream, Some(last)),
            None => (connect(place, timing.connect).await?, None),
        };
        // One that fails now is found out when its answer is read.
        let sent = send(&stream, &request, timing.first_byte).await;
        if sent.is_err() && before.is_none() {
            return Err(Fault::Broken("broke off (unexpected end)".to_owned()));
        }
        let (after, last) = oneshot::channel();
        let tail = Tail {
            stream: Arc::downgrade(&stream),
            hash: place.hash,
            last,
            asked_at: Instant::now(),
        };
        self.put(place.address, tail);
        Ok(Turn {
            stream,
            request,
            before,
            after,
        })
    }

    /// The connection of this content, or one that nobody uses.
    fn take(&self, place: &Place) -> Option<(Arc<TcpStream>, oneshot::Receiver<Left>)> {
        let mut inner = self.lock();
        let tails = inner.tails.get_mut(&place.address)?;
        tails.retain(Tail::is_open);
        let own = tails.iter().position(|tail| tail.hash == place.hash);
        let at = own.or_else(|| tails.iter().position(Tail::is_idle))?;
        let tail = tails.swap_remove(at);
        Some((tail.stream.upgrade()?, tail.last))
    }

    fn put(&self, address: SocketAddr, tail: Tail) {
        let mut inner = self.lock();
        let tails = inner.tails.entry(address).or_default();
        if tails.len() < PER_SOURCE_COUNT {
            tails.push(tail);
        }
        if !std::mem::replace(&mut inner.is_swept, true) {
            tokio::spawn(self.clone().sweep());
        }
    }

    /// Closes what nobody needs, until there is nothing left.
    async fn sweep(self) {
        loop {
            tokio::time::sleep(IDLE_MAX / 3).await;
            let mut inner = self.lock();
            let now = Instant::now();
            inner.tails.retain(|_, tails| {
                tails.retain(|tail| {
                    let is_old = now.saturating_duration_since(tail.asked_at) > IDLE_MAX;
                    tail.is_open() && !(tail.is_idle() && is_old)
                });
                !tails.is_empty()
            });
            if inner.tails.is_empty() {
                inner.is_swept = false;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is one step, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
