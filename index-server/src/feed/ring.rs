//! The last events, in order: by count and by the memory they hold.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::feed::held::Held;

/// Memory of all held events together: a burst of large batches, and still small beside the rest.
const HELD_MAX_BYTES: usize = 16 * 1024 * 1024;

/// What a reader gets that asks for the events after its place.
#[derive(Debug)]
pub enum Catch {
    /// These, in order and without a gap; none when it is up to date.
    Events(Vec<Arc<Held>>),
    /// Some are no longer held, or never were: `missed` of them, where that is known.
    Lost {
        /// Events between its place and now.
        missed: Option<u64>,
        /// The place to go on from.
        last_seq: u64,
    },
}

/// Bounded in count and bytes; the oldest go first.
#[derive(Debug)]
pub struct Ring {
    events: VecDeque<Arc<Held>>,
    held_max_count: usize,
    held_bytes: usize,
    /// Numbers up to here are of an earlier process, which may have left some out.
    start_seq: u64,
    last_seq: u64,
}

impl Ring {
    /// Holds at most `held_max_count` events; the first one gets the number `last_seq + 1`.
    pub fn new(held_max_count: usize, last_seq: u64) -> Self {
        Self {
            events: VecDeque::new(),
            held_max_count,
            held_bytes: 0,
            start_seq: last_seq,
            last_seq,
        }
    }

    /// Number of the last event.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Adds the event that `make` builds for its number.
    pub fn push(&mut self, make: impl FnOnce(u64) -> Held) {
        self.last_seq += 1;
        let held = make(self.last_seq);
        self.held_bytes += held.weight_bytes();
        self.events.push_back(Arc::new(held));
        while self.events.len() > self.held_max_count || self.held_bytes > HELD_MAX_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.held_bytes -= oldest.weight_bytes();
        }
    }

    /// At most `count` events after `seq`.
    pub fn after(&self, seq: u64, count: usize) -> Catch {
        let Some(behind) = self.last_seq.checked_sub(seq) else {
            return Catch::Lost {
                missed: None,
                last_seq: self.last_seq,
            };
        };
        let skipped = usize::try_from(behind)
            .ok()
            .and_then(|behind| self.events.len().checked_sub(behind));
        match skipped {
            Some(skipped) => {
                let events = self.events.iter().skip(skipped).take(count);
                Catch::Events(events.map(Arc::clone).collect())
            }
            None => Catch::Lost {
                missed: Some(behind).filter(|_| seq >= self.start_seq),
                last_seq: self.last_seq,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Change;
    use jiff::Timestamp;
    use protocol::stats::NetworkStats;

    fn stats(seq: u64) -> Held {
        let stats = NetworkStats {
            total_peers: seq,
            online_peers: 0,
            total_files: 0,
            total_bytes: 0,
            total_downloads: 0,
            network_health: 100,
            last_updated: Timestamp::UNIX_EPOCH,
        };
        Held::new(seq, Timestamp::UNIX_EPOCH, Change::Stats(stats))
    }

    fn numbers(catch: &Catch) -> Result<Vec<u64>, Option<u64>> {
        match catch {
            Catch::Events(events) => Ok(events.iter().map(|event| event.seq()).collect()),
            Catch::Lost { missed, .. } => Err(*missed),
        }
    }

    #[test]
    fn a_reader_gets_every_event_after_its_place_or_is_told_that_some_are_lost() {
        let mut ring = Ring::new(4, 100);
        assert_eq!(numbers(&ring.after(100, 9)), Ok(vec![]));
        for _ in 0..6 {
            ring.push(stats);
        }
        assert_eq!(ring.last_seq(), 106);
        assert_eq!(numbers(&ring.after(106, 9)), Ok(vec![]));
        assert_eq!(numbers(&ring.after(104, 9)), Ok(vec![105, 106]));
        assert_eq!(numbers(&ring.after(102, 9)), Ok(vec![103, 104, 105, 106]));
        assert_eq!(numbers(&ring.after(102, 3)), Ok(vec![103, 104, 105]));
        assert_eq!(numbers(&ring.after(101, 9)), Err(Some(5)));
        assert_eq!(numbers(&ring.after(100, 9)), Err(Some(6)));
        assert_eq!(
            numbers(&ring.after(99, 9)),
            Err(None),
            "of an earlier process"
        );
        assert_eq!(
            numbers(&ring.after(107, 9)),
            Err(None),
            "of another process"
        );
    }
}
