//! Reputation: what independent peers report of a peer, as one figure from 0 to 100.
//!
//! Each reporter has one stance, and a stance counts for little: alone nobody moves anybody by more
//! than a few points, in either direction. Bounded memory a peer. Pure.

use protocol::ids::PeerId;
use protocol::peer::Outcome;
use serde::{Deserialize, Serialize};

/// Where everybody starts.
pub const REPUTATION_START: u8 = 50;

/// Reporters remembered for a peer, the ones heard last: 64 of 36 bytes are 2.3 KB.
const REPORTERS_MAX_COUNT: usize = 64;

/// Complaints from fewer reporters than this are a small dent at most.
const AGREEING_MIN_COUNT: usize = 3;

/// The dent that complaints make as long as too few agree, in tenths of a point.
const LONE_DENT_MAX: i32 = 30;

/// Verified bytes that count as one whole good transfer.
const WHOLE_TRANSFER_BYTES: u64 = 16 * 1024 * 1024;

/// What one reporter holds of a peer, in tenths of a point: -50 to 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Stance(i8);

impl Stance {
    const LIMIT: i32 = 50;

    /// The stance after one more transfer.
    #[must_use]
    pub fn after(self, outcome: Outcome, bytes: u64) -> Self {
        let now = i32::from(self.0);
        let moved = match outcome {
            Outcome::Ok => now + Self::gain(now, bytes),
            Outcome::Corrupt => now - 20,
            Outcome::Failed | Outcome::Unreachable => now - 8,
        };
        let held = moved.clamp(-Self::LIMIT, Self::LIMIT);
        Self(i8::try_from(held).unwrap_or_default())
    }

    /// A fifth of what is missing, for a transfer of some size; nothing for nothing.
    fn gain(now: i32, bytes: u64) -> i32 {
        if bytes == 0 {
            return 0;
        }
        let missing = Self::LIMIT - now;
        let step = (missing / 5).max(i32::from(missing > 0));
        let share = i32::try_from(bytes.min(WHOLE_TRANSFER_BYTES) * 4 / WHOLE_TRANSFER_BYTES);
        // A small file still counts a little, a large one four times as much.
        (step * (1 + share.unwrap_or_default()))
            .div_euclid(5)
            .max(1)
            .min(missing)
    }
}

/// All that is remembered of a peer's transfers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// In the order in which they were heard, the last one at the end.
    stances: Vec<(PeerId, Stance)>,
}

impl Standing {
    /// What `reporter` holds so far.
    pub fn stance_of(&self, reporter: &PeerId) -> Stance {
        let found = self.stances.iter().find(|(peer, _)| peer == reporter);
        found.map_or_else(Stance::default, |(_, stance)| *stance)
    }

    /// Remembers what `reporter` holds from now on, in place of the one longest unheard where there
    /// are too many.
    pub fn put(&mut self, reporter: PeerId, stance: Stance) {
        self.stances.retain(|(peer, _)| *peer != reporter);
        if self.stances.len() >= REPORTERS_MAX_COUNT {
            self.stances.remove(0);
        }
        self.stances.push((reporter, stance));
    }

    /// The figure, 0 to 100.
    pub fn reputation(&self) -> u8 {
        let mut praise = 0;
        let mut blame = 0;
        let mut blaming_count = 0;
        for (_, stance) in &self.stances {
            let tenths = i32::from(stance.0);
            praise += tenths.max(0);
            blame += (-tenths).max(0);
            blaming_count += usize::from(tenths < 0);
        }
        let dent = if blaming_count < AGREEING_MIN_COUNT {
            blame.min(LONE_DENT_MAX)
        } else {
            blame * 2
        };
        let figure = i32::from(REPUTATION_START) + (praise - dent).div_euclid(10);
        u8::try_from(figure.clamp(0, 100)).unwrap_or(REPUTATION_START)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reporter(number: u8) -> PeerId {
        PeerId::from_bytes([number; 32])
    }

    fn after(reports: &[(u8, Outcome, u64)]) -> u8 {
        let mut standing = Standing::default();
        for (number, outcome, bytes) in reports {
            let peer = reporter(*number);
            let stance = standing.stance_of(&peer).after(*outcome, *bytes);
            standing.put(peer, stance);
        }
        standing.reputation()
    }

    #[test]
    fn one_reporter_alone_moves_nobody_by_more_than_a_few_points() {
        assert_eq!(after(&[]), 50);
        assert_eq!(after(&vec![(1, Outcome::Ok, u64::MAX); 1000]), 55);
        assert_eq!(after(&vec![(1, Outcome::Corrupt, 0); 1000]), 47);
        assert_eq!(after(&vec![(1, Outcome::Unreachable, 0); 1000]), 47);
        assert_eq!(after(&vec![(1, Outcome::Ok, 0); 1000]), 50);
    }

    #[test]
    fn complaints_count_once_three_agree() {
        let two: Vec<_> = (1..=2).map(|n| (n, Outcome::Corrupt, 0)).collect();
        let three: Vec<_> = (1..=3).map(|n| (n, Outcome::Corrupt, 0)).collect();
        let ten: Vec<_> = (1..=20).map(|n| (n % 10, Outcome::Corrupt, 0)).collect();
        assert_eq!(after(&two), 47);
        assert!(after(&three) <= 40);
        assert_eq!(after(&ten), 0);
    }

    #[test]
    fn praise_grows_with_reporters_and_less_with_each_repeat() {
        let large = WHOLE_TRANSFER_BYTES;
        let once = Stance::default().after(Outcome::Ok, large);
        let twice = once.after(Outcome::Ok, large);
        assert!(once > Stance::default() && twice > once);
        assert!(twice.0 - once.0 < once.0, "the second counts less");
        assert!(Stance::default().after(Outcome::Ok, 1) < once);
        let many: Vec<_> = (0..200)
            .map(|n: u16| (u8::try_from(n % 10).expect("small"), Outcome::Ok, large))
            .collect();
        assert_eq!(after(&many), 100);
    }

    #[test]
    fn memory_is_bounded_and_the_newest_reporters_are_kept() {
        let mut standing = Standing::default();
        for number in 0..=255 {
            let stance = Stance::default().after(Outcome::Ok, 1);
            standing.put(reporter(number), stance);
        }
        assert_eq!(standing.stances.len(), REPORTERS_MAX_COUNT);
        assert_ne!(standing.stance_of(&reporter(255)), Stance::default());
        assert_eq!(standing.stance_of(&reporter(0)), Stance::default());
    }
}
