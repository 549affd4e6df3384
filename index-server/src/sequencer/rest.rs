//! When the catalog's merges are looked at, and when those begin that wait until little is written.
//! Pure: times are passed in, and what is to be done is told.

use std::time::Duration;

use tokio::time::Instant;

/// How often a merge under way is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// So long must little have been written before segments are merged for that reason.
const REST_MIN: Duration = Duration::from_secs(1);
/// So many records in [`REST_MIN`] are not little.
const BUSY_COUNT: u64 = 256;
/// After such a merge the next one waits so many times as long as it took.
const PAUSE_FACTOR: u32 = 10;

/// What the catalog is doing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doing {
    /// Records put in or taken out, ever.
    pub(super) change_count: u64,
    /// Whether a merge is under way.
    pub(super) is_merging: bool,
    /// Whether it has put off to write records anew.
    pub(super) is_lagging: bool,
}

/// When what is due.
#[derive(Debug, Default)]
pub(super) struct Rest {
    look_at: Option<Instant>,
    /// The beginning of the stretch in which changes are counted, and the count then.
    counted_from: Option<(Instant, u64)>,
    /// When the last merge at rest began, while it is under way.
    began: Option<Instant>,
    /// None begins earlier.
    not_before: Option<Instant>,
}

impl Rest {
    /// When [`Self::look`] is to be called next.
    pub(super) fn look_at(&self) -> Option<Instant> {
        self.look_at
    }

    /// Takes note that something was written, or may have been.
    pub(super) fn note(&mut self, doing: Doing, now: Instant) {
        let busy = |(_, count): (Instant, u64)| doing.change_count - count >= BUSY_COUNT;
        if self.counted_from.is_none_or(busy) {
            self.counted_from = Some((now, doing.change_count));
        }
        let soon = now + LOOK_EVERY;
        self.look_at = Some(self.look_at.map_or(soon, |at| at.min(soon)));
    }

    /// Whether a merge at rest may begin now. What came of it is told to [`Self::began`].
    pub(super) fn look(&mut self, doing: Doing, now: Instant) -> bool {
        if !doing.is_merging
            && let Some(began) = self.began.take()
        {
            self.not_before = Some(now + (now - began) * PAUSE_FACTOR);
        }
        if doing.is_merging || self.may_catch_up(doing, now) {
            self.look_at = Some(now + LOOK_EVERY);
            return false;
        }
        let calm_at = self.calm_at(now);
        let due = match self.not_before {
            Some(not_before) if !doing.is_lagging => calm_at.max(not_before),
            _ => calm_at,
        };
        self.look_at = (due > now).then_some(due);
        due <= now
    }

    /// Whether what was put off may be done now, a portion at each look.
    pub(super) fn may_catch_up(&self, doing: Doing, now: Instant) -> bool {
        doing.is_lagging && self.calm_at(now) <= now
    }

    /// Whether nothing is merged or put off and little was written for a while.
    pub(super) fn is_at_rest(&self, doing: Doing, now: Instant) -> bool {
        !doing.is_merging && !doing.is_lagging && self.calm_at(now) <= now
    }

    /// When little will have been written for a while, or was.
    fn calm_at(&self, now: Instant) -> Instant {
        let since = self.counted_from.map_or(now, |(since, _)| since);
        since + REST_MIN
    }

