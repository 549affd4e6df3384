//! Bytes a second over the last seconds.
//!
//! Pure: time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A rate is the mean over so long: short enough to follow, long enough to be read.
const WINDOW: Duration = Duration::from_secs(5);
/// Bytes within this time are kept as one sample.
const SAMPLE: Duration = Duration::from_millis(250);

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

#[cfg(test)]
mod tests {
    use super::*;

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
