//! How fast and how patiently: the token bucket over all downloads, and the times a source has.
//!
//! The bucket is pure: time is an argument. [`DownLimit`] shares one between all sources.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a source may take before its piece goes to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Until it has accepted the connection.
    pub connect: Duration,
    /// From the request to the first byte of the answer.
    pub first_byte: Duration,
    /// The stretch over which its speed is judged.
    pub slow_window: Duration,
    /// Bytes that must come in such a stretch (16 KiB/s over 10 s).
    pub slow_bytes: u64,
    /// First wait after a source failed; doubles with each failure in a row.
    pub failure: Duration,
    /// Between looks at the index for more sources while bytes arrive.
    pub look_again: Duration,
    /// First wait of a download that nobody has; doubles up to `no_source_max`.
    pub no_source_min: Duration,
    /// Longest wait of a download that nobody has.
    pub no_source_max: Duration,
    /// How long a cancelled download can be taken back.
    pub undo: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(10),
            slow_window: Duration::from_secs(10),
            slow_bytes: 160 * 1024,
            failure: Duration::from_secs(1),
            look_again: Duration::from_secs(30),
            no_source_min: Duration::from_secs(5),
            no_source_max: Duration::from_mins(1),
            undo: Duration::from_secs(10),
        }
    }
}

/// A token bucket: a byte may pass when its token is there; a quarter of a second of tokens may be
/// saved up, and one chunk may run into debt, which the next one waits off.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    bytes_per_sec: u64,
    /// Below zero: debt.
    tokens: f64,
    filled_at: Instant,
}

/// Tokens that may be saved up, as a part of a second.
const BURST_SECS: f64 = 0.25;

impl TokenBucket {
    /// A bucket that lets `bytes_per_sec` pass (at least 1).
    pub fn new(bytes_per_sec: u64, now: Instant) -> Self {
        Self {
            bytes_per_sec: bytes_per_sec.max(1),
            tokens: 0.0,
            filled_at: now,
        }
    }

    /// Takes the tokens of `bytes`; yields how long to wait before going on.
    pub fn take(&mut self, bytes: u64, now: Instant) -> Duration {
        let rate = self.bytes_per_sec as f64;
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.filled_at = self.filled_at.max(now);
        self.tokens = (self.tokens + passed * rate).min(rate * BURST_SECS);
        self.tokens -= bytes as f64;
        if self.tokens >= 0.0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64((-self.tokens / rate).min(3600.0))
    }
}

/// The limit over all downloads; cheap to clone.
#[derive(Debug, Clone)]
pub struct DownLimit {
    bucket: Arc<Mutex<Option<TokenBucket>>>,
}

impl DownLimit {
    /// Bytes a second; `None` for no limit.
    pub fn new(bytes_per_sec: Option<u64>) -> Self {
        let bucket = bucket_of(bytes_per_sec);
        Self {
            bucket: Arc::new(Mutex::new(bucket)),
        }
    }

    /// Another limit from now on.
    pub fn set(&self, bytes_per_sec: Option<u64>) {
        *self.lock() = bucket_of(bytes_per_sec);
    }

    /// Counts `bytes` that came; yields how long to wait before reading more.
    pub fn take(&self, bytes: u64) -> Duration {
        match self.lock().as_mut() {
            Some(bucket) => bucket.take(bytes, Instant::now()),
            None => Duration::ZERO,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<TokenBucket>> {
        // The bucket is whole after every step, so a panic elsewhere leaves it usable.
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bucket_of(bytes_per_sec: Option<u64>) -> Option<TokenBucket> {
    bytes_per_sec.map(|rate| TokenBucket::new(rate, Instant::now()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_more_than_the_limit_and_a_burst_passes(
            rate in 1_000..10_000_000_u64,
            chunks in proptest::collection::vec((1..100_000_u64, 0..500_u64), 1..60),
        ) {
            let start = Instant::now();
            let mut bucket = TokenBucket::new(rate, start);
            let (mut now, mut passed) = (start, 0_u64);
            for (bytes, idle_ms) in chunks {
                now += Duration::from_millis(idle_ms);
                now += bucket.take(bytes, now);
                passed += bytes;
                let most = (now - start).as_secs_f64() * rate as f64 + rate as f64 * BURST_SECS;
                prop_assert!(passed as f64 <= most + 1.0, "{} > {}", passed, most);
            }
        }

        #[test]
        fn a_busy_reader_gets_all_of_the_limit(rate in 10_000..10_000_000_u64) {
            let start = Instant::now();
            let mut bucket = TokenBucket::new(rate, start);
            let (mut now, mut passed) = (start, 0_u64);
            while now < start + Duration::from_secs(10) {
                now += bucket.take(8_192, now);
                passed += 8_192;
            }
            prop_assert!(passed >= rate * 10);
        }
    }
}
