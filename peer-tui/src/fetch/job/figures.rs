//! What is shown of a job and its sources.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::Instant;

use protocol::ids::PeerId;

use super::super::{SourceState, SourceStatus};
use super::Job;

/// A source passes another once it gave a third more than that, and at least so much more: two that
/// are equally fast would change places with each piece.
const AHEAD_PARTS: u64 = 4;
const AHEAD_MIN_BYTES: u64 = 4 * 1024 * 1024;

impl Job {
    /// Bytes a second from all sources together.
    pub fn rate(&mut self, now: Instant) -> u64 {
        self.candidates
            .iter_mut()
            .map(|candidate| candidate.rate.rate(now))
            .sum()
    }

    /// (sources at work, sources known).
    pub fn source_counts(&self) -> (u32, u32) {
        let running = self
            .candidates
            .iter()
            .filter(|candidate| candidate.is_running())
            .count();
        let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
        (count(running), count(self.candidates.len()))
    }

    /// Sources for the close-up: who gave most first, who is no source now last. Two that give
    /// alike keep their places.
    pub fn source_statuses(&mut self, now: Instant) -> Vec<SourceStatus> {
        let layout = self.layout;
        let all = self
            .candidates
            .iter_mut()
            .map(|candidate| candidate.status(layout, now));
        let mut all: Vec<_> = all.collect();
        self.show_away(&mut all);
        arrange(&mut all, &self.shown);
        self.shown = all.iter().map(|status| status.peer).collect();
        all
    }
}

/// Puts sources in the order in which they were `shown`, new ones behind, and then those further up
/// that deserve it by far.
fn arrange(all: &mut Vec<SourceStatus>, shown: &[PeerId]) {
    let places: HashMap<&PeerId, usize> = shown.iter().zip(0..).collect();
    let place = |status: &SourceStatus| places.get(&status.peer).copied();
    all.sort_by_key(|status| place(status).unwrap_or(usize::MAX));
    let mut arranged: Vec<SourceStatus> = Vec::with_capacity(all.len());
    for status in all.drain(..) {
        let passed = arranged.iter().rev();
        let passed = passed.take_while(|before| is_far_ahead(&status, before));
        let at = arranged.len() - passed.count();
        arranged.insert(at, status);
    }
    *all = arranged;
}

/// Whether one source is to stand before another that stood before it.
fn is_far_ahead(one: &SourceStatus, other: &SourceStatus) -> bool {
    match is_out(one).cmp(&is_out(other)) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => {
            one.gave_bytes >= other.gave_bytes + AHEAD_MIN_BYTES
                && one.gave_bytes / AHEAD_PARTS >= other.gave_bytes / (AHEAD_PARTS - 1)
        }
    }
}

/// Whether nothing is to be expected of it. One that merely failed is tried again.
const fn is_out(status: &SourceStatus) -> bool {
    matches!(status.state, SourceState::Corrupt | SourceState::Offline)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(number: u8, gave_bytes: u64, state: SourceState) -> SourceStatus {
        SourceStatus {
            peer: PeerId::from_bytes([number; 32]),
            name: format!("peer {number}"),
            state,
            rate_bytes: 0,
            has_pieces: (1, 1),
            gave_bytes,
            errors: 0,
            reputation: 50,
            reason: None,
        }
    }

    fn order(all: &[SourceStatus]) -> Vec<PeerId> {
        all.iter().map(|status| status.peer).collect()
    }

    #[test]
    fn sources_that_give_alike_keep_their_places() {
        let mut shown = Vec::new();
        let mut first = None;
        for second in 0..600_u64 {
            // Now one is ahead by a piece, now the other.
            let lead = if second % 2 == 0 { (3, 0) } else { (0, 3) };
            let gave = |lead: u64| (second * 20 + lead) << 20;
            let mut all = vec![
                source(1, gave(lead.0), SourceState::Sending),
                source(2, gave(lead.1), SourceState::Sending),
            ];
            arrange(&mut all, &shown);
            shown = order(&all);
            assert_eq!(
                first.get_or_insert_with(|| shown.clone()),
                &shown,
                "{second} s"
            );
        }
    }

    #[test]
    fn who_gives_far_more_comes_first_and_who_is_away_last() {
        let mut all = vec![
            source(1, 500 << 20, SourceState::Offline),
            source(2, 10 << 20, SourceState::Sending),
            source(3, 0, SourceState::Idle),
            source(4, 90 << 20, SourceState::Sending),
        ];
        let shown = order(&all);
        arrange(&mut all, &shown);
        assert_eq!(
            order(&all),
            [4, 2, 3, 1].map(|number| PeerId::from_bytes([number; 32]))
        );
    }
}
