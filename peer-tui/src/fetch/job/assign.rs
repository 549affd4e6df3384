//! Who is asked for what: runs for every source that has room for one, questions to unfinished
//! downloads about what they hold, and what the answers change.

use std::time::{Duration, Instant};

use protocol::ids::PeerId;
use protocol::pieces::{PieceIndex, PieceSet};

use super::super::scheduler::{Run, Scheduler, SourceKey};
use super::Job;
use super::candidate::{Candidate, Holding};
use super::order::{Order, SCATTERED_COUNT};

/// Open pieces of a source with which there is no hurry to hear of more.
const PLENTY_COUNT: u32 = 4;
/// Between answers about what a source holds: without hurry, and with.
const HEAR_EVERY: Duration = Duration::from_millis(500);
const HEAR_MIN: Duration = Duration::from_millis(50);

impl Job {
    /// Unfinished downloads to ask what they hold, each with the number of pieces that it is known
    /// to hold (it answers once there are more). At most one question a source is under way.
    pub fn unknown_holdings(&mut self, now: Instant) -> Vec<(SourceKey, u32)> {
        let Some(scheduler) = &self.scheduler else {
            return Vec::new();
        };
        let keys = (0..).map(SourceKey).zip(&mut self.candidates);
        let able = keys.filter(|(_, candidate)| candidate.is_scheduled && candidate.may_hear(now));
        able.filter_map(|(key, candidate)| {
            let pause = match scheduler.open_of(key) {
                0..PLENTY_COUNT => HEAR_MIN,
                _ => HEAR_EVERY,
            };
            let since = candidate.holding.due(now, pause)?;
            candidate.is_hearing = true;
            Some((key, since))
        })
        .collect()
    }

    /// A source holds these pieces now.
    pub fn holds(&mut self, key: SourceKey, pieces: PieceSet, now: Instant) {
        let (Some(scheduler), Some(candidate)) =
            (&mut self.scheduler, self.candidates.get_mut(key.0 as usize))
        else {
            return;
        };
        candidate.is_hearing = false;
        if candidate.holding == Holding::All {
            return;
        }
        if candidate.is_scheduled {
            scheduler.set_source(key, pieces.clone());
        }
        candidate.holding = Holding::Some {
            pieces,
            asked_at: now,
        };
    }

    /// A source did not say what it holds.
    pub fn holds_not_told(&mut self, key: SourceKey) {
        if let Some(candidate) = self.candidates.get_mut(key.0 as usize) {
            candidate.is_hearing = false;
        }
    }

    /// Requests to make now: every source that has room for one and something to give gets a run.
    pub fn assign(&mut self, now: Instant) -> Vec<(SourceKey, Run)> {
        self.order_pieces();
        let Some(scheduler) = &mut self.scheduler else {
            return Vec::new();
        };
        let (is_ending, piece_bytes) = (scheduler.is_ending(), self.layout.piece_bytes());
        let all = (0..).map(SourceKey).zip(&mut self.candidates);
        let able = all.filter(|(_, candidate)| candidate.is_scheduled);
        let mut free: Vec<_> = able
            .filter(|(_, candidate)| {
                candidate.is_ready(now) || candidate.is_nearly_done(is_ending, piece_bytes)
            })
            .collect();
        free.sort_by_key(|(_, candidate)| std::cmp::Reverse(candidate.source.reputation));
        let mut runs = Vec::new();
        for (key, candidate) in free {
            candidate.rate_bytes = candidate.rate.rate(now);
            scheduler.set_rate(key, candidate.rate_bytes);
            if let Some(run) = scheduler.next(key) {
                let pieces = run.pieces().iter();
                let bytes = pieces.map(|piece| self.layout.range(*piece).len());
                candidate.start_run(bytes.sum());
                runs.push((key, run));
            }
        }
        runs
    }

    /// Whether a source should be asked for more before its run has ended.
    pub fn is_nearly_done(&self, key: SourceKey) -> bool {
        let (scheduler, candidate) = (self.scheduler.as_ref(), self.candidate(key));
        let is_ending = scheduler.is_some_and(Scheduler::is_ending);
        let piece_bytes = self.layout.piece_bytes();
        candidate.is_some_and(|candidate| candidate.is_nearly_done(is_ending, piece_bytes))
    }

    /// A run of a source has come to its end.
    pub fn run_ended(&mut self, key: SourceKey, run: &Run) {
        self.run_failed(key, run);
        if let Some(candidate) = self.candidates.get_mut(key.0 as usize) {
            candidate.end_well();
        }
    }

    /// A run of a source will not come any more; what it failed of is said by [`Job::ended`].
    pub fn run_failed(&mut self, key: SourceKey, run: &Run) {
        if let Some(scheduler) = &mut self.scheduler {
            scheduler.release(key, run);
        }
        if let Some(candidate) = self.candidates.get_mut(key.0 as usize) {
            candidate.end_run();
        }
    }

    /// Whether a source is not asked again.
    pub fn is_out(&self, key: SourceKey) -> bool {
        self.candidate(key).is_some_and(Candidate::is_out)
    }

    /// Whether a source is being asked of which nothing is known yet.
    pub fn is_asking_unknown(&self) -> bool {
        let mut asked = self.candidates.iter().filter(|one| one.is_hearing);
        asked.any(|one| one.holding == Holding::Unknown)
    }

    /// Bytes came from a source.
    pub fn bytes(&mut self, key: SourceKey, bytes: u64, now: Instant) {
        if let Some(candidate) = self.candidates.get_mut(key.0 as usize) {
            candidate.rate.add(bytes, now);
            candidate.left_bytes = candidate.left_bytes.saturating_sub(bytes);
        }
    }

    /// A source brought a verified piece; tells whether it is the first to.
    pub fn piece(&mut self, key: SourceKey, piece: PieceIndex) -> bool {
        let bytes = self.layout.range(piece).len();
        if let Some(candidate) = self.candidates.get_mut(key.0 as usize) {
            candidate.gave(bytes);
        }
        let Some(scheduler) = &mut self.scheduler else {
            return false;
        };
        let is_new = scheduler.wants(piece);
        scheduler.done(piece);
        is_new
    }

    /// Fits the order of pieces to who else fetches the file, where that has changed.
    fn order_pieces(&mut self) {
        let Some(scheduler) = &mut self.scheduler else {
            return;
        };
        let believed = self.candidates.iter().filter(|one| one.is_scheduled);
        let partial = believed.filter(|one| one.holding != Holding::All);
        let mut others: Vec<PeerId> = partial.map(|one| one.source.peer).collect();
        others.sort_unstable();
        let is_early = scheduler.have().held() < SCATTERED_COUNT;
        let order = if others.is_empty() && !is_early {
            Order::FrontToBack
        } else {
            Order::Among(others)
        };
        if self.order.as_ref() != Some(&order) {
            scheduler.set_order(order.places(self.layout, &self.own_id, self.seed));
            self.order = Some(order);
        }
    }
}
