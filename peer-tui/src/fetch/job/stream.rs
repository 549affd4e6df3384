//! What a job decides while the file comes in one stream: who has the pieces, who could go on.

use std::time::Instant;

use super::super::scheduler::SourceKey;
use super::Job;
use super::candidate::Candidate;

impl Job {
    /// Whom to ask for the piece list of the root.
    pub fn list_teller(&self, now: Instant) -> Option<SourceKey> {
        let told = |candidate: &Candidate| candidate.root.is_some() && !candidate.lacks_list;
        let mut able = self.askable(now).into_iter();
        able.find(|key| self.candidate(*key).is_some_and(told))
    }

    /// A source that was asked for the piece list has none; it may still have the bytes.
    pub fn lacks_list(&mut self, key: SourceKey, now: Instant) {
        if let Some(candidate) = self.candidates.get_mut(key.0 as usize) {
            candidate.lacks_list = true;
        }
        self.ended(key, Ok(()), now);
    }

    /// Whether somebody could take over from the source of a stream who has not failed more often,
    /// so that two slow ones do not drop each other in turns.
    pub fn has_better(&self, key: SourceKey, now: Instant) -> bool {
        let failures = |key| {
            self.candidate(key)
                .map_or(0, |candidate| candidate.failures)
        };
        let others = self.askable(now).into_iter().filter(|other| *other != key);
        others
            .into_iter()
            .any(|other| failures(other) <= failures(key))
    }
}