    /// Takes note of whether a merge at rest began.
    pub(super) fn began(&mut self, has_begun: bool, now: Instant) {
        if has_begun {
            self.began = Some(now);
            self.look_at = Some(now + LOOK_EVERY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A catalog whose merges take half a second, looked at whenever that is wished, for `seconds`;
    /// `writes` yields how many records are written in which tenth of a second. Yields the tenths in
    /// which merges at rest began.
    fn begun(seconds: u64, writes: impl Fn(u64) -> u64) -> Vec<u64> {
        let start = Instant::now();
        let (mut rest, mut begun) = (Rest::default(), Vec::new());
        let (mut change_count, mut merging_until) = (0, start);
        for step in 0..seconds * 100 {
            let now = start + Duration::from_millis(step * 10);
            let doing = |change_count| Doing {
                change_count,
                is_merging: now < merging_until,
                is_lagging: false,
            };
            if step % 10 == 0 && writes(step / 10) > 0 {
                change_count += writes(step / 10);
                rest.note(doing(change_count), now);
            }
            if rest.look_at().is_some_and(|at| at <= now) {
                let may_begin = rest.look(doing(change_count), now);
                if may_begin {
                    begun.push(step / 10);
                    rest.began(true, now);
                    merging_until = now + Duration::from_millis(500);
                }
            }
        }
        begun
    }

    #[test]
    fn begins_a_second_after_the_last_large_write_and_then_pauses() {
        let begun = begun(30, |tenth| if tenth < 50 { 1_000 } else { 0 });
        assert!((59..=61).contains(&begun[0]), "{begun:?}");
        // Half a second of merging, five of pause; nothing is written, but it may still be of use.
        assert!(begun[1] - begun[0] >= 55, "{begun:?}");
    }

    #[test]
    fn writes_a_few_at_a_time_do_not_put_it_off() {
        let begun = begun(30, |tenth| u64::from(tenth % 3 == 0));
        assert!(begun.len() > 3 && begun[0] < 15, "{begun:?}");
        assert!(
            begun.windows(2).all(|two| two[1] - two[0] >= 55),
            "{begun:?}"
        );
    }

    #[test]
    fn nothing_is_looked_at_while_nothing_happens() {
        let mut rest = Rest::default();
        assert_eq!(rest.look_at(), None);
        let now = Instant::now();
        let doing = Doing {
            change_count: 1,
            is_merging: false,
            is_lagging: false,
        };
        rest.note(doing, now);
        assert!(!rest.look(doing, now + LOOK_EVERY));
        assert!(rest.look(doing, now + LOOK_EVERY + REST_MIN));
        rest.began(false, now);
        assert_eq!(rest.look_at(), None);
    }

    #[test]
    fn it_is_rest_once_a_merge_has_ended_and_not_while_much_is_written() {
        let start = Instant::now();
        let doing = |change_count, is_merging| Doing {
            change_count,
            is_merging,
            is_lagging: false,
        };
        let mut rest = Rest::default();
        rest.note(doing(1_000, false), start);
        assert!(!rest.is_at_rest(doing(1_000, false), start + REST_MIN / 2));
        let later = start + REST_MIN;
        assert!(rest.is_at_rest(doing(1_000, false), later));
        assert!(!rest.is_at_rest(doing(1_000, true), later));
        rest.note(doing(2_000, false), later);
        assert!(!rest.is_at_rest(doing(2_000, false), later + REST_MIN / 2));
    }

    #[test]
    fn what_was_put_off_is_done_a_second_after_the_last_large_write_whatever_is_merged() {
        let start = Instant::now();
        let doing = |is_merging, is_lagging| Doing {
            change_count: 1_000,
            is_merging,
            is_lagging,
        };
        let mut rest = Rest::default();
        rest.note(doing(false, true), start);
        let soon = start + REST_MIN / 2;
        assert!(!rest.may_catch_up(doing(false, true), soon));
        assert!(!rest.look(doing(false, true), soon));
        let calm_at = start + REST_MIN;
        assert_eq!(rest.look_at(), Some(calm_at));
        for is_merging in [true, false] {
            assert!(rest.may_catch_up(doing(is_merging, true), calm_at));
            // Segments are gathered once all is written, and it is looked at again until then.
            assert!(!rest.look(doing(is_merging, true), calm_at));
            assert_eq!(rest.look_at(), Some(calm_at + LOOK_EVERY));
        }
        assert!(!rest.is_at_rest(doing(false, true), calm_at));
        assert!(!rest.may_catch_up(doing(false, false), calm_at));
        assert!(rest.look(doing(false, false), calm_at));
    }

    #[test]
    fn a_stream_that_never_ends_is_never_rest() {
        assert_eq!(begun(30, |_| 100), Vec::<u64>::new());
    }
}
