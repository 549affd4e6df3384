//! Bytes over time: a token bucket that limits them, a meter that tells how many there were lately.
//!
//! Pure, but for [`RateLimit`], which shares one bucket between many streams. Time is an argument.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tokens that may be saved up, as a part of a second.
const BURST_SECS: f64 = 0.25;
/// Seconds that a meter looks back.
const METER_SECS: usize = 4;

/// A token bucket: a byte may pass when its token is there; a quarter of a second of tokens may be
/// saved up, and one chunk may run into debt, which the next one waits off.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    bytes_per_sec: u64,
    /// Below zero: debt.
    tokens: f64,
    filled_at: Instant,
}

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

/// One limit over many streams; cheap to clone.
#[derive(Debug, Clone)]
pub struct RateLimit {
    bucket: Arc<Mutex<Option<TokenBucket>>>,
}

impl RateLimit {
    /// Bytes a second; `None` for no limit.
    pub fn new(bytes_per_sec: Option<u64>) -> Self {
        Self {
            bucket: Arc::new(Mutex::new(bucket_of(bytes_per_sec))),
        }
    }

    /// Another limit from now on.
    pub fn set(&self, bytes_per_sec: Option<u64>) {
        *self.lock() = bucket_of(bytes_per_sec);
    }

    /// Counts `bytes`; yields how long to wait before going on.
    pub fn take(&self, bytes: u64) -> Duration {
        match self.lock().as_mut() {
            Some(bucket) => bucket.take(bytes, Instant::now()),
            None => Duration::ZERO,
        }
    }

    /// Bytes a second, where there is a limit.
    pub fn bytes_per_sec(&self) -> Option<u64> {
        self.lock().as_ref().map(|bucket| bucket.bytes_per_sec)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<TokenBucket>> {
        // The bucket is whole after every step, so a panic elsewhere leaves it usable.
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bucket_of(bytes_per_sec: Option<u64>) -> Option<TokenBucket> {
    bytes_per_sec.map(|rate| TokenBucket::new(rate, Instant::now()))
}

/// How many bytes a second passed lately: the mean of the last few whole or begun seconds.
#[derive(Debug, Clone)]
pub struct Meter {
    started_at: Instant,
    /// Bytes of the second `second - index`, in a ring.
    buckets: [u64; METER_SECS],
    second: u64,
}

impl Meter {
    /// A meter that starts now.
    pub const fn new(now: Instant) -> Self {
        Self {
            started_at: now,
            buckets: [0; METER_SECS],
            second: 0,
        }
    }

    /// Counts `bytes`.
    pub fn add(&mut self, bytes: u64, now: Instant) {
        self.turn(now);
        self.buckets[slot_of(self.second)] += bytes;
    }

    /// Bytes a second over the last seconds.
    pub fn rate(&mut self, now: Instant) -> u64 {
        self.turn(now);
        let age = now.saturating_duration_since(self.started_at).as_secs_f64();
        let begun = age - age.floor();
        let span = age.min(METER_SECS as f64 - 1.0 + begun).max(0.5);
        let bytes: u64 = self.buckets.iter().sum();
        let rate = bytes as f64 / span;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is not negative, and far below 2^53"
        )]
        let rate = rate as u64;
        rate
    }

    fn turn(&mut self, now: Instant) {
        let second = now.saturating_duration_since(self.started_at).as_secs();
        let passed = second.saturating_sub(self.second);
        for step in 1..=passed.min(METER_SECS as u64) {
            self.buckets[slot_of(self.second + step)] = 0;
        }
        self.second = self.second.max(second);
    }
}

fn slot_of(second: u64) -> usize {
    usize::try_from(second % METER_SECS as u64).unwrap_or(0)
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
        fn a_busy_stream_gets_all_of_the_limit(rate in 10_000..10_000_000_u64) {
            let start = Instant::now();
            let mut bucket = TokenBucket::new(rate, start);
            let (mut now, mut passed) = (start, 0_u64);
            while now < start + Duration::from_secs(10) {
                now += bucket.take(8_192, now);
                passed += 8_192;
            }
            prop_assert!(passed >= rate * 10);
        }

        #[test]
        fn a_steady_stream_is_metered_within_a_tenth(per_tick in 1_000..1_000_000_u64) {
            let start = Instant::now();
            let mut meter = Meter::new(start);
            let mut now = start;
            for _ in 0..100 {
                now += Duration::from_millis(100);
                meter.add(per_tick, now);
            }
            let (rate, real) = (meter.rate(now) as f64, per_tick as f64 * 10.0);
            prop_assert!((rate - real).abs() <= real * 0.1, "{} for {}", rate, real);
            prop_assert_eq!(meter.rate(now + Duration::from_secs(10)), 0);
        }
    }
}
