//! The session with the index as a state machine: waiting, registering, live.
//!
//! Pure: time and chance are arguments. What it says to do is done in `task`.

use std::time::{Duration, Instant};

use super::RETRY_EVERY;

/// First wait after a failed try; doubles up to [`RETRY_EVERY`].
const RETRY_FIRST: Duration = Duration::from_millis(500);
/// After the feed broke off, the index is asked within this time: at once for a person, yet a
/// thousand peers do not ask in the same moment.
const FEED_LOST_SPREAD: Duration = Duration::from_secs(1);

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing before this time.
    Wait(Instant),
    /// Nothing before an answer comes.
    Await,
    /// Register, then say how it went.
    Register,
    /// Send a heartbeat, then say how it went.
    Beat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting { until: Instant },
    Registering,
    Live { beat_at: Instant },
    Beating,
}

/// Where the session stands and what comes next.
#[derive(Debug, Clone)]
pub struct Session {
    phase: Phase,
    /// Failed tries in a row; a session that is forgotten again and again counts, too.
    tries: u32,
    /// Whether an answer to something else may bring the next try forward: once from one loss to the
    /// next, and never against a `Retry-After`.
    may_hasten: bool,
    own_interval: Option<Duration>,
    interval: Duration,
}

impl Session {
    /// A session that registers at once. `own_interval` wins over a longer one that the index tells.
    pub const fn new(now: Instant, own_interval: Option<Duration>) -> Self {
        Self {
            phase: Phase::Waiting { until: now },
            tries: 0,
            may_hasten: true,
            own_interval,
            interval: Duration::from_secs(30),
        }
    }

