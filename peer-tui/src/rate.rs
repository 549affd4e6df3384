//! Bytes over time: a token bucket that limits them, a meter that tells how many there were lately.
//!
//! Pure, but for [`RateLimit`], which shares one bucket between many streams, and [`RateLimits`],
//! which has one for each of many. Time is an argument.

mod calm;
mod each;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use calm::CalmRate;
pub use each::RateLimits;

/// Tokens that may be saved up, as a part of a second.
const BURST_SECS: f64 = 0.25;
/// A rate is the mean over so long: short enough to follow, long enough to be read.
const WINDOW: Duration = Duration::from_secs(5);
/// Bytes within this time are kept as one sample.
const SAMPLE: Duration = Duration::from_millis(250);

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

    /// Whether somebody else holds it.
    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.bucket) > 1
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<TokenBucket>> {
        // The bucket is whole after every step, so a panic elsewhere leaves it usable.
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bucket_of(bytes_per_sec: Option<u64>) -> Option<TokenBucket> {
    bytes_per_sec.map(|rate| TokenBucket::new(rate, Instant::now()))
}

/// Counts bytes as they come; yields their rate lately.
#[derive(Debug, Clone, Default)]
pub struct RateMeter {
    samples: VecDeque<(Instant, u64)>,
    started_at: Option<Instant>,
}

impl RateMeter {
    /// Counts `bytes` that came now.
    pub fn add(&mut self, bytes: u64, now: Instant) {
        self.started_at.get_or_insert(now);
        match self.samples.back_mut() {
            Some((at, sum)) if now.saturating_duration_since(*at) < SAMPLE => *sum += bytes,
            _ => self.samples.push_back((now, bytes)),
        }
        self.forget(now);
    }

    /// Bytes a second over the last five seconds, or since the first byte where that is less.
    pub fn rate(&mut self, now: Instant) -> u64 {
        self.forget(now);
        let sum: u64 = self.samples.iter().map(|(_, bytes)| bytes).sum();
        if sum == 0 {
            self.started_at = None;
            return 0;
        }
        let since = self
            .started_at
            .map_or(WINDOW, |at| now.saturating_duration_since(at));
        let millis = since.clamp(Duration::from_millis(500), WINDOW).as_millis();
        u64::try_from(u128::from(sum) * 1000 / millis).unwrap_or(u64::MAX)
    }

    fn forget(&mut self, now: Instant) {
        while let Some((at, _)) = self.samples.front()
            && now.saturating_duration_since(*at) > WINDOW
        {
            self.samples.pop_front();
        }
    }
}

/// A [`RateMeter`] that several tasks count into; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct SharedMeter(Arc<Mutex<RateMeter>>);

impl SharedMeter {
    /// Counts `bytes` that came now.
    pub fn add(&self, bytes: u64) {
        self.lock().add(bytes, Instant::now());
    }

    /// Bytes a second, lately.
    pub fn rate(&self) -> u64 {
        self.lock().rate(Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, RateMeter> {
        // A sum of samples is whole after every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    }

    #[test]
    fn the_rate_follows_the_last_five_seconds() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut meter = RateMeter::default();
        assert_eq!(meter.rate(start), 0);
        for tick in 0..100 {
            meter.add(10_000, at(tick * 100));
        }
        let steady = meter.rate(at(10_000));
        assert!((95_000..=105_000).contains(&steady), "{steady}");
        assert_eq!(meter.rate(at(20_000)), 0, "old bytes do not count");
        meter.add(1_000, at(20_000));
        assert_eq!(
            meter.rate(at(20_100)),
            2_000,
            "a start is spread over half a second"
        );
    }
}
