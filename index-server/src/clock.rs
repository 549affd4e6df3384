//! The only place that reads the time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Reads wall time and monotonic time; tests pass tokio's paused clock through.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {}

impl Clock {
    /// Wall time, for what people and records are told.
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
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
