//! Deadlines in order: who was promised what until when.
//!
//! Pure: time comes in as an argument; what an overdue peer means is for the caller to say.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use protocol::ids::PeerId;
use tokio::time::Instant;

/// When a peer that is heard now is to be heard again, at most `interval` from now; `chance` is from
/// 0 to 1. Usually a tenth of the interval is left to chance, so that peers which fell into step drift
/// apart. While the index is younger than an interval nearly all of it is: they all came back in the
/// second after its start, and are spread over the whole interval at once.
pub fn next_beat(interval: Duration, uptime: Duration, chance: f64) -> Duration {
    let spread = if uptime < interval { 0.9 } else { 0.1 };
    interval.mul_f64(1.0 - spread * chance.clamp(0.0, 1.0))
}

/// One deadline a peer, in order of time; every change takes O(log n).
#[derive(Debug, Default)]
pub struct Deadlines {
    due_at: HashMap<PeerId, Instant>,
    order: BTreeSet<(Instant, PeerId)>,
}

impl Deadlines {
    /// Sets the deadline of a peer, whatever it was.
    pub fn set(&mut self, peer: PeerId, due_at: Instant) {
        if let Some(earlier) = self.due_at.insert(peer, due_at) {
            self.order.remove(&(earlier, peer));
        }
        self.order.insert((due_at, peer));
    }

    /// Sets the deadline of a peer that has none.
    pub fn set_if_none(&mut self, peer: PeerId, due_at: Instant) {
        if !self.due_at.contains_key(&peer) {
            self.set(peer, due_at);
        }
    }

    /// Takes the deadline of a peer away.
    pub fn remove(&mut self, peer: &PeerId) {
        if let Some(due_at) = self.due_at.remove(peer) {
            self.order.remove(&(due_at, *peer));
        }
    }

    /// Who is overdue at `now`, the longest first; they stay until removed or set anew.
    pub fn overdue(&self, now: Instant) -> impl Iterator<Item = PeerId> + '_ {
        let is_due = move |(due_at, _): &&(Instant, PeerId)| *due_at <= now;
        self.order.iter().take_while(is_due).map(|(_, peer)| *peer)
    }

    /// Puts off every deadline before `until` to that moment.
    pub fn put_off(&mut self, until: Instant) {
        let early = |(due_at, _): &&(Instant, PeerId)| *due_at < until;
        let peers: Vec<PeerId> = self
            .order
            .iter()
            .take_while(early)
            .map(|(_, peer)| *peer)
            .collect();
        for peer in peers {
            self.set(peer, until);
        }
    }

    /// How many peers have a deadline.
    pub fn len(&self) -> usize {
        self.due_at.len()
    }

    /// Whether nobody has one.
    pub fn is_empty(&self) -> bool {
        self.due_at.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Set(u8, u64),
        SetIfNone(u8, u64),
        Remove(u8),
        PutOff(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let (peer, at) = (0u8..6, 0u64..50);
        prop_oneof![
            (peer.clone(), at.clone()).prop_map(|(peer, at)| Step::Set(peer, at)),
            (peer.clone(), at.clone()).prop_map(|(peer, at)| Step::SetIfNone(peer, at)),
            peer.prop_map(Step::Remove),
            at.prop_map(Step::PutOff),
        ]
    }

    #[test]
    fn peers_that_came_back_at_once_are_spread_over_an_interval() {
        let interval = Duration::from_secs(30);
        let check = |uptime: u64, chance: f64, expected: u128| {
            let next = next_beat(interval, Duration::from_secs(uptime), chance);
            assert_eq!(next.as_millis(), expected, "{uptime} {chance}");
        };
        check(1, 0.0, 30_000);
        check(1, 0.5, 16_500);
        check(1, 1.0, 3_000);
        check(31, 0.0, 30_000);
        check(31, 1.0, 27_000);
    }

    proptest! {
        #[test]
        fn deadlines_behave_like_a_plain_map(steps in proptest::collection::vec(step(), 0..60)) {
            let start = Instant::now();
            let at = |secs: u64| start + Duration::from_secs(secs);
            let peer = |number: u8| PeerId::from_bytes([number; 32]);
            let mut deadlines = Deadlines::default();
            let mut model: HashMap<PeerId, Instant> = HashMap::new();
            for step in steps {
                match step {
                    Step::Set(number, secs) => {
                        deadlines.set(peer(number), at(secs));
                        model.insert(peer(number), at(secs));
                    }
                    Step::SetIfNone(number, secs) => {
                        deadlines.set_if_none(peer(number), at(secs));
                        model.entry(peer(number)).or_insert(at(secs));
                    }
                    Step::Remove(number) => {
                        deadlines.remove(&peer(number));
                        model.remove(&peer(number));
                    }
                    Step::PutOff(secs) => {
                        deadlines.put_off(at(secs));
                        for due_at in model.values_mut() {
                            *due_at = (*due_at).max(at(secs));
                        }
                    }
                }
                prop_assert_eq!(deadlines.len(), model.len());
                for secs in [0, 10, 25, 49] {
                    let mut expected: Vec<_> = model
                        .iter()
                        .filter(|(_, due_at)| **due_at <= at(secs))
                        .map(|(peer, due_at)| (*due_at, *peer))
                        .collect();
                    expected.sort_unstable();
                    let expected: Vec<_> = expected.into_iter().map(|(_, peer)| peer).collect();
                    prop_assert_eq!(deadlines.overdue(at(secs)).collect::<Vec<_>>(), expected);
                }
            }
        }
    }
}
