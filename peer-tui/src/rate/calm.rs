//! A rate that holds still while nothing happens that a person would call a change.
//!
//! Pieces arrive in lumps, so that a stream limited to one speed is measured a fifth above and below
//! it from second to second. Pure: it is told one measure after the other.

/// A measure this far (percent) from what is shown is a change and no noise.
const CHANGE_PERCENT: u64 = 40;
/// The mean of the last measures may be so far (percent) from what was shown just now; for each
/// measure that it has been shown a percent less, down to [`NOISE_LEAST_PERCENT`].
const NOISE_PERCENT: u64 = 14;
const NOISE_LEAST_PERCENT: u64 = 6;
/// A new measure counts as one of so many in the mean, of fewer while there are no more.
const MEAN_MAX_COUNT: u64 = 8;

/// What is shown of one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CalmRate {
    shown: u64,
    mean: u64,
    /// Measures in the mean.
    count: u64,
    /// Measures taken since it was shown first.
    age: u64,
}

impl CalmRate {
    /// Takes the next measure, about one a second; bytes a second to be shown now.
    pub fn take(&mut self, rate: u64) -> u64 {
        if rate == 0 || self.shown == 0 || is_farther(rate, self.shown, CHANGE_PERCENT) {
            *self = Self {
                shown: rate,
                mean: rate,
                count: 1,
                age: 0,
            };
            return rate;
        }
        self.count = (self.count + 1).min(MEAN_MAX_COUNT);
        let sum = u128::from(self.mean) * u128::from(self.count - 1) + u128::from(rate);
        self.mean = u64::try_from(sum / u128::from(self.count)).unwrap_or(u64::MAX);
        self.age += 1;
        let noise = NOISE_PERCENT.saturating_sub(self.age);
        if is_farther(self.mean, self.shown, noise.max(NOISE_LEAST_PERCENT)) {
            self.shown = self.mean;
            self.age = 0;
        }
        self.shown
    }
}

fn is_farther(one: u64, from: u64, percent: u64) -> bool {
    u128::from(one.abs_diff(from)) * 100 > u128::from(from) * u128::from(percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_shown_is_never_far_from_what_is(rates in proptest::collection::vec(0..2_000_000_u64, 1..200)) {
            let mut calm = CalmRate::default();
            for rate in rates {
                let shown = calm.take(rate);
                prop_assert_eq!(shown == 0, rate == 0);
                prop_assert!(!is_farther(rate, shown, CHANGE_PERCENT), "{} for {}", shown, rate);
            }
        }

        #[test]
        fn a_lasting_change_is_followed(from in 100_000..200_000_u64, percent in 75..130_u64) {
            let mut calm = CalmRate::default();
            for _ in 0..20 {
                calm.take(from);
            }
            let to = from * percent / 100;
            let shown = (0..40).map(|_| calm.take(to)).last().unwrap_or(0);
            prop_assert!(!is_farther(shown, to, 8), "{} for {}", shown, to);
        }
    }

    #[test]
    fn a_burst_at_the_start_is_soon_forgotten() {
        let mut calm = CalmRate::default();
        let shown: Vec<u64> = [225, 180, 180, 180].map(|rate| calm.take(rate)).into();
        assert!(shown[3] < 200, "{shown:?}");
    }

    #[test]
    fn lumps_of_a_steady_stream_leave_it_alone() {
        let mut calm = CalmRate::default();
        let lumps = [256, 307, 256, 205, 256, 256, 307, 205, 205, 307, 256, 256];
        let shown: Vec<u64> = lumps.iter().map(|rate| calm.take(*rate)).collect();
        assert_eq!(shown, vec![256; lumps.len()], "while lumps come");
    }
}
