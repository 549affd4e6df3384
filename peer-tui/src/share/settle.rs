//! When a file has been still for long enough to be hashed.
//!
//! Pure: each look at a file is told with the time it was made at.

use std::time::Duration;

use super::FileStamp;

/// A file that changed lately must look the same in two looks so far apart.
pub const STILL: Duration = Duration::from_secs(1);
/// A file may be written to again within one tick of its modification time, so that the change
/// does not show; file systems count in up to two seconds.
pub const RACY: Duration = Duration::from_secs(2);

/// What a look at a file says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may be hashed.
    Still,
    /// Look again after this.
    Wait(Duration),
}

/// What is remembered of a file between two looks. Times are since any fixed start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settling {
    stamp: FileStamp,
    since: Duration,
}

impl Settling {
    /// The first look, at `now`.
    pub const fn new(stamp: FileStamp, now: Duration) -> Self {
        Self { stamp, since: now }
    }

    /// The state that was seen last.
    pub const fn stamp(&self) -> FileStamp {
        self.stamp
    }

    /// One more look: it saw `stamp` at `now`, when the wall clock stood at `wall_ns` (nanoseconds
    /// since 1970, the clock of modification times).
    pub fn look(&mut self, stamp: FileStamp, now: Duration, wall_ns: i128) -> Verdict {
        if stamp != self.stamp {
            *self = Self::new(stamp, now);
        }
        let age_ns = wall_ns - stamp.modified_ns;
        let racy_ns = i128::try_from(RACY.as_nanos()).unwrap_or(i128::MAX);
        if age_ns >= racy_ns {
            return Verdict::Still;
        }
        let still = now.saturating_sub(self.since);
        // A time in the future (a clock that was wrong, a copied time) says nothing of how long
        // ago the file was written.
        let is_future = age_ns <= -racy_ns;
        if is_future && still >= STILL {
            return Verdict::Still;
        }
        let left_ns = if is_future { 0 } else { racy_ns - age_ns };
        let left = Duration::from_nanos(u64::try_from(left_ns).unwrap_or(0));
        Verdict::Wait(left.max(STILL.saturating_sub(still)).min(STILL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND_NS: i128 = 1_000_000_000;

    fn stamp(size_bytes: u64, modified_ns: i128) -> FileStamp {
        FileStamp {
            size_bytes,
            modified_ns,
            changed_ns: modified_ns,
            inode: 1,
        }
    }

    #[test]
    fn an_old_file_is_still_at_once() {
        let old = stamp(5, 100 * SECOND_NS);
        let mut settling = Settling::new(old, Duration::ZERO);
        let verdict = settling.look(old, Duration::ZERO, 102 * SECOND_NS);
        assert_eq!(verdict, Verdict::Still);
    }

    #[test]
    fn a_file_of_the_future_waits_for_two_looks_alone() {
        let future = stamp(5, 5_000 * SECOND_NS);
        let mut settling = Settling::new(future, Duration::ZERO);
        let wait = settling.look(future, Duration::ZERO, SECOND_NS);
        assert_eq!(wait, Verdict::Wait(STILL));
        assert_eq!(settling.look(future, STILL, 2 * SECOND_NS), Verdict::Still);
    }

    proptest! {
        /// Writes at any moments: a file is called still only when its last write is two seconds
        /// old, it is looked at again within a second until then, and still within three.
        #[test]
        fn a_file_is_still_two_seconds_after_its_last_write(
            gaps_ms in proptest::collection::vec(1_u64..4_000, 1..12),
        ) {
            let mut writes = vec![0];
            for gap in gaps_ms {
                writes.push(writes.last().copied().unwrap_or(0) + gap);
            }
            let last = writes.last().copied().unwrap_or(0);
            let seen = |at: u64| {
                let done = writes.iter().filter(|write| **write <= at);
                let newest = done.clone().max().copied().unwrap_or(0);
                stamp(done.count() as u64, i128::from(newest) * 1_000_000)
            };
            let mut at = 0;
            let mut settling = Settling::new(seen(0), Duration::ZERO);
            loop {
                let wall_ns = i128::from(at) * 1_000_000;
                match settling.look(seen(at), Duration::from_millis(at), wall_ns) {
                    Verdict::Still => {
                        let newest = writes.iter().filter(|write| **write <= at).max();
                        prop_assert!(at >= newest.copied().unwrap_or(0) + 2_000);
                        break;
                    }
                    Verdict::Wait(wait) => {
                        prop_assert!(wait <= STILL && !wait.is_zero());
                        at += u64::try_from(wait.as_millis()).unwrap_or(0).max(1);
                    }
                }
                prop_assert!(at <= last + 3_000, "never still");
            }
        }
    }
}
