//! Reputation: what independent peers report of a peer, as one figure from 0 to 100.
//!
//! A reporter holds praise and blame apart from each other. Praise counts for little: alone nobody
//! lifts anybody by more than a few points. Blame counts for nothing until three reporters have some,
//! or one liar could ruin whom it likes. Bounded memory a peer. Pure.

use std::net::IpAddr;

use protocol::ids::PeerId;
use protocol::peer::Outcome;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::peers::PeerFacts;

/// Where everybody starts.
pub const REPUTATION_START: u8 = 50;

/// Stances remembered for a peer, the ones heard last: 64 of 36 bytes are 2.3 KB.
const STANCES_MAX_COUNT: usize = 64;

/// Complaints from fewer reporters than this do not count.
const AGREEING_MIN_COUNT: usize = 3;

/// Verified bytes that count as one whole good transfer.
const WHOLE_TRANSFER_BYTES: u64 = 16 * 1024 * 1024;

/// Who counts as one reporter: a peer with a key is itself; all that have none and come from one
/// address are one together, since whoever is there makes as many of them as it likes (an IPv6 host
/// chooses its address within a /64).
pub fn reporter_of(id: PeerId, facts: &PeerFacts) -> PeerId {
    const DOMAIN: &[u8] = b"peerdex reporters without a key at ";
    if facts.is_keyed {
        return id;
    }
    let place = match facts.remote.to_canonical() {
        host if host.is_loopback() => 0,
        IpAddr::V4(host) => u128::from(host.to_bits()),
        IpAddr::V6(host) => host.to_bits() & (u128::MAX << 64),
    };
    let mut hasher = Sha256::new_with_prefix(DOMAIN);
    hasher.update(place.to_be_bytes());
    PeerId::from_bytes(hasher.finalize().into())
}

/// What one reporter holds for a peer (above 0, praise) or against it (below, blame), in tenths of a
/// point: -50 to 50.
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
    /// In the order in which they were heard, the last one at the end; of a reporter one for praise
    /// and one for blame at most.
    stances: Vec<(PeerId, Stance)>,
}

impl Standing {
    /// What `reporter` holds after one more transfer, to be [put](Self::put) in this order; nothing
    /// where it holds the same as before. A bad transfer adds to the blame and takes no praise away,
    /// a good one takes blame away too.
    pub fn moved_by(&self, reporter: &PeerId, outcome: Outcome, bytes: u64) -> Vec<Stance> {
        let held = |is_wanted: fn(i8) -> bool| {
            let mut stances = self.stances.iter();
            let found = stances.find(|(peer, stance)| peer == reporter && is_wanted(stance.0));
            found.map_or_else(Stance::default, |(_, stance)| *stance)
        };
        let (praise, blame) = (held(|tenths| tenths > 0), held(|tenths| tenths < 0));
        let less_blame = blame.after(outcome, bytes).min(Stance::default());
        let mut moved = Vec::new();
        if less_blame != blame {
            moved.push(less_blame);
        }
        if outcome == Outcome::Ok {
            let more_praise = praise.after(outcome, bytes);
            // No blame at all is said by forgetting both, so praise is said after it.
            if more_praise != praise || (praise.0 > 0 && moved == [Stance::default()]) {
                moved.push(more_praise);
            }
        }
        moved
    }

    /// Remembers what `reporter` holds from now on: praise in place of its praise, blame in place of
    /// its blame, nothing in place of both; and of all in place of the one longest unheard where there
    /// are too many.
    pub fn put(&mut self, reporter: PeerId, stance: Stance) {
        let is_replaced = |earlier: Stance| stance.0 == 0 || (earlier.0 > 0) == (stance.0 > 0);
        self.stances
            .retain(|(peer, earlier)| *peer != reporter || !is_replaced(*earlier));
        if stance.0 == 0 {
            return;
        }
        if self.stances.len() >= STANCES_MAX_COUNT {
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
            0
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
            for stance in standing.moved_by(&peer, *outcome, *bytes) {
                standing.put(peer, stance);
            }
        }
        standing.reputation()
    }

    #[test]
    fn one_reporter_alone_lifts_by_a_few_points_and_lowers_nobody() {
        assert_eq!(after(&[]), 50);
        assert_eq!(after(&vec![(1, Outcome::Ok, u64::MAX); 1000]), 55);
        assert_eq!(after(&vec![(1, Outcome::Corrupt, 0); 1000]), 50);
        assert_eq!(after(&vec![(1, Outcome::Unreachable, 0); 1000]), 50);
        assert_eq!(after(&vec![(1, Outcome::Ok, 0); 1000]), 50);
        // What it praised itself it cannot take back either.
        let mut both = vec![(1, Outcome::Ok, u64::MAX); 1000];
        both.extend(vec![(1, Outcome::Corrupt, 0); 1000]);
        assert_eq!(after(&both), 55);
    }

    #[test]
    fn complaints_count_once_three_agree() {
        let two: Vec<_> = (1..=2).map(|n| (n, Outcome::Corrupt, 0)).collect();
        let three: Vec<_> = (1..=3).map(|n| (n, Outcome::Corrupt, 0)).collect();
        let ten: Vec<_> = (1..=20).map(|n| (n % 10, Outcome::Corrupt, 0)).collect();
        assert_eq!(after(&two), 50);
        assert!(after(&three) <= 40);
        assert_eq!(after(&ten), 0);
        // Three who were served well before agree as much as others do.
        let mut served: Vec<_> = (1..=3).map(|n| (n, Outcome::Ok, 1 << 24)).collect();
        let praised = after(&served);
        served.extend(three);
        assert!(after(&served) < praised);
    }

    #[test]
    fn a_good_transfer_takes_blame_away() {
        let mut standing = Standing::default();
        let peer = reporter(1);
        let mut blamed = |outcome: Outcome| {
            for stance in standing.moved_by(&peer, outcome, 1 << 24) {
                standing.put(peer, stance);
            }
            let blame = standing.stances.iter().filter(|(_, stance)| stance.0 < 0);
            let praise = standing.stances.iter().filter(|(_, stance)| stance.0 > 0);
            (praise.count(), blame.count())
        };
        assert_eq!(blamed(Outcome::Ok), (1, 0));
        assert_eq!(blamed(Outcome::Corrupt), (1, 1));
        assert_eq!(blamed(Outcome::Corrupt), (1, 1));
        while blamed(Outcome::Ok) == (1, 1) {}
        assert_eq!(blamed(Outcome::Ok), (1, 0), "and all its praise is there");
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
    fn memory_is_bounded_and_the_newest_stances_are_kept() {
        let mut standing = Standing::default();
        for number in 0..=255 {
            let stance = Stance::default().after(Outcome::Ok, 1);
            standing.put(reporter(number), stance);
        }
        assert_eq!(standing.stances.len(), STANCES_MAX_COUNT);
        let is_held = |number| {
            standing
                .stances
                .iter()
                .any(|(peer, _)| *peer == reporter(number))
        };
        assert!(is_held(255) && !is_held(0));
    }
}
