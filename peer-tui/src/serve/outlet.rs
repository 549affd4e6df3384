//! Where the bytes of one connection leave: how many have, whose turn it is, and the way to end it.
//!
//! Knows no socket and no answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::stand_in::StandIns;

/// A client that takes less than [`SLOW_BYTES`] in this time holds a slot that others wait for.
pub const SLOW_WINDOW: Duration = Duration::from_secs(30);
/// 1 KiB/s.
pub const SLOW_BYTES: u64 = 30 * 1024;

/// What is known of the connection that the bytes leave by; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Outlet {
    /// Bytes that the kernel has taken from this connection.
    pub written: Arc<AtomicU64>,
    /// Where files are promised to it in place of bytes.
    pub stand_ins: StandIns,
    /// Counts turns of an answer with bytes: odd while the client has to take some.
    pub turn: Arc<AtomicU64>,
    /// Cuts the connection: the only way to stop one that takes nothing.
    pub cut: CancellationToken,
}

impl Outlet {
    /// The client is to take what it was handed.
    pub fn hand_over(&self) {
        self.turn.fetch_or(1, Ordering::Relaxed);
    }

    /// It has, or there is nobody to take it.
    pub fn take_back(&self) {
        let turn = self.turn.load(Ordering::Relaxed);
        // One answer at a time uses an outlet, so nobody else writes between the two.
        self.turn.store(turn + (turn & 1), Ordering::Relaxed);
    }

    /// Ends when the client has taken next to nothing of what it was handed for a whole window.
    pub async fn taken_too_slowly(&self) {
        let now = || {
            let turn = self.turn.load(Ordering::Relaxed);
            (turn, self.written.load(Ordering::Relaxed))
        };
        let mut before = now();
        loop {
            sleep(SLOW_WINDOW).await;
            let after = now();
            let is_same_turn = after.0 == before.0 && after.0 & 1 == 1;
            if is_same_turn && after.1 - before.1 < SLOW_BYTES {
                return;
            }
            before = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Instant, timeout};

    #[tokio::test(start_paused = true)]
    async fn only_a_client_that_takes_nothing_of_what_it_has_is_too_slow() {
        let outlet = Outlet::default();
        let check = async |what: &str, is_slow: bool, per_window: u64, step: fn(&Outlet)| {
            let taking = async {
                loop {
                    outlet.written.fetch_add(per_window, Ordering::Relaxed);
                    step(&outlet);
                    sleep(SLOW_WINDOW / 2).await;
                }
            };
            let watch = timeout(SLOW_WINDOW * 4, outlet.taken_too_slowly());
            let ended = tokio::select! {
                ended = watch => ended.is_ok(),
                () = taking => false,
            };
            assert_eq!(ended, is_slow, "{what}");
        };
        check("nothing is to be taken", false, 0, |_| ()).await;
        outlet.hand_over();
        check("it takes a little", false, SLOW_BYTES, |_| ()).await;
        let began = Instant::now();
        check("it takes next to nothing", true, 100, |_| ()).await;
        assert!(began.elapsed() <= SLOW_WINDOW * 2);
        check("a chunk a window, by our own limit", false, 100, |outlet| {
            outlet.take_back();
            outlet.hand_over();
        })
        .await;
        outlet.take_back();
        check("it has taken all", false, 0, |_| ()).await;
    }
}