    /// Whether the index knows us, as far as we know.
    pub const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. } | Phase::Beating)
    }

    /// Tries that failed in a row.
    pub const fn tries(&self) -> u32 {
        self.tries
    }

    /// When the next try is, while waiting for one.
    pub const fn retry_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Waiting { until } => Some(until),
            _ => None,
        }
    }

    /// What is to be done; whoever gets [`Step::Register`] or [`Step::Beat`] does it.
    pub fn step(&mut self, now: Instant) -> Step {
        match self.phase {
            Phase::Waiting { until } if until <= now => {
                self.phase = Phase::Registering;
                Step::Register
            }
            Phase::Live { beat_at } if beat_at <= now => {
                self.phase = Phase::Beating;
                Step::Beat
            }
            Phase::Waiting { until: at } | Phase::Live { beat_at: at } => Step::Wait(at),
            Phase::Registering | Phase::Beating => Step::Await,
        }
    }

    /// The index took us in and wants a heartbeat every `interval`.
    pub fn registered(&mut self, now: Instant, interval: Duration) {
        self.may_hasten = true;
        let interval = interval.max(Duration::from_secs(1));
        self.interval = self.own_interval.map_or(interval, |own| own.min(interval));
        self.phase = Phase::Live {
            beat_at: now + self.interval,
        };
    }

    /// The index wants to be called again in `wait`, which may only be sooner than the interval: so
    /// it keeps its peers out of step.
    pub fn advised(&mut self, now: Instant, wait: Duration) {
        if let Phase::Live { beat_at } = self.phase {
            let advised = now + wait.max(self.interval / 20);
            self.phase = Phase::Live {
                beat_at: beat_at.min(advised),
            };
        }
    }

    /// A heartbeat was answered.
    pub fn beat(&mut self, now: Instant) {
        self.tries = 0;
        self.phase = Phase::Live {
            beat_at: now + self.interval,
        };
    }

    /// The index is too busy to hear a heartbeat; it still knows us. `chance` is 0 to 1.
    pub fn busy(&mut self, now: Instant, retry_after: Duration, chance: f64) {
        let wait = retry_after.mul_f64(1.0 + chance.clamp(0.0, 1.0));
        self.phase = Phase::Live {
            beat_at: now + wait.min(self.interval),
        };
    }

    /// The index is too busy to register us: it is not asked before it said. `chance` is 0 to 1.
    pub fn refused_for(&mut self, now: Instant, retry_after: Duration, chance: f64) {
        self.failed(now, chance);
        self.may_hasten = false;
        let earliest = now + retry_after.mul_f64(1.0 + chance.clamp(0.0, 1.0));
        if let Phase::Waiting { until } = self.phase {
            self.phase = Phase::Waiting {
                until: until.max(earliest),
            };
        }
    }

    /// The index was not reached, or refused to register us. `chance` is 0 to 1.
    pub fn failed(&mut self, now: Instant, chance: f64) {
        self.tries = self.tries.saturating_add(1);
        let doubled = RETRY_FIRST.saturating_mul(1 << (self.tries - 1).min(10));
        let wait = doubled
            .min(RETRY_EVERY)
            .mul_f64(0.75 + chance.clamp(0.0, 1.0) / 2.0);
        self.phase = Phase::Waiting { until: now + wait };
    }

    /// The index is there and no longer knows us: register at once, but not in a circle.
    pub fn forgotten(&mut self, now: Instant, chance: f64) {
        self.failed(now, chance);
        if self.tries == 1 {
            self.phase = Phase::Waiting { until: now };
        }
    }

    /// The feed broke off: the index may have restarted, so a heartbeat asks it soon.
    pub fn feed_lost(&mut self, now: Instant, chance: f64) {
        if let Phase::Live { beat_at } = self.phase {
            let soon = now + FEED_LOST_SPREAD.mul_f64(chance.clamp(0.0, 1.0));
            self.phase = Phase::Live {
                beat_at: beat_at.min(soon),
            };
        }
    }

    /// The index answered something else, so it is there: what is lost is tried now.
    pub fn answered(&mut self, now: Instant) {
        if let Phase::Waiting { until } = self.phase
            && self.may_hasten
            && self.tries > 0
        {
            self.may_hasten = false;
            self.phase = Phase::Waiting {
                until: until.min(now),
            };
        }
    }

    /// Somebody wants the next try, or a fresh registration, now.
    pub fn reconnect(&mut self, now: Instant) {
        if self.phase != Phase::Registering {
            self.phase = Phase::Waiting { until: now };
        }
    }

    /// Another index, or the same one from the start.
    pub fn restart(&mut self, now: Instant) {
        self.tries = 0;
        self.phase = Phase::Waiting { until: now };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SEC: Duration = Duration::from_secs(1);

    #[test]
    fn the_shorter_interval_wins() {
        for (own, told, expected) in [(None, 30, 30), (Some(5), 30, 5), (Some(60), 30, 30)] {
            let now = Instant::now();
            let mut session = Session::new(now, own.map(Duration::from_secs));
            assert_eq!(session.step(now), Step::Register);
            assert_eq!(session.step(now), Step::Await);
            session.registered(now, Duration::from_secs(told));
            assert_eq!(session.step(now), Step::Wait(now + SEC * expected));
            assert_eq!(session.step(now + SEC * expected), Step::Beat);
        }
    }

    #[test]
    fn retries_start_soon_and_settle_at_ten_seconds() {
        let mut now = Instant::now();
        let mut session = Session::new(now, None);
        let mut waits = Vec::new();
        for _ in 0..8 {
            assert_eq!(session.step(now), Step::Register);
            session.failed(now, 0.5);
            let Step::Wait(until) = session.step(now) else {
                panic!("a failed try waits");
            };
            waits.push((until - now).as_millis());
            now = until;
        }
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
    }

    #[test]
    fn an_answer_to_something_else_brings_the_next_try_forward_once() {
        let now = Instant::now();
        let mut session = Session::new(now, None);
        session.step(now);
        session.failed(now, 0.5);
        session.answered(now);
        assert_eq!(session.step(now), Step::Register);
        session.failed(now, 0.5);
        session.answered(now);
        assert!(
            matches!(session.step(now), Step::Wait(at) if at > now),
            "not in a circle"
        );
        session.registered(now, SEC);
        session.refused_for(now, SEC * 3, 0.5);
        session.answered(now);
        assert!(
            matches!(session.step(now), Step::Wait(at) if at >= now + SEC * 3),
            "it said when it wants to be asked"
        );
    }

    #[test]
    fn a_forgotten_peer_registers_at_once_but_not_in_a_circle() {
        let now = Instant::now();
        let mut session = Session::new(now, None);
        session.step(now);
        session.registered(now, SEC);
        session.forgotten(now, 0.5);
        assert_eq!(session.step(now), Step::Register);
        session.registered(now, SEC);
        session.forgotten(now, 0.5);
        assert!(matches!(session.step(now), Step::Wait(at) if at > now));
        session.reconnect(now);
        session.step(now);
        session.registered(now, SEC);
        session.beat(now);
        session.forgotten(now, 0.5);
        assert_eq!(
            session.step(now),
            Step::Register,
            "an answered beat ends the circle"
        );
    }

    #[test]
    fn a_broken_feed_hastens_the_heartbeat_and_never_delays_it() {
        let now = Instant::now();
        let mut session = Session::new(now, None);
        session.step(now);
        session.registered(now, SEC * 30);
        session.feed_lost(now, 0.25);
        assert_eq!(session.step(now), Step::Wait(now + SEC / 4));
        session.feed_lost(now, 1.0);
        assert_eq!(session.step(now), Step::Wait(now + SEC / 4));
    }

    #[test]
    fn a_busy_index_is_left_alone_and_the_session_goes_on() {
        let now = Instant::now();
        let mut session = Session::new(now, None);
        session.step(now);
        session.refused_for(now, SEC * 3, 0.5);
        assert_eq!(session.step(now), Step::Wait(now + SEC * 9 / 2));
        let now = now + SEC * 5;
        assert_eq!(session.step(now), Step::Register);
        session.registered(now, SEC * 30);
        session.advised(now, SEC * 7);
        assert_eq!(session.step(now), Step::Wait(now + SEC * 7));
        session.advised(now, SEC * 90);
        assert_eq!(session.step(now), Step::Wait(now + SEC * 7), "never later");
        let now = now + SEC * 7;
        assert_eq!(session.step(now), Step::Beat);
        session.busy(now, SEC * 2, 1.0);
        assert!(session.is_live());
        assert_eq!(session.step(now), Step::Wait(now + SEC * 4));
    }

    proptest! {
        #[test]
        fn it_never_stops_trying(inputs in proptest::collection::vec((0..6_u8, 0.0..1.0), 0..60)) {
            let mut now = Instant::now();
            let mut session = Session::new(now, None);
            for (input, chance) in inputs {
                match session.step(now) {
                    Step::Wait(at) => {
                        prop_assert!(at - now <= SEC * 30, "never more than a heartbeat away");
                        now = at;
                    }
                    Step::Await | Step::Register | Step::Beat => match input {
                        0 | 1 if session.is_live() => session.beat(now),
                        0 | 1 => session.registered(now, SEC * 30),
                        2 => session.failed(now, chance),
                        3 => session.forgotten(now, chance),
                        4 => { session.feed_lost(now, chance); session.failed(now, chance); }
                        _ => session.restart(now),
                    },
                }
            }
            prop_assert!(session.retry_at().is_none_or(|at| at <= now + RETRY_EVERY * 2));
        }
    }
}
