//! What is known of peers beyond the journal: when each was heard last, and until when it may be
//! silent. Deadlines are on the monotonic clock, so that a clock set wrong calls nobody offline; wall
//! time counts only for signs of before the start.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::PeerId;
use tokio::time::Instant;

use super::Settings;
use crate::decide::Overdue;
use crate::health::Deadlines;
use crate::peers::PeerState;
use crate::record::Moment;
use crate::world::World;

/// A gap between two looks at the clock, beyond the usual one, that tells that the process stood
/// still (stopped, or the machine starved) and could not hear anybody.
const STANDSTILL: Duration = Duration::from_secs(30);

/// Who was heard when.
#[derive(Debug)]
pub(super) struct Presence {
    /// Of those online: when they become offline.
    silence: Deadlines,
    /// Of those offline: when they are dropped.
    oblivion: Deadlines,
    /// Of those heard since the start.
    heard_at: HashMap<PeerId, (Timestamp, Instant)>,
    /// Heard since the view was made.
    fresh: HashSet<PeerId>,
    started_at: (Timestamp, Instant),
    /// Last look at the clock.
    awake_at: Instant,
    settings: Settings,
}

impl Presence {
    /// Whoever was online has a whole deadline to be heard in. Who was offline is still forgotten so
    /// long after its last sign, but not before it had the same time to come back.
    pub(super) fn at_start(
        world: &World,
        settings: Settings,
        now: Timestamp,
        instant: Instant,
    ) -> Self {
        let mut presence = Self {
            silence: Deadlines::default(),
            oblivion: Deadlines::default(),
            heard_at: HashMap::new(),
            fresh: HashSet::new(),
            started_at: (now, instant),
            awake_at: instant,
            settings,
        };
        for (id, peer) in world.peers() {
            presence.settle(*id, Some(peer), instant);
        }
        presence
    }

    /// When a peer that is offline is to be forgotten: so long after its last sign.
    fn forgotten_at(&self, id: &PeerId, peer: &PeerState, instant: Instant) -> Instant {
        let (started, start) = self.started_at;
        let forget_after = self.settings.forget_after;
        let counted = match self.heard_at.get(id) {
            Some((heard, at)) if Moment::from(*heard) >= peer.last_seen => *at + forget_after,
            // It has just said goodbye.
            Some(_) => instant + forget_after,
            None => {
                let silent_for = started.duration_since(peer.last_seen.into());
                match Duration::try_from(silent_for) {
                    Ok(before_start) => start + forget_after.saturating_sub(before_start),
                    Err(_) => (start + silent_for.unsigned_abs()).min(instant) + forget_after,
                }
            }
        };
        counted.max(start + self.settings.offline_after)
    }

    /// A peer is alive.
    pub(super) fn heard(&mut self, id: PeerId, now: Timestamp, instant: Instant) {
        self.silence.set(id, instant + self.settings.offline_after);
        self.heard_at.insert(id, (now, instant));
        self.fresh.insert(id);
    }

    /// Brings the deadlines of a peer in line with what the world now says of it.
    pub(super) fn settle(&mut self, id: PeerId, peer: Option<&PeerState>, instant: Instant) {
        match peer {
            Some(peer) if peer.is_online => {
                self.oblivion.remove(&id);
                self.silence
                    .set_if_none(id, instant + self.settings.offline_after);
            }
            Some(peer) => {
                self.silence.remove(&id);
                let due_at = self.forgotten_at(&id, peer, instant);
                self.oblivion.set_if_none(id, due_at);
                self.heard_at.remove(&id);
            }
            None => {
                self.silence.remove(&id);
                self.oblivion.remove(&id);
                self.heard_at.remove(&id);
            }
        }
    }

    /// When a peer was heard last, where that is newer than the journal.
    pub(super) fn heard_at(&self, id: &PeerId) -> Option<Timestamp> {
        self.heard_at.get(id).map(|(heard, _)| *heard)
    }

    /// Whether somebody was heard that the view does not tell of yet.
    pub(super) fn is_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Who was heard since this was asked last.
    pub(super) fn take_fresh(&mut self) -> HashSet<PeerId> {
        std::mem::take(&mut self.fresh)
    }

    /// Who is past a deadline at `instant`.
    pub(super) fn overdue(&self, world: &World, instant: Instant) -> Overdue {
        let last_seen = |id: PeerId| {
            let journalled = world.peer_state(&id)?.last_seen;
            let heard = self.heard_at(&id).map(Into::into);
            Some((id, heard.map_or(journalled, |at| journalled.max(at))))
        };
        Overdue {
            silent: self
                .silence
                .overdue(instant)
                .filter_map(last_seen)
                .collect(),
            stale: self.oblivion.overdue(instant).collect(),
        }
    }

    /// Looks at the clock. After a standstill nobody could be heard, so everybody gets one more
    /// heartbeat period, and some time for it to arrive; yields whether it was so.
    pub(super) fn look(&mut self, instant: Instant) -> bool {
        let gap = instant.saturating_duration_since(self.awake_at);
        self.awake_at = instant;
        let stood_still = gap > self.settings.sweep_every + STANDSTILL;
        if stood_still {
            let grace = self.settings.heartbeat_interval * 3 / 2;
            let until = instant + grace.min(self.settings.offline_after);
            self.silence.put_off(until);
            self.oblivion.put_off(until);
        }
        stood_still
    }
}

#[cfg(test)]
mod tests;
