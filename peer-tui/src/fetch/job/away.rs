//! Holders that are not online: nobody asks them, but a person sees that they are there.

use protocol::file::{ContentInfo, Source};
use protocol::ids::PeerId;

use super::super::{SourceState, SourceStatus};
use super::Job;

/// Holders that are shown although they are away.
const AWAY_MAX_COUNT: usize = 50;

/// Those that the index knows and that are not online.
pub(super) fn away(content: &ContentInfo, own_id: PeerId) -> Vec<Source> {
    let sources = content.sources.iter();
    let away = sources.filter(|source| !source.is_online && source.peer != own_id);
    away.take(AWAY_MAX_COUNT).cloned().collect()
}

impl Job {
    /// Adds those who are away to the sources that are shown, and says it of those who are both.
    pub(super) fn show_away(&self, shown: &mut Vec<SourceStatus>) {
        for source in &self.away {
            match shown.iter_mut().find(|status| status.peer == source.peer) {
                Some(status) if matches!(status.state, SourceState::Idle | SourceState::Busy) => {
                    status.state = SourceState::Offline;
                }
                Some(_) => {}
                None => shown.push(self.status_of_away(source)),
            }
        }
    }

    fn status_of_away(&self, source: &Source) -> SourceStatus {
        let count = self.layout.count();
        SourceStatus {
            peer: source.peer,
            name: source.name.clone(),
            state: SourceState::Offline,
            rate_bytes: 0,
            has_pieces: (if source.partial { 0 } else { count }, count),
            gave_bytes: 0,
            errors: 0,
            reputation: source.reputation,
            reason: None,
        }
    }
}
