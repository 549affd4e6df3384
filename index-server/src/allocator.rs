//! How the allocator gives memory back.
//!
//! The catalog merges its segments on threads that end, and views that nobody reads any more free
//! large blocks on any thread: what those held stays with the process until somebody collects it,
//! and a record would cost twice what it holds. Knows nothing of who allocates.

use std::time::Duration;

/// Time between collections: a collection takes milliseconds, and what a second's searches free is
/// worth keeping for the next second's.
const COLLECT_EVERY: Duration = Duration::from_secs(5);

/// Gives pages that are free for now back to the system. For programs whose allocator is mimalloc;
/// of no effect in others.
#[expect(
    unsafe_code,
    reason = "a call of the C library that takes a flag, keeps no pointer and may be made from any \
              thread at any time"
)]
pub fn give_back() {
    // SAFETY: collecting frees no block that is in use.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

/// Gives free pages back now and then; never ends.
pub async fn give_back_regularly() {
    let mut interval = tokio::time::interval(COLLECT_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        // A runtime that is going down starts nothing any more.
        if tokio::task::spawn_blocking(give_back).await.is_err() {
            return;
        }
    }
}
