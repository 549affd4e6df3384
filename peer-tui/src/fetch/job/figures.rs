//! What is shown of a job and its sources.

use std::time::Instant;

use super::super::SourceStatus;
use super::Job;

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

    /// Sources for the close-up, those at work first.
    pub fn source_statuses(&mut self, now: Instant) -> Vec<SourceStatus> {
        let layout = self.layout;
        let all = self
            .candidates
            .iter_mut()
            .map(|candidate| candidate.status(layout, now));
        let mut all: Vec<_> = all.collect();
        self.show_away(&mut all);
        all.sort_by_key(|status| std::cmp::Reverse((status.rate_bytes, status.gave_bytes)));
        all
    }
}
