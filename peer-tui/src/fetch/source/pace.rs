//! Whether a source is fast enough to be waited for.
//!
//! Judged window by window; being slow only counts while somebody else could take over.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::time::timeout;

use super::super::limits::Timing;
use super::{Fault, SILENT_WINDOWS_COUNT};

/// How fast a source is, judged window by window.
pub(super) struct Pace {
    timing: Timing,
    /// `None`: nobody else is there.
    has_others: Option<Arc<AtomicBool>>,
    window_started_at: Instant,
    window_bytes: u64,
    /// Our own limit held it up in this window.
    is_held_up: bool,
}

impl Pace {
    pub(super) fn new(timing: Timing, has_others: Option<Arc<AtomicBool>>) -> Self {
        Self {
            timing,
            has_others,
            window_started_at: Instant::now(),
            window_bytes: 0,
            is_held_up: false,
        }
    }

    fn has_others(&self) -> bool {
        self.has_others
            .as_ref()
            .is_some_and(|others| others.load(Ordering::Relaxed))
    }

    /// What `bytes` yields, when it comes in time; somebody who can take over may come while it is
    /// waited for.
    ///
    /// # Errors
    /// [`Fault::Broken`]: it went silent.
    pub(super) async fn wait<T>(&self, bytes: impl Future<Output = T>) -> Result<T, Fault> {
        let mut bytes = pin!(bytes);
        for _ in 0..SILENT_WINDOWS_COUNT {
            if let Ok(came) = timeout(self.timing.slow_window, &mut bytes).await {
                return Ok(came);
            }
            if self.has_others() {
                break;
            }
        }
        Err(Fault::Broken("went silent".to_owned()))
    }

    pub(super) fn count(
        &mut self,
        bytes: u64,
        now: Instant,
        is_held_up: bool,
    ) -> Result<(), Fault> {
        self.window_bytes += bytes;
        self.is_held_up |= is_held_up;
        if now.saturating_duration_since(self.window_started_at) < self.timing.slow_window {
            return Ok(());
        }
        let is_slow = self.window_bytes < self.timing.slow_bytes && !self.is_held_up;
        self.window_started_at = now;
        self.window_bytes = 0;
        self.is_held_up = is_held_up;
        if is_slow && self.has_others() {
            return Err(Fault::Broken("is too slow".to_owned()));
        }
        Ok(())
    }
}
