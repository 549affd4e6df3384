//! The only place that reads the time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Reads wall time and monotonic time; tests pass tokio's paused clock through.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {}

impl Clock {
    /// Wall time in whole milliseconds, which is what records keep: a fact reads the same before
    /// and after a restart.
    pub fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// Monotonic time, for deadlines.
    pub fn instant(&self) -> Instant {
        Instant::now()
    }

    /// The next moment `period` away, for loops.
    pub fn deadline(&self, period: Duration) -> Instant {
        self.instant() + period
    }
}
